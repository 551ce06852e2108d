/**
 * Delivers rows to the platform and tracks what has arrived: live frames immediately, the backlog in small batches after them.
 *
 * QoS 0 proves nothing by itself. Rows that are neither proven by the broker nor acknowledged by the platform are sent again as history.
 */

import type { AuditHead } from '../../core/audit-tools.ts';
import type { Message } from '../../core/message.ts';
import type { Committed, FrameFate, ReadingFrame, StoreStatus, UplinkDelivery } from '../../core/ports.ts';
import { passesBarrier } from '../mqtt/mqtt-transport.ts';
import { AckTracker, initialMode } from './ack-tracker.ts';
import { AuditReporter } from './audit-reporter.ts';
import { BacklogDrain } from './backlog-drain.ts';
import { BrokerProof } from './broker-proof.ts';
import { type DeliveryLink, type DeliveryParts, DeliveryState, trySend } from './delivery-state.ts';
import { createGapReporter } from './gap-reporter.ts';
import { bytesInFlight, commit, dropLink, isDelivered, prove, sentUpTo, shipLive, withReached } from './ledger.ts';
import { createReachedStore, type ReachedStore } from './reached-store.ts';
import type { RecordReporter } from './record-reporter.ts';
import { createResendQueue, type ResendQueue, type ResendRequest, type ResendResult } from './resend-queue.ts';
import { type Ack, wireEpoch } from './rows-mark.ts';

/**
 * The state of the delivery: the mode of proof, up to which rows it has sent and delivered, and the acknowledgements. The fields that the
 * data budget adds are missing.
 */
export type DeliveryFacts = Omit<UplinkDelivery, 'bytesToday' | 'dailyMegabytes'>;

/** Unproven bytes beyond which live frames wait in the store. Units: bytes. Source: assumed; ten seconds of a slow cellular link. Confirmed by: the throughput of a gateway on a slow cellular link. */
const MAX_IN_FLIGHT_BYTES = 262_144;
const KEY = 'sync.accept';

