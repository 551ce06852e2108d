/** Passes detections of people on to the neighbour cabinet that they name. */

import type { BatchRelay } from '../core/batch-reports.ts';
import type { NodeMessage } from '../core/message.ts';
import type { WriteToNode } from './node-writer.ts';

/** A shorter wait is not added to the age. Source: docs/platform.md, "Between neighbour cabinets". Units: ms. */
const UNCOUNTED_WAIT_MS = 1_000;

/**
 * Sends the detections of a message at most once, also when its batch is written again, or if sending failed. A message that the broker
 * delivers twice counts as two.
 */
export class RelaySender {
  readonly #write: WriteToNode;
  readonly #sent = new WeakSet<NodeMessage>();

  constructor(write: WriteToNode) {
    this.#write = write;
  }

  /** Sends the detections of a batch that are not too old; they do not wait for its commit. Units: `monoMs` as `receivedMono`, ms. */
  send(relays: readonly BatchRelay[], monoMs: number): void {
    const fresh = relays.filter(({ message }) => !this.#sent.has(message));
    for (const { message, relay } of fresh) {
      this.#sent.add(message);
      const waitedMs = monoMs - message.receivedMono;
      const ageMs = relay.ageMs + (waitedMs > UNCOUNTED_WAIT_MS ? Math.round(waitedMs) : 0);
      if (ageMs > relay.ttlMs) continue;
      void this.#write({ group: message.origin.group, node: relay.to }, 'Relay/Detection', JSON.stringify({ ...relay.body, ageMs }));
    }
  }
}
