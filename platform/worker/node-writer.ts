/** Writes single metrics to nodes: acknowledgements, requests and relayed detections. */
import type { HostConnection } from '../broker/mqtt-connection.ts';
import { commandTopic } from '../core/topic.ts';
import { writePayload } from '../core/wire.ts';

/** The Sparkplug group and name of an edge node (a cabinet), by which its topics are found. */
export interface NodeAddress {
  readonly group: string;
  readonly node: string;
}

/** Writes a text to a metric of a node. Resolves with true once the connection has sent it, which is no proof of delivery; else with false. */
export type WriteToNode = (to: NodeAddress, metric: string, text: string) => Promise<boolean>;

/** Source: Sparkplug 3.0 §6.4.16. */
const TYPE_STRING = 12;

/** A writer over the connection that `current` returns at each call; while that is null, it resolves with false. */
export function createNodeWriter(current: () => HostConnection | null): WriteToNode {
  return async ({ group, node }, metric, text) => {
    const payload = writePayload(Date.now(), [{ name: metric, datatype: TYPE_STRING, value: text }]);
    return (await current()?.publish(commandTopic({ group, node, device: '' }), payload)) === true;
  };
}
