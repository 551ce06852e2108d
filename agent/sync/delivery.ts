/**
 * Gets frames to the broker and proves that they are there: live ones at once, the backlog in small batches behind them.
 *
 * Owns the ledger, the barrier after what was sent (never more than one in flight) and the cursor of the store.
 * QoS 0 proves nothing by itself; what the link lost before its barrier goes out again as history.
 * Called by `uplink.ts`: `open` after the births, `close` when the link is gone.
 */
import type { Clock } from '../core/clock.ts';
import { UplinkError } from '../core/errors.ts';
import type { Committed, Frame, Log, Store, StoredFrame, StoreStatus } from '../core/ports.ts';
import { afterRound, type Batch, FIRST_BATCH, framesToRead } from './batch-size.ts';
import type { MqttConnection } from './door.ts';
import {
  bytesInFlight,
  commit,
  createLedger,
  dropLink,
  isSent,
  type Ledger,
  prove,
  rebase,
  shipHistory,
  shipLive,
  skipHoles,
} from './ledger.ts';
import type { Publisher, Sent } from './publisher.ts';

export interface DeliveryParts {
  readonly store: Pick<Store, 'readAfter' | 'moveCursor' | 'status'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onSent: (sent: { readonly readings: number; readonly historical: boolean }) => void;
  readonly onProven: (readings: number) => void;
}

export interface Delivery {
  /** Births are out: send what waits. */
  open(link: Link): void;
  close(): void;
  publish(frame: Frame): void;
  committed(committed: Committed): void;
  /** Resolves when all that was sent is proven, or the link is gone. */
  settled(): Promise<void>;
  /** Asks the store anew; a store that began afresh is noticed here. */
  refresh(): Promise<StoreStatus>;
}

export interface Link {
  readonly publisher: Publisher;
  readonly connection: Pick<MqttConnection, 'barrier'>;
}

/** Unproven bytes beyond which live frames wait in the store. Units: bytes. Source: assumed; ten seconds of a slow cellular link. */
const MAX_IN_FLIGHT_BYTES = 262_144;

/** A delivery without a link. */
export function createDelivery(parts: DeliveryParts): Delivery {
  const { store, clock, log } = parts;
  let ledger: Ledger = createLedger(0);
  let epoch: string | null = null;
  let link: Link | null = null;
  let proving: Link | null = null;
  let draining: Link | null = null;
  let backlogDue = false;
  let batch: Batch = FIRST_BATCH;
  let waiters: { readonly mark: number; readonly resolve: () => void }[] = [];

  const keep = (next: Ledger): void => {
    const moved = next.cursor > ledger.cursor;
    ledger = next;
    if (moved) store.moveCursor(ledger.cursor);
  };
  const wake = (mark: number): void => {
    for (const waiter of waiters) if (waiter.mark <= mark) waiter.resolve();
    waiters = waiters.filter((waiter) => waiter.mark > mark);
  };
  const provenUpTo = (mark: number): Promise<void> => {
    if (link === null || !ledger.inFlight.some((shipment) => shipment.mark <= mark)) return Promise.resolve();
    return new Promise((resolve) => waiters.push({ mark, resolve }));
  };

  /** One barrier at a time; what is sent meanwhile shares the next. */
  async function proveAll(current: Link): Promise<void> {
    if (proving === current) return;
    proving = current;
    while (link === current && ledger.inFlight.length > 0) {
      const { mark } = ledger;
      if (!(await passes(current))) break;
      if (link !== current) break;
      const proof = prove(ledger, mark);
      keep(proof.ledger);
      parts.onProven(proof.readings);
      wake(mark);
    }
    if (proving === current) proving = null;
  }

  async function passes(current: Link): Promise<boolean> {
    try {
      await current.connection.barrier();
      return true;
    } catch (error) {
      return expected(error, 'uplink.barrier-failed');
    }
  }

  /** Sends, or finds the link broken; the connection reports that by itself. */
  function attempt(send: () => Sent | undefined): Sent | undefined {
    try {
      return send();
    } catch (error) {
      expected(error, 'uplink.publish-failed');
      return undefined;
    }
  }

  function expected(error: unknown, name: string): false {
    if (!(error instanceof UplinkError)) throw error;
    log.event(name, { code: error.code, message: error.message }, 'debug');
    return false;
  }

  async function drain(current: Link): Promise<void> {
    if (draining === current) return;
    draining = current;
    while (link === current && backlogDue && epoch !== null) {
      backlogDue = false;
      const rows = await store.readAfter(ledger.cursor, framesToRead(batch));
      if (link !== current) break;
      if (rows.length === 0) continue;
      backlogDue = true;
      if (!(await deliver(current, rows))) break;
    }
    if (link === current) {
      attempt(() => {
        current.publisher.endHistory();
        return undefined;
      });
    }
    if (draining === current) draining = null;
  }

  /** False when the link would not take it. */
  async function deliver(current: Link, rows: readonly StoredFrame[]): Promise<boolean> {
    keep(
      skipHoles(
        ledger,
        rows.map(({ seq }) => seq),
      ),
    );
    const unsent = rows.filter(({ seq }) => !isSent(ledger, seq));
    const askedMono = clock.monoMs();
    if (unsent.length > 0) {
      const sent = attempt(() => current.publisher.history(unsent));
      if (sent === undefined) return false;
      keep(shipHistory(ledger, { ...sent, seqs: unsent.map(({ seq }) => seq) }));
      parts.onSent({ readings: sent.readings, historical: true });
      void proveAll(current);
    }
    await provenUpTo(ledger.mark);
    if (unsent.length > 0) batch = afterRound(unsent, clock.monoMs() - askedMono);
    return true;
  }

  const kick = (): void => {
    backlogDue = true;
    if (link !== null) void drain(link);
  };

  async function refresh(): Promise<StoreStatus> {
    const status = await store.status();
    if (status.epoch !== '' && status.epoch !== epoch) {
      ledger = epoch === null ? { ...ledger, cursor: status.cursorSeq } : rebase(ledger, status.cursorSeq);
      epoch = status.epoch;
    }
    if (status.backlogFrames > 0 || backlogDue) kick();
    return status;
  }

  return {
    open: (opened) => {
      link = opened;
      kick();
      void refresh();
    },
    close: () => {
      link = null;
      ledger = dropLink(ledger);
      wake(Number.POSITIVE_INFINITY);
    },
    publish: (frame) => {
      const current = link;
      if (current === null || bytesInFlight(ledger) > MAX_IN_FLIGHT_BYTES) return;
      const sent = attempt(() => current.publisher.live(frame));
      if (sent === undefined) return;
      keep(shipLive(ledger, { ...sent, ticket: frame.ticket }));
      parts.onSent({ readings: sent.readings, historical: false });
      void proveAll(current);
    },
    committed: (committed) => {
      const { ledger: next, backlog } = commit(ledger, committed);
      keep(next);
      if (backlog) kick();
    },
    settled: () => provenUpTo(ledger.mark),
    refresh,
  };
}
