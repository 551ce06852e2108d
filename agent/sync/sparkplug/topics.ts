/**
 * Builds and parses the topics of one edge node. Pure.
 *
 * Ids are checked with the configuration; nothing is escaped here.
 * Source: Sparkplug 3.0 §4.1, assertions `topic-structure*`.
 */

const NAMESPACE = 'spBv1.0';

/** Messages of the node itself. */
type NodeVerb = 'NBIRTH' | 'NDATA' | 'NDEATH';
/** Messages of a device under it. */
type DeviceVerb = 'DBIRTH' | 'DDATA' | 'DDEATH';

/** The kind of a received topic. */
type Inbound =
  | { readonly kind: 'node-command' }
  | { readonly kind: 'device-command'; readonly deviceId: string }
  | { readonly kind: 'host-state' }
  | { readonly kind: 'foreign' };

export interface Topics {
  node(verb: NodeVerb): string;
  device(verb: DeviceVerb, deviceId: string): string;
  /** Commands for node and devices, and the primary host's STATE if there is one. */
  readonly subscriptions: readonly string[];
  read(topic: string): Inbound;
}

/** The topics of edge node `node` in `group`; `primaryHost` is the host whose STATE it follows, or null. */
export function createTopics(group: string, node: string, primaryHost: string | null): Topics {
  const nodeCommand = `${NAMESPACE}/${group}/NCMD/${node}`;
  const deviceCommand = `${NAMESPACE}/${group}/DCMD/${node}/`;
  const hostState = primaryHost === null ? null : `${NAMESPACE}/STATE/${primaryHost}`;
  return {
    node: (verb) => `${NAMESPACE}/${group}/${verb}/${node}`,
    device: (verb, deviceId) => `${NAMESPACE}/${group}/${verb}/${node}/${deviceId}`,
    subscriptions: [nodeCommand, `${deviceCommand}+`, ...(hostState === null ? [] : [hostState])],
    read: (topic) => {
      if (topic === nodeCommand) return { kind: 'node-command' };
      if (topic === hostState) return { kind: 'host-state' };
      if (topic.startsWith(deviceCommand)) return { kind: 'device-command', deviceId: topic.slice(deviceCommand.length) };
      return { kind: 'foreign' };
    },
  };
}
