/** Reads the topics of Sparkplug. */

/** What a message of an edge node is: a birth, data or a death, of the node or a device. */
export type Verb = 'NBIRTH' | 'NDATA' | 'NDEATH' | 'DBIRTH' | 'DDATA' | 'DDEATH';

/** The messages of an edge node. */
const VERBS: readonly Verb[] = ['NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH'];

/** Where a message came from. `device` is empty for the node itself. */
export interface MessageOrigin {
  readonly group: string;
  readonly verb: Verb;
  readonly node: string;
  readonly device: string;
}

/** Parses a topic; undefined if it is not that of an edge node's message, or has a device where none belongs or none where one does. */
export function readTopic(topic: string): MessageOrigin | undefined {
  const [namespace, group, verb, node, device = '', ...rest] = topic.split('/');
  if (namespace !== 'spBv1.0' || rest.length > 0) return undefined;
  if (group === undefined || group === '' || node === undefined || node === '') return undefined;
  if (!(VERBS as readonly string[]).includes(verb ?? '')) return undefined;
  if (verb?.startsWith('D') !== (device !== '')) return undefined;
  return { group, verb: verb as Verb, node, device };
}

/** The topic of a command to the node, or to a device of it. */
export function commandTopic({ group, node, device }: { readonly group: string; readonly node: string; readonly device: string }): string {
  return device === '' ? `spBv1.0/${group}/NCMD/${node}` : `spBv1.0/${group}/DCMD/${node}/${device}`;
}

/** The subscriptions of a worker, shared by all workers of the same `share`. `group` may be `+`. */
export function sharedTopics(share: string, groups: readonly string[]): string[] {
  return groups.flatMap((group) => VERBS.map((verb) => `$share/${share}/spBv1.0/${group}/${verb}/#`));
}