/**
 * Delivers readings to the platform, and reports losses and audit entries, between `open` and `close`. Call `restore` once before the first
 * `open`.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #state: DeliveryState;
  readonly #reached: ReachedStore;
  readonly #resends: ResendQueue;
  readonly #proof: BrokerProof;
  readonly #acks: AckTracker;
  readonly #gaps: RecordReporter;
  readonly #audit: AuditReporter;
  readonly #drain: BacklogDrain;
  #oldestMs: number | null = null;

  constructor(parts: DeliveryParts) {
    const { store, clock, log, proof, onGap, onAudit, maxTextBytes, onResend } = parts;
    const state = new DeliveryState(store, initialMode(proof));
    this.#parts = parts;
    this.#state = state;
    this.#reached = createReachedStore(store, clock);
    this.#resends = createResendQueue(store, onResend);
    this.#proof = new BrokerProof({ clock, log, state, onProven: (mark) => this.#takeProof(mark) });
    this.#acks = new AckTracker({
      ...{ ...parts, state },
      onMode: () => {
        if (state.ledger.mode !== 'platform') this.#gaps.forgetPlatform();
        parts.onMode();
      },
      roundTripMs: () => this.#proof.roundTripMs,
      onMoved: () => this.#drain.request(),
      onResendDue: () => {
        this.#drain.shrinkBatchSize();
        this.#drain.request();
      },
    });
    const link = {
      proven: async () => state.link !== null && passesBarrier(state.link.connection, log),
      isOpen: () => state.link !== null && !state.isHeld,
    };
    this.#gaps = createGapReporter({ ...link, store, clock, onGap });
    this.#audit = new AuditReporter({ ...link, store, clock, onTexts: onAudit, maxTextBytes });
    this.#drain = new BacklogDrain({ ...parts, state, proof: this.#proof, acks: this.#acks, resends: this.#resends });
  }

  /** Call it when the births were sent: starts to send what waits. */
  open(link: DeliveryLink): void {
    this.#state.link = link;
    this.#acks.open();
    this.#gaps.repeat();
    this.#audit.repeat();
    this.#drain.request();
    void this.refresh();
  }

  /** Sends no DATA until `resume` or, after `close`, a new link; frames wait in the store. */
  hold(): void {
    this.#state.isHeld = true;
  }

  /** Call it when the births were sent again: starts to send what waits. Does nothing unless held. */
  resume(): void {
    if (!this.#state.isHeld) return;
    this.#state.isHeld = false;
    this.#gaps.repeat();
    this.#audit.repeat();
    this.#drain.request();
    void this.refresh();
  }

  /** The link is gone: what was in flight must be sent again; in mode `platform` also what is not acknowledged. */
  close(): void {
    const { epoch, link, ledger } = this.#state;
    if (epoch !== null && link !== null) this.#reached.save({ epoch, seq: ledger.reached }, true);
    this.#state.link = null;
    this.#state.isHeld = false;
    this.#acks.close();
    this.#state.update(dropLink(ledger));
    this.#drain.resetBatchSize();
    this.#proof.release();
  }

  /** Sends a live frame, if that is possible now; otherwise the frame is sent from the store later. */
  publish(frame: ReadingFrame): void {
    const { store, log, onSent } = this.#parts;
    const { link, isHeld, epoch, ledger } = this.#state;
    if (link === null || isHeld || bytesInFlight(ledger) > MAX_IN_FLIGHT_BYTES) return;
    const row = store.rowOf(frame.ticket);
    const isOwn = row !== null && row.epoch === epoch;
    const mark = isOwn ? { epoch: wireEpoch(row.epoch), from: row.seq, to: row.seq } : null;
    const sent = trySend(log, () => link.publisher.live(frame, mark));
    if (sent === undefined) return;
    if (isOwn) this.#state.noteOwn(row.seq);
    this.#state.update(shipLive(this.#state.ledger, { ...sent, ticket: frame.ticket, seq: isOwn ? row.seq : null }));
    onSent({ readings: sent.readings, historical: false });
    this.#proof.start();
  }

  /** Handles frames that the store has written: they have row numbers now. */
  committed(committed: Committed): void {
    const { ledger, backlog } = commit(this.#state.ledger, committed);
    this.#state.update(ledger);
    for (const { seq } of committed.tickets) this.#state.noteOwn(seq);
    // A row that was proven before it was on disk could not move the store's cursor at that time.
    this.#parts.store.moveCursor(ledger.cursor);
    if (backlog) this.#drain.request();
  }

  /** Resolves when the broker has received all readings that were sent, or when the link is gone. */
  settled(): Promise<void> {
    return this.#proof.waitFor(this.#state.ledger.mark);
  }

  /** Reads the store's status again, and starts to send what is due. Resolves with the status. */
  async refresh(): Promise<StoreStatus> {
    const { store } = this.#parts;
    const state = this.#state;
    const status = await store.status();
    if (state.adoptEpoch(status)) this.#applyReached();
    await this.#reached.restore();
    this.#applyReached();
    state.raiseHead(status.lastSeq);
    const [oldest] = status.backlogFrames > 0 ? await store.readAfter(state.ledger.cursor, 1) : [];
    this.#oldestMs = oldest?.atMs ?? null;
    if (status.backlogFrames > 0 || this.#drain.isDue || this.#resends.isWaiting) this.#drain.request();
    if (state.epoch !== null) {
      void this.#gaps.report(state.epoch);
      void this.#audit.report();
      this.#reached.save({ epoch: state.epoch, seq: state.ledger.reached }, false);
    }
    return status;
  }

  /** Restores what an earlier run stored about the platform. */
  async restore(): Promise<void> {
    const stored = [this.#acks.restore(), this.#gaps.restore(), this.#audit.restore(), this.#reached.restore()];
    const [segments] = await Promise.all([this.#parts.store.load(KEY), ...stored]);
    this.#state.acceptsSegments = segments === true;
  }

  /** Handles the platform's acknowledgement. Returns why it is refused, or an empty text. */
  acknowledge(ack: Ack): Message {
    const reason = this.#acks.acknowledge(ack);
    if (String(reason) === '' && ack.gapId !== null) this.#gaps.acknowledge(ack.epoch, ack.gapId);
    return reason;
  }

  /** Handles the platform's acknowledgement of audit entries. Resolves with why it is refused, or an empty text. */
  acknowledgeAudit(head: AuditHead): Promise<Message> {
    return this.#audit.acknowledge(head);
  }

  /** Sets, also for later runs, whether the backlog is sent as segments (true) or as metrics. */
  accept(segments: boolean): void {
    if (segments === this.#state.acceptsSegments) return;
    this.#state.acceptsSegments = segments;
    this.#drain.resetBatchSize();
    void this.#parts.store.save(KEY, segments);
  }

  /** Queues the platform's request for rows. Returns its result so far: `queued`, or `refused` with a reason. */
  resend(request: ResendRequest): ResendResult {
    const result = this.#resends.add(request);
    if (result.state === 'queued') this.#drain.request();
    return result;
  }

  /** Returns a function that gives the fate of a frame of this run, by its ticket. Use it immediately; it is not updated in full. */
  fates(): (ticket: number) => FrameFate {
    const inFlight = new Set(this.#state.ledger.inFlight.map(({ ticket }) => ticket));
    return (ticket) => {
      const { ledger, epoch } = this.#state;
      if (inFlight.has(ticket)) return 'in-flight';
      if (ledger.mode === 'broker' && ledger.provenTickets.has(ticket)) return 'delivered';
      const row = this.#parts.store.rowOf(ticket);
      return row !== null && row.epoch === epoch && isDelivered(ledger, row.seq) ? 'delivered' : 'undelivered';
    };
  }

  /** The current state of the delivery; `oldestMs` is as of the last `refresh`. */
  facts(): DeliveryFacts {
    const { ledger, headSeq, acceptsSegments } = this.#state;
    return {
      mode: ledger.mode === 'broker' ? 'broker' : 'platform',
      sentSeq: sentUpTo(ledger),
      cursorSeq: ledger.cursor,
      headSeq,
      isPlatformSilent: this.#acks.isSilent,
      isAcknowledging: ledger.mode === 'platform',
      acceptsSegments,
      ack: this.#acks.lastAck,
      oldestMs: this.#oldestMs,
    };
  }

  #takeProof(mark: number): void {
    const proof = prove(this.#state.ledger, mark);
    this.#state.update(proof.ledger);
    this.#parts.onProven(proof.readings);
  }

  #applyReached(): void {
    const { epoch, ledger } = this.#state;
    if (epoch !== null) this.#state.update(withReached(ledger, this.#reached.seqOf(epoch)));
  }
}
