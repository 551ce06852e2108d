/**
 * Proof that the broker has read what was sent: a barrier after it. At most one barrier is in flight.
 */
import { passesBarrier } from '../mqtt/mqtt-transport.ts';
import type { DeliveryLink, DeliveryParts, DeliveryState } from './delivery-state.ts';

/** The dependencies with which `BrokerProof` is created. */
export interface BrokerProofParts extends Pick<DeliveryParts, 'clock' | 'log'> {
  readonly state: Pick<DeliveryState, 'link' | 'ledger'>;
  /** The broker has read every shipment up to this mark. */
  readonly onProven: (mark: number) => void;
}

/** When `start` is called, proves with barriers that the broker has read what was sent, and reports this to `onProven`. */
export class BrokerProof {
  readonly #parts: BrokerProofParts;
  #proving: DeliveryLink | null = null;
  #waiters: { readonly mark: number; readonly resolve: () => void }[] = [];
  /** The round trip of the last barrier that succeeded; 0 before the first. Units: ms. */
  roundTripMs = 0;

  constructor(parts: BrokerProofParts) {
    this.#parts = parts;
  }

  /** Starts barriers on the current link, if none run on it, until nothing is in flight or a barrier fails. Does nothing without a link. */
  start(): void {
    const { link } = this.#parts.state;
    if (link !== null) void this.#proveAll(link);
  }

  /** Resolves when the broker has read every shipment up to the mark, or at `release`. At once if none is in flight or without a link. */
  waitFor(mark: number): Promise<void> {
    const { link, ledger } = this.#parts.state;
    if (link === null || !ledger.inFlight.some((shipment) => shipment.mark <= mark)) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ mark, resolve }));
  }

  /** The link is gone: resolves every `waitFor`. */
  release(): void {
    this.#resolveUpTo(Number.POSITIVE_INFINITY);
  }

  /** Shipments that are sent during one barrier share the next barrier. */
  async #proveAll(link: DeliveryLink): Promise<void> {
    if (this.#proving === link) return;
    this.#proving = link;
    const { state, clock, log, onProven } = this.#parts;
    while (state.link === link && state.ledger.inFlight.length > 0) {
      const { mark } = state.ledger;
      const startMono = clock.monoMs();
      if (!(await passesBarrier(link.connection, log)) || state.link !== link) break;
      this.roundTripMs = clock.monoMs() - startMono;
      onProven(mark);
      this.#resolveUpTo(mark);
    }
    if (this.#proving === link) this.#proving = null;
  }

  #resolveUpTo(mark: number): void {
    for (const waiter of this.#waiters) if (waiter.mark <= mark) waiter.resolve();
    this.#waiters = this.#waiters.filter((waiter) => waiter.mark > mark);
  }
}
