/**
 * Builds and parses the topics of one edge node, and parses the STATE of its host. Pure.
 *
 * Ids are checked with the configuration; nothing is escaped here.
 * Source: Sparkplug 3.0 §4.1, assertions `topic-structure*`.
 */
import type { WallMs } from '../../core/clock.ts';
import { parseRecord } from '../../core/is-record.ts';

const NAMESPACE = 'spBv1.0';
/** The namespace as RabbitMQ delivers it: always for retained messages, for others without `mqtt.sparkplug = true`. Source: RabbitMQ's MQTT page, measured. */
const REWRITTEN = 'spBv1/0';

/** Source: assumed; a STATE of Sparkplug 3.0 has 50 bytes. Confirmed by: the STATE messages of a host in use. */
const MAX_STATE_BYTES = 1_024;

/** The kind of a received topic. */
type Inbound =
  | { readonly kind: 'node-command' | 'host-state' | 'foreign' }
  /** The broker changed the namespace of the host's STATE, which still counts, or of another topic. */
  | { readonly kind: 'rewritten-state' | 'rewritten' }
  | { readonly kind: 'device-command'; readonly deviceId: string };

/** The topics of one edge node, and the parser of received topics, that `createTopics` returns. */
export type Topics = ReturnType<typeof createTopics>;

/**
 * Returns the topics on which edge node `node` in `group` publishes, those to subscribe to, and `read`, which classifies a received topic.
 * `primaryHost`: null for none.
 */
export function createTopics(group: string, node: string, primaryHost: string | null) {
  const nodeCommand = `${NAMESPACE}/${group}/NCMD/${node}`;
  const deviceCommand = `${NAMESPACE}/${group}/DCMD/${node}/`;
  const hostState = primaryHost === null ? null : `${NAMESPACE}/STATE/${primaryHost}`;
  const rewrittenState = primaryHost === null ? null : `${REWRITTEN}/STATE/${primaryHost}`;
  return {
    node: (verb: 'NBIRTH' | 'NDATA' | 'NDEATH'): string => `${NAMESPACE}/${group}/${verb}/${node}`,
    device: (verb: 'DBIRTH' | 'DDATA' | 'DDEATH', deviceId: string): string => `${NAMESPACE}/${group}/${verb}/${node}/${deviceId}`,
    /** Commands for node and devices, and the primary host's STATE if there is one. */
    subscriptions: [nodeCommand, `${deviceCommand}+`, ...(hostState === null ? [] : [hostState])],
    read: (topic: string): Inbound => {
      if (topic === nodeCommand) return { kind: 'node-command' };
      if (topic === hostState) return { kind: 'host-state' };
      if (topic === rewrittenState) return { kind: 'rewritten-state' };
      if (topic.startsWith(`${REWRITTEN}/`)) return { kind: 'rewritten' };
      if (topic.startsWith(deviceCommand)) return { kind: 'device-command', deviceId: topic.slice(deviceCommand.length) };
      return { kind: 'foreign' };
    },
  };
}

/** Parses the STATE of a host; undefined if it is not valid. `atMs`: its timestamp in ms since 1970. Source: Sparkplug 3.0 §6.4.24. */
export function readHostState(payload: Uint8Array): { readonly online: boolean; readonly atMs: WallMs } | undefined {
  if (payload.length > MAX_STATE_BYTES) return undefined;
  const { online, timestamp } = parseRecord(new TextDecoder().decode(payload)) ?? {};
  if (typeof online !== 'boolean' || typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) return undefined;
  return { online, atMs: timestamp };
}
