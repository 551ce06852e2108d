/**
 * Sends stored rows in small batches after the live data, then the rows that the platform requested again.
 *
 * One pass runs per link:
 *
 *     request() ──► rows to send? ── yes ──► send, wait for the broker's proof ──► again
 *                      │ no, or the platform's window is full
 *                      ▼
 *                   requested rows? ── yes ──► send, wait for the proof ──► again
 *                      │ no
 *                      ▼
 *                   end of history
 *
 * A pass also ends, without sending the rest, when the link is gone or held, or when the day's data budget is used up.
 */
import type { StoredFrame } from '../../core/ports.ts';
import type { Sent } from '../sparkplug/publisher.ts';
import type { AckTracker } from './ack-tracker.ts';
import type { BrokerProof } from './broker-proof.ts';
import { type DeliveryLink, type DeliveryParts, type DeliveryState, trySend } from './delivery-state.ts';
import { unsentGapTexts } from './gap-reporter.ts';
import { sentUpTo, shipHistory } from './ledger.ts';
import type { ResendQueue } from './resend-queue.ts';
import {
  afterRound,
  type BatchSize,
  FIRST_BATCH_SIZE,
  framesToRead,
  planBacklog,
  type RowBatch,
  SMALLEST_BATCH_SIZE,
  sendRowBatch,
} from './row-batches.ts';
import { wireEpoch } from './rows-mark.ts';

/** The dependencies with which `BacklogDrain` is created; those of `DeliveryParts` are described there. */
export interface BacklogDrainParts extends Pick<DeliveryParts, 'clock' | 'log' | 'store' | 'mayDrain' | 'onSent' | 'onGap' | 'onResend'> {
  readonly state: DeliveryState;
  /** Shows what the broker has read of what was sent. */
  readonly proof: BrokerProof;
  /** Whether the backlog must wait for the platform, and whether batches must be small. */
  readonly acks: Pick<AckTracker, 'isWindowFull' | 'isCautious'>;
  /** The rows that the platform requested again. */
  readonly resends: ResendQueue;
}

/**
 * When `request` is called, sends the stored rows that are still to be sent or may not have arrived. Then sends those that the platform
 * requested again.
 */
export class BacklogDrain {
  /** A pass, or another round of the running one, is due. */
  isDue = false;
  readonly #parts: BacklogDrainParts;
  #draining: DeliveryLink | null = null;
  #batchSize: BatchSize = FIRST_BATCH_SIZE;

  constructor(parts: BacklogDrainParts) {
    this.#parts = parts;
  }

  /** Requests a pass, which sends only while the link, the hold and the data budget permit. */
  request(): void {
    this.isDue = true;
    const { link } = this.#parts.state;
    if (link !== null) void this.#drain(link);
  }

  /** Resets the next batch to the first size: the link or the form has changed. */
  resetBatchSize(): void {
    this.#batchSize = FIRST_BATCH_SIZE;
  }

  /** Resets the next batch to the smallest size: the platform did not acknowledge in time. */
  shrinkBatchSize(): void {
    this.#batchSize = SMALLEST_BATCH_SIZE;
  }

  async #drain(link: DeliveryLink): Promise<void> {
    if (this.#draining === link) return;
    this.#draining = link;
    const { state, store, acks, mayDrain, log } = this.#parts;
    while (this.#maySend(link) && this.isDue && state.epoch !== null && mayDrain()) {
      this.isDue = false;
      if (!acks.isWindowFull()) {
        const from = sentUpTo(state.ledger);
        const rows = await store.readAfter(from, framesToRead(this.#batchSize));
        if (!this.#maySend(link)) break;
        // Rows that are to be sent again since then come first: a range over them without their frames would count them as sent.
        if (sentUpTo(state.ledger) < from) {
          this.isDue = true;
          continue;
        }
        if (rows.length > 0) {
          this.isDue = true;
          if (!(await this.#deliver(link, rows))) break;
          continue;
        }
      }
      // A request that arrived during this pass has not been handled yet.
      if (!(await this.#resendNext(link)) && !this.isDue) break;
    }
    if (this.#maySend(link)) trySend(log, () => link.publisher.endHistory());
    if (this.#draining === link) this.#draining = null;
  }

  /** False if the link is broken. */
  async #deliver(link: DeliveryLink, rows: readonly StoredFrame[]): Promise<boolean> {
    const { state, clock, acks, onGap } = this.#parts;
    const batches = planBacklog(state.ledger, rows);
    const startMono = clock.monoMs();
    for (const batch of batches) {
      const sent = this.#send(link, batch, false);
      if (sent === undefined) return false;
      state.raiseHead(batch.rows.to);
      state.update(shipHistory(state.ledger, { ...sent, rows: batch.rows }));
      const gaps = unsentGapTexts(state.epoch ?? '', batch, sent);
      if (gaps.length > 0) onGap(gaps);
    }
    await this.#proveSent();
    // The wait for a proof that did not come shows nothing about the next link.
    if (state.link !== link) return false;
    const frames = batches.flatMap((batch) => batch.frames);
    if (acks.isCautious) this.shrinkBatchSize();
    else if (frames.length > 0) {
      this.#batchSize = afterRound(frames, clock.monoMs() - startMono, state.acceptsSegments ? 'segments' : 'metrics');
    }
    return true;
  }

  /** Sends the next rows that the platform requested again. False if there are none, or if the link is broken. */
  async #resendNext(link: DeliveryLink): Promise<boolean> {
    const { state, resends, onResend } = this.#parts;
    const batch = resends.isWaiting ? await resends.next(framesToRead(this.#batchSize)) : undefined;
    if (batch === undefined || !this.#maySend(link)) return false;
    const sent = this.#send(link, batch, true);
    if (sent === undefined) return false;
    // Not part of the backlog, so an empty range.
    state.update(shipHistory(state.ledger, { rows: { from: 1, to: 0 }, readings: sent.readings, bytes: sent.bytes }));
    await this.#proveSent();
    if (state.link !== link) return false;
    const result = resends.sent(batch.rows, sent.readings);
    if (result !== undefined) onResend(result);
    this.isDue = true;
    return true;
  }

  #maySend(link: DeliveryLink): boolean {
    return this.#parts.state.link === link && !this.#parts.state.isHeld;
  }

  #send(link: DeliveryLink, batch: RowBatch, isAsked: boolean): Sent | undefined {
    const { state, log, onSent } = this.#parts;
    const { maxPacketBytes } = link.connection;
    const form = { epoch: wireEpoch(state.epoch ?? ''), asSegments: state.acceptsSegments, isAsked, maxPacketBytes };
    const sent = trySend(log, () => sendRowBatch(link.publisher, batch, form));
    if (sent !== undefined) onSent({ readings: sent.readings, historical: true });
    return sent;
  }

  async #proveSent(): Promise<void> {
    const { proof, state } = this.#parts;
    proof.start();
    await proof.waitFor(state.ledger.mark);
  }
}
