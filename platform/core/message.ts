/** A message of an edge node. */
import type { MessageOrigin } from './topic.ts';
import type { HostPayload } from './wire.ts';

/** A message with where it came from. Units: `receivedMs` ms UTC; `receivedMono` ms of a clock that never steps. */
export interface NodeMessage {
  readonly origin: MessageOrigin;
  readonly payload: HostPayload;
  readonly receivedMs: number;
  readonly receivedMono: number;
}
