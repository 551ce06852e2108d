/** A message of an edge node. */
import type { MessageOrigin } from './topic.ts';
import type { HostPayload } from './wire.ts';

/** A message with where it came from. Units: `bytes` of its payload on the wire; `receivedMs` ms UTC; `receivedMono` ms of a clock that never steps. */
export interface NodeMessage {
  readonly origin: MessageOrigin;
  readonly payload: HostPayload;
  readonly bytes: number;
  readonly receivedMs: number;
  readonly receivedMono: number;
}

/**
 * Limits for messages in memory, or how much a message counts for them: the number of metrics, and the bytes of payloads on the wire. A
 * metric takes about 100 bytes of memory, however few it has on the wire.
 */
export interface MessageLimits {
  readonly metrics: number;
  readonly bytes: number;
}

/** Returns how much a message counts for `MessageLimits`: the number of its metrics, and the bytes of its payload on the wire. */
export function sizeOf({ payload, bytes }: Pick<NodeMessage, 'payload' | 'bytes'>): MessageLimits {
  return { metrics: payload.metrics.length, bytes };
}
