/**
 * Gets rows to the platform and knows what has arrived: live ones at once, the backlog in small batches behind them.
 *
 * Owns the ledger, the pace of the backlog and the cursor of the store. QoS 0 proves nothing by itself; what was neither proven nor
 * acknowledged goes out again as history.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Committed, FrameFate, Log, ReadingFrame, Store, StoredFrame, StoreStatus } from '../../core/ports.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import type { Publisher, Sent } from '../sparkplug/publisher.ts';
import { createAckTracker } from './ack-tracker.ts';
import { planBacklog, type RowBatch } from './backlog-plan.ts';
import { afterRound, type BatchSize, FIRST_BATCH_SIZE, framesToRead, SMALLEST_BATCH_SIZE } from './batch-size.ts';
import { createBrokerProof } from './broker-proof.ts';
import { createGapReporter } from './gap-reporter.ts';
import { unsentGapTexts } from './gap-text.ts';
import {
  bytesInFlight,
  commit,
  createLedger,
  dropLink,
  isDelivered,
  type Ledger,
  prove,
  rebase,
  sentUpTo,
  shipHistory,
  shipLive,
  withReached,
} from './ledger.ts';
import { createReachedStore } from './reached-store.ts';
import { createResendQueue, type ResendRequest, type ResendResult } from './resend-queue.ts';
import { SEGMENT_BYTES, SEGMENT_OVERHEAD_BYTES, sendRowBatch } from './row-batches.ts';
import { type Ack, wireEpoch } from './rows-mark.ts';

export interface DeliveryParts {
  readonly store: Pick<Store, 'readAfter' | 'moveCursor' | 'status' | 'rowOf' | 'gapsAfter' | 'exportPage' | 'save' | 'load'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly proof: UplinkConfig['proof'];
  /** The day's budget has room for backlog. */
  readonly mayDrain: () => boolean;
  readonly onSent: (sent: { readonly readings: number; readonly historical: boolean }) => void;
  readonly onProven: (readings: number) => void;
  /** `Sync/Gap`; false while there is no session. */
  readonly onGap: (notes: readonly string[]) => void;
  readonly onResend: (result: ResendResult) => void;
  /** The mode of proof changed. */
  readonly onMode: () => void;
}

export interface Delivery {
  /** Births are out: send what waits. */
  open(link: DeliveryLink): void;
  close(): void;
  publish(frame: ReadingFrame): void;
  committed(committed: Committed): void;
  /** Resolves when all that was sent has reached the broker, or the link is gone. */
  settled(): Promise<void>;
  /** Asks the store anew; a store that began afresh is noticed here. */
  refresh(): Promise<StoreStatus>;
  /** Reads what an earlier run knew about the platform. */
  restore(): Promise<void>;
  /** The platform's word. Answers why it does not count, or an empty text. */
  acknowledge(ack: Ack): string;
  accept(segments: boolean): void;
  resend(request: ResendRequest): ResendResult;
  /** What is known of the frames of this run that have no row on disk yet. */
  fates(): (ticket: number) => FrameFate;
  facts(): DeliveryFacts;
}

/** Units: rows; `backlogAgeMs` since the oldest row that is not delivered was taken, null where all are. */
export interface DeliveryFacts {
  readonly mode: 'broker' | 'platform';
  readonly sentSeq: number;
  readonly cursorSeq: number;
  readonly headSeq: number;
  readonly isPlatformSilent: boolean;
  readonly isAcknowledging: boolean;
  readonly acceptsSegments: boolean;
  readonly ack: string;
  readonly oldestMs: number | null;
}

export interface DeliveryLink {
  readonly publisher: Publisher;
  readonly connection: Pick<MqttConnection, 'barrier' | 'maxPacketBytes'>;
}

/** Unproven bytes beyond which live frames wait in the store. Units: bytes. Source: assumed; ten seconds of a slow cellular link. */
const MAX_IN_FLIGHT_BYTES = 262_144;
const KEY = 'sync.accept';

