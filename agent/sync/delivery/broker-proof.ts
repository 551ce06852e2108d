/**
 * The barrier after what was sent: proof that the broker has read it.
 *
 * Owns that never more than one is in flight, and who waits for it.
 */
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { Ledger } from './ledger.ts';

export interface ProverParts<L extends Barrier> {
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: () => Ledger;
  /** The link of the moment; null while there is none. */
  readonly link: () => L | null;
  /** The broker has read all up to this mark. */
  readonly onProven: (mark: number) => void;
}

/** A link that can be asked for proof. */
export interface Barrier {
  readonly connection: { barrier(): Promise<void> };
}

export interface BrokerProof<L extends Barrier> {
  /** Proves all that is in flight, one barrier after another. */
  prove(link: L): void;
  /** Resolves when all up to the mark has reached the broker, or the link is gone. */
  upTo(mark: number): Promise<void>;
  /** One barrier by itself; false where the link broke. */
  passes(link: L): Promise<boolean>;
  /** The link is gone: nobody need wait. */
  release(): void;
  /** Of the last barrier. Units: ms. */
  readonly roundTripMs: number;
}

/** A prover that has asked nothing yet. */
export function createBrokerProof<L extends Barrier>(parts: ProverParts<L>): BrokerProof<L> {
  const { clock, log } = parts;
  let proving: L | null = null;
  let roundTripMs = 0;
  let waiters: { readonly mark: number; readonly resolve: () => void }[] = [];

  const wake = (mark: number): void => {
    for (const waiter of waiters) if (waiter.mark <= mark) waiter.resolve();
    waiters = waiters.filter((waiter) => waiter.mark > mark);
  };

  async function passes(link: L): Promise<boolean> {
    try {
      await link.connection.barrier();
      return true;
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      log.event('uplink-barrier-failed', { code: error.code, message: error.message }, 'debug');
      return false;
    }
  }

  /** What is sent meanwhile shares the next barrier. */
  async function proveAll(link: L): Promise<void> {
    if (proving === link) return;
    proving = link;
    while (parts.link() === link && parts.ledger().inFlight.length > 0) {
      const { mark } = parts.ledger();
      const askedMono = clock.monoMs();
      if (!(await passes(link)) || parts.link() !== link) break;
      roundTripMs = clock.monoMs() - askedMono;
      parts.onProven(mark);
      wake(mark);
    }
    if (proving === link) proving = null;
  }

  return {
    prove: (link) => void proveAll(link),
    upTo: (mark) => {
      if (parts.link() === null || !parts.ledger().inFlight.some((shipment) => shipment.mark <= mark)) return Promise.resolve();
      return new Promise((resolve) => waiters.push({ mark, resolve }));
    },
    passes,
    release: () => wake(Number.POSITIVE_INFINITY),
    get roundTripMs() {
      return roundTripMs;
    },
  };
}
