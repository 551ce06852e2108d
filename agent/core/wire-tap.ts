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
 * One thing that happened on a line. `atMono` has fractions of a ms: for `sent` the time just before the bytes went to the port, for `received` the
 * time when the port delivered them, which is after their last bit. `discarded`: input that the line dropped unread; `bytes` is empty if the port
 * has only their number. `lost`: the port was unplugged or closed by the far end. `ended`: a transaction of the agent is over; `lane` is its class of requests (`LANES`).
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