/** A delivery without a link. */
export function createDelivery(parts: DeliveryParts): Delivery {
  const { store, clock, log } = parts;
  let ledger: Ledger = createLedger(0, parts.proof === 'platform' ? 'awaiting' : 'broker');
  let epoch: string | null = null;
  let link: DeliveryLink | null = null;
  let draining: DeliveryLink | null = null;
  let backlogDue = false;
  let batch: BatchSize = FIRST_BATCH_SIZE;
  let headSeq = 0;
  let oldestMs: number | null = null;
  let acceptsSegments = false;
  const reachedNote = createReachedStore(store, clock);
  const resends = createResendQueue(store, (result) => parts.onResend(result));

  const prover = createBrokerProof<DeliveryLink>({
    clock,
    log,
    ledger: () => ledger,
    link: () => link,
    onProven: (mark) => {
      const proof = prove(ledger, mark);
      keep(proof.ledger);
      parts.onProven(proof.readings);
    },
  });
  const acks = createAckTracker({
    clock,
    log,
    store,
    proof: parts.proof,
    ledger: () => ledger,
    keep: (next) => keep(next),
    roundTripMs: () => prover.roundTripMs,
    onMode: () => parts.onMode(),
    onMoved: () => kick(),
    onBack: () => {
      batch = SMALLEST_BATCH_SIZE;
      kick();
    },
  });
  const gaps = createGapReporter({
    store,
    onGap: (notes) => parts.onGap(notes),
    proven: async () => link !== null && prover.passes(link),
    isOpen: () => link !== null,
  });

  const keep = (next: Ledger): void => {
    const moved = next.cursor > ledger.cursor;
    ledger = next;
    if (moved) store.moveCursor(ledger.cursor);
  };
  /** Sends, or finds the link broken; the connection reports that by itself. */
  function attempt<T>(send: () => T): T | undefined {
    try {
      return send();
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      log.event('uplink-publish-failed', { code: error.code, message: error.message }, 'debug');
      return undefined;
    }
  }

  async function drain(current: DeliveryLink): Promise<void> {
    if (draining === current) return;
    draining = current;
    while (link === current && backlogDue && epoch !== null && parts.mayDrain()) {
      backlogDue = false;
      if (!acks.isWindowFull()) {
        const rows = await store.readAfter(sentUpTo(ledger), framesToRead(batch));
        if (link !== current) break;
        if (rows.length > 0) {
          backlogDue = true;
          if (!(await deliver(current, rows))) break;
          continue;
        }
      }
      // Whoever kicked meanwhile has been heard by nobody yet.
      if (!(await resendNext(current)) && !backlogDue) break;
    }
    if (link === current) attempt(() => current.publisher.endHistory());
    if (draining === current) draining = null;
  }

  /** False when the link would not take it. */
  async function deliver(current: DeliveryLink, rows: readonly StoredFrame[]): Promise<boolean> {
    const portions = planBacklog(ledger, rows);
    const askedMono = clock.monoMs();
    for (const portion of portions) {
      const sent = send(current, portion, false);
      if (sent === undefined) return false;
      headSeq = Math.max(headSeq, portion.rows.to);
      keep(shipHistory(ledger, { ...sent, rows: portion.rows }));
      const untold = unsentGapTexts(epoch ?? '', portion.rows, portion.frames, sent);
      if (untold.length > 0) parts.onGap(untold);
    }
    prover.prove(current);
    await prover.upTo(ledger.mark);
    const frames = portions.flatMap((portion) => portion.frames);
    if (acks.isCautious) batch = SMALLEST_BATCH_SIZE;
    else if (frames.length > 0) batch = afterRound(frames, clock.monoMs() - askedMono, acceptsSegments ? 'segments' : 'metrics');
    return true;
  }

  function send(current: DeliveryLink, portion: RowBatch, isAsked: boolean): Sent | undefined {
    const maxSegmentBytes = Math.min(SEGMENT_BYTES, current.connection.maxPacketBytes - SEGMENT_OVERHEAD_BYTES);
    const form = { epoch: wireEpoch(epoch ?? ''), asSegments: acceptsSegments, isAsked, maxSegmentBytes };
    const sent = attempt(() => sendRowBatch(current.publisher, portion, form));
    if (sent !== undefined) parts.onSent({ readings: sent.readings, historical: true });
    return sent;
  }

  /** What the platform asked for again, once the backlog is through. False when there is nothing, or the link would not take it. */
  async function resendNext(current: DeliveryLink): Promise<boolean> {
    const portion = resends.isWaiting ? await resends.next(framesToRead(batch)) : undefined;
    if (portion === undefined || link !== current) return false;
    const sent = send(current, portion, true);
    if (sent === undefined) return false;
    keep(shipRowless(sent));
    prover.prove(current);
    await prover.upTo(ledger.mark);
    if (link !== current) return false;
    const result = resends.sent(portion.rows, sent.readings);
    if (result !== undefined) parts.onResend(result);
    backlogDue = true;
    return true;
  }

  /** On its way, and no row of the backlog. */
  function shipRowless({ readings, bytes }: Pick<Sent, 'readings' | 'bytes'>): Ledger {
    return shipHistory(ledger, { rows: { from: 1, to: 0 }, readings, bytes });
  }

  const kick = (): void => {
    backlogDue = true;
    if (link !== null) void drain(link);
  };

  async function refresh(): Promise<StoreStatus> {
    const status = await store.status();
    if (status.epoch !== '' && status.epoch !== epoch) {
      const { mode } = ledger;
      ledger = epoch === null ? { ...createLedger(status.cursorSeq, mode), inFlight: ledger.inFlight } : rebase(ledger, status.cursorSeq);
      epoch = status.epoch;
      ledger = withReached(ledger, reachedNote.of(epoch));
      headSeq = 0;
    }
    await reachedNote.restore();
    if (epoch !== null) ledger = withReached(ledger, reachedNote.of(epoch));
    headSeq = Math.max(headSeq, status.lastSeq);
    const [oldest] = status.backlogFrames > 0 ? await store.readAfter(ledger.cursor, 1) : [];
    oldestMs = oldest?.atMs ?? null;
    if (status.backlogFrames > 0 || backlogDue || resends.isWaiting) kick();
    if (epoch !== null) void gaps.tell(epoch);
    if (epoch !== null) reachedNote.keep({ epoch, seq: ledger.reached }, false);
    return status;
  }

  return {
    open: (opened) => {
      link = opened;
      acks.open();
      kick();
      void refresh();
    },
    close: () => {
      if (epoch !== null && link !== null) reachedNote.keep({ epoch, seq: ledger.reached }, true);
      link = null;
      acks.close();
      ledger = dropLink(ledger);
      batch = FIRST_BATCH_SIZE;
      prover.release();
    },
    publish: (frame) => {
      const current = link;
      if (current === null || bytesInFlight(ledger) > MAX_IN_FLIGHT_BYTES) return;
      const row = store.rowOf(frame.ticket);
      const isOwn = row !== null && row.epoch === epoch;
      const mark = isOwn ? { epoch: wireEpoch(row.epoch), from: row.seq, to: row.seq } : null;
      const sent = attempt(() => current.publisher.live(frame, mark));
      if (sent === undefined) return;
      if (isOwn) headSeq = Math.max(headSeq, row.seq);
      keep(shipLive(ledger, { ...sent, ticket: frame.ticket, seq: isOwn ? row.seq : null }));
      parts.onSent({ readings: sent.readings, historical: false });
      prover.prove(current);
    },
    committed: (committed) => {
      const { ledger: next, backlog } = commit(ledger, committed);
      keep(next);
      headSeq = Math.max(headSeq, committed.tickets.at(-1)?.seq ?? 0);
      // A row that was proven before it was on disk could not move the store's cursor then.
      store.moveCursor(ledger.cursor);
      if (backlog) kick();
    },
    settled: () => prover.upTo(ledger.mark),
    refresh,
    restore: async () => {
      const [segments] = await Promise.all([store.load(KEY), acks.restore(), gaps.restore(), reachedNote.restore()]);
      acceptsSegments = segments === true;
    },
    acknowledge: (ack) => acks.acknowledge(ack, { epoch, headSeq }),
    accept: (segments) => {
      if (segments === acceptsSegments) return;
      acceptsSegments = segments;
      batch = FIRST_BATCH_SIZE;
      void store.save(KEY, segments);
    },
    resend: (request) => {
      const result = resends.ask(request);
      if (result.state === 'queued') kick();
      return result;
    },
    fates: () => {
      const onTheWay = new Set(ledger.inFlight.map(({ ticket }) => ticket));
      return (ticket) => {
        if (onTheWay.has(ticket)) return 'in-flight';
        if (ledger.mode === 'broker' && ledger.provenTickets.has(ticket)) return 'delivered';
        const row = store.rowOf(ticket);
        return row !== null && row.epoch === epoch && isDelivered(ledger, row.seq) ? 'delivered' : 'undelivered';
      };
    },
    facts: () => ({
      mode: ledger.mode === 'broker' ? 'broker' : 'platform',
      sentSeq: sentUpTo(ledger),
      cursorSeq: ledger.cursor,
      headSeq,
      isPlatformSilent: acks.isSilent,
      isAcknowledging: ledger.mode === 'platform',
      acceptsSegments,
      ack: acks.lastAck,
      oldestMs,
    }),
  };
}
