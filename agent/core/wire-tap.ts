/**
 * What passes on a line, byte for byte: the interface between the ports that send and receive, and the parts that observe them (flight
 * recorder, `bus sniff`, diagnosis).
 *
 * Observing never sends, and never delays a line.
 */
import type { SerialSettings } from './cabinet.ts';
import type { MonoMs } from './clock.ts';
import type { BusErrorCode } from './errors.ts';

/** How a transaction of the agent ended: `ok`, or the code of its failure. */
export type WireResult = 'ok' | BusErrorCode;

/**
 * One thing that happened on a line. `atMono` has fractions of a ms. `sent`: just before the bytes went to the port. `received`: when the
 * port delivered them. `discarded`: `count` bytes of input that the line dropped; `bytes` has them or is empty. `lost`: the port failed
 * while it was open. `ended`: a transaction of the agent is over; `lane` is its priority class on the line (`Lane`).
 */
export type WireEntry =
  | { readonly kind: 'sent' | 'received'; readonly atMono: MonoMs; readonly bytes: Uint8Array }
  | { readonly kind: 'discarded'; readonly atMono: MonoMs; readonly bytes: Uint8Array; readonly count: number }
  /** `serial`: null for a network port without serial settings. */
  | { readonly kind: 'opened'; readonly atMono: MonoMs; readonly serial: SerialSettings | null }
  | { readonly kind: 'closed' | 'lost'; readonly atMono: MonoMs }
  | { readonly kind: 'ended'; readonly atMono: MonoMs; readonly unit: number; readonly lane: string; readonly result: WireResult };

/** Receives what happens on one line. It must return at once and must not keep `bytes`, which the port may use again. */
export type WireTap = (entry: WireEntry) => void;

/** Live observation of the lines of the agent. */
export interface LineObserver {
  /**
   * Passes on each entry of a line from now on, as it happens, until the returned function is called. A line that does not exist gives no
   * entries. `bytes` are valid only during the call.
   */
  observe(lineId: string, onEntry: WireTap): () => void;
}
