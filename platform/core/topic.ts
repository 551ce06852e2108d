/** Reads the topics of Sparkplug. */

/** What a message of an edge node is: a birth, data or a death, of the node or a device. */
export type Verb = 'NBIRTH' | 'NDATA' | 'NDEATH' | 'DBIRTH' | 'DDATA' | 'DDEATH';

/** The messages of an edge node. */
const VERBS: readonly Verb[] = ['NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH'];

/** Source: an index of PostgreSQL holds 2,704 bytes, and a key has at most two names of 4 bytes a character. Units: UTF-16 units. */
const LONGEST_NAME = 255;

/** Where a message came from, by its topic. `group`, `node`: the Sparkplug group and edge node. `device` is empty for the node itself. */
export interface MessageOrigin {
  readonly group: string;
  readonly verb: Verb;
  readonly node: string;
  readonly device: string;
}

/**
 * Whether a text may be a group, node or device: a level of a topic, short enough for the database. Shape: 1 to 255 UTF-16 units without
 * `+`, `#`, `/` and U+0000.
 */
export function isTopicName(text: string): boolean {
  return isShortName(text) && text !== '' && !/[+#/\0]/.test(text);
}

/** Whether a name of a device or metric is short enough for the database: at most 255 UTF-16 units. True for an empty one. */
export function isShortName(text: string): boolean {
  return text.length <= LONGEST_NAME;
}

/**
 * Parses the topic of an edge node's message. Undefined for any other topic, for a device where none belongs, for a missing device, and
 * for a name that is too long. An empty device counts as none.
 */
export function readTopic(topic: string): MessageOrigin | undefined {
  const [namespace, group, verb, node, device = '', ...rest] = topic.split('/');
  if (namespace !== 'spBv1.0' || rest.length > 0) return undefined;
  if (group === undefined || node === undefined || !isTopicName(group) || !isTopicName(node) || !isShortName(device)) return undefined;
  if (!(VERBS as readonly string[]).includes(verb ?? '')) return undefined;
  if (verb?.startsWith('D') !== (device !== '')) return undefined;
  return { group, verb: verb as Verb, node, device };
}

/** The topic of a command to the node (NCMD), or to a device of it (DCMD). `device`: empty for the node. The names are not checked. */
export function commandTopic({ group, node, device }: { readonly group: string; readonly node: string; readonly device: string }): string {
  return device === '' ? `spBv1.0/${group}/NCMD/${node}` : `spBv1.0/${group}/DCMD/${node}/${device}`;
}

/**
 * The subscriptions of a worker, shared by all workers of the same `share`: one for each group and verb. A group `+` means all groups;
 * without groups there are none.
 */
export function sharedTopics(share: string, groups: readonly string[]): string[] {
  return groups.flatMap((group) => VERBS.map((verb) => `$share/${share}/spBv1.0/${group}/${verb}/#`));
}
