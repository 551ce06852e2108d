/**
 * Tracks the platform's acknowledgements: checks them, and decides which proof counts when they stop.
 *
 * Keeps the mode of proof over restarts. Sends nothing.
 */

import type { UplinkConfig } from '../../core/cabinet.ts';
import { every, type Timer } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { type AckWatch, afterAck, checkWatch, hasGivenUp, isOverdue, leaveAtMs, startWatch } from './ack-watch.ts';
import type { AckAhead, DeliveryParts, DeliveryState } from './delivery-state.ts';
import { acknowledge, bytesUnacked, countedAck, goBack, hasLeft, type ProofMode, withMode } from './ledger.ts';
import { type Ack, wireEpoch } from './rows-mark.ts';

/** The dependencies with which `AckTracker` is created, and its callbacks. */
export interface AckTrackerParts extends Pick<DeliveryParts, 'clock' | 'log' | 'store' | 'proof' | 'onMode' | 'onAckAhead'> {
  readonly state: DeliveryState;
  /** The round trip of the last barrier that succeeded; 0 before the first. Units: ms. */
  readonly roundTripMs: () => number;
  /** An acknowledgement moved the cursor, or rows no longer wait for the platform: there may be room for the backlog. */
  readonly onMoved: () => void;
  /** Rows beyond the cursor must be sent again, in small batches. */
  readonly onResendDue: () => void;
  /** Rows wait for the platform, which has not acknowledged for this connected time: perhaps this server has no link to it. Units: ms. */
  readonly onUnheard: (silentMs: number) => void;
}

/** Unacknowledged bytes beyond which the backlog waits for the platform. Units: bytes. Source: 1.2 million readings in a minute with one acknowledgement a second need 350 KB. */
const MAX_UNACKED_BYTES = 2_097_152;
/** Period of the check for missing acknowledgements. Units: ms. */
const WATCH_MS = 5_000;
const KEY = 'sync.mode';

/**
 * Returns the mode of proof before the platform's first acknowledgement, and after a day of connected time in one run without one:
 * `awaiting` if `uplink.proof` is `platform`, otherwise `broker`.
 */
export function initialMode(proof: UplinkConfig['proof']): ProofMode {
  return proof === 'platform' ? 'awaiting' : 'broker';
}

/**
 * Checks the platform's acknowledgements, moves the cursor by them, and decides the mode of proof. In mode `platform`, makes rows due again
 * that were not acknowledged in time. After a day of connected time in one run without an acknowledgement, the mode is `initialMode` again.
 */
export class AckTracker {
  /** The last acknowledgement of this run that was not refused, as `epoch:seq`; empty before the first. */
  lastAck = '';
  readonly #parts: AckTrackerParts;
  #watch: AckWatch;
  /** Null while there is no link. */
  #timer: Timer | null = null;
  /** Time without an acknowledgement at the end of the last session. */
  #silentMs = 0;
  /** The silence at the last call of `onUnheard`; null if there was none since the last acknowledgement. Units: ms. */
  #unheardMs: number | null = null;

  constructor(parts: AckTrackerParts) {
    this.#parts = parts;
    this.#watch = startWatch(parts.clock.monoMs());
  }

  /** Starts to watch for acknowledgements in a session. */
  open(): void {
    const { clock } = this.#parts;
    this.#watch = startWatch(clock.monoMs(), this.#silentMs);
    this.#timer = every(clock, WATCH_MS, () => this.#check());
  }

  /** Stops watching at the end of a session. The silence of the platform counts on in the next session. */
  close(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#silentMs = this.#parts.clock.monoMs() - this.#watch.lastAckMono;
  }

  /** Restores the mode `platform` of an earlier run, unless `uplink.proof` is `broker`. It is also assumed if the disk cannot be read. */
  async restore(): Promise<void> {
    const { store, proof, state } = this.#parts;
    const mode = await store.load(KEY, UNREAD);
    if (proof !== 'broker' && (mode === 'platform' || mode === UNREAD)) state.update(withMode(state.ledger, 'platform'));
  }

  /** Handles an acknowledgement, which sets the mode `platform`. Returns why it is refused, which changes nothing, or an empty text. */
  acknowledge(ack: Ack): Message {
    const { state, clock, onMoved } = this.#parts;
    const reason = this.#refusalOf(ack);
    if (String(reason) !== '') return reason;
    const { cursor, mode } = state.ledger;
    const seq = countedAck(state.ledger, ack.seq);
    this.#reportAhead({ seq: ack.seq, countedSeq: seq });
    const isMoved = seq > cursor;
    state.update(acknowledge(state.ledger, seq));
    if (mode !== 'platform') this.#announceMode('platform');
    this.#unheardMs = null;
    this.lastAck = `${ack.epoch}:${ack.seq}`;
    // Rows that must be sent again are in `left`, and are still to be acknowledged.
    const isAllAcked = state.ledger.unacked.length === 0 && state.ledger.left.length === 0;
    if (isMoved || isAllAcked) this.#watch = afterAck(this.#watch, clock.monoMs(), isAllAcked);
    else this.#watch = { ...this.#watch, lastAckMono: clock.monoMs() };
    if (isMoved) onMoved();
    return NO_TEXT;
  }

  /**
   * Whether so many rows are unacknowledged that the backlog must wait; while acknowledgements are late, one is enough. False except
   * in mode `platform`.
   */
  isWindowFull(): boolean {
    const { ledger } = this.#parts.state;
    if (ledger.mode !== 'platform') return false;
    return this.isCautious ? ledger.unacked.length > 0 : bytesUnacked(ledger) > MAX_UNACKED_BYTES;
  }

  /** Whether acknowledgements are late, so that the backlog should be sent in small batches. False except in mode `platform`. */
  get isCautious(): boolean {
    return this.#parts.state.ledger.mode === 'platform' && this.#watch.isCautious;
  }

  /**
   * An acknowledgement is overdue, and a person should check the platform. False also in mode `broker`, and in mode `awaiting` without a
   * connection. In mode `platform` false from the start of each connection until the wait of that connection is over.
   */
  get isSilent(): boolean {
    const { mode, cursor, reached } = this.#parts.state.ledger;
    if (mode === 'awaiting') return this.#timer !== null && reached > cursor && isOverdue(this.#watch, this.#parts.clock.monoMs());
    return this.isCautious;
  }

  #refusalOf(ack: Ack): Message {
    const { proof, state } = this.#parts;
    if (proof === 'broker') return msg`uplink.proof is broker: acknowledgements are ignored`;
    if (state.epoch === null || ack.epoch !== wireEpoch(state.epoch)) return msg`the epoch here is ${wireEpoch(state.epoch ?? '')}`;
    return ack.seq > state.headSeq ? msg`there is no row ${ack.seq} yet; the last one is ${state.headSeq}` : NO_TEXT;
  }

  /** Rows before the first one of this run may have been sent by an earlier run, so they cause no report. */
  #reportAhead(ack: AckAhead): void {
    const { state, onAckAhead } = this.#parts;
    const { firstSeq, ledger } = state;
    if (ack.countedSeq >= ack.seq) onAckAhead(null);
    else if (firstSeq !== null && firstSeq <= ack.seq && !hasLeft(ledger, { from: firstSeq, to: ack.seq })) onAckAhead(ack);
  }

  #check(): void {
    const { state, clock, roundTripMs, proof } = this.#parts;
    if (state.ledger.mode !== 'platform') return;
    const nowMono = clock.monoMs();
    const next = checkWatch(this.#watch, { nowMono, isWaiting: state.ledger.unacked.length > 0, roundTripMs: roundTripMs() });
    this.#watch = next.watch;
    if (hasGivenUp(this.#watch, nowMono)) {
      this.#fallBackTo(initialMode(proof));
      return;
    }
    if (next.isResendDue) this.#sendAgain();
    const silentMs = nowMono - this.#watch.lastAckMono;
    // Last: it may end the session.
    if (this.#watch.isCautious && silentMs >= leaveAtMs(this.#unheardMs)) this.#noteUnheard(silentMs);
  }

  /** `isCautious`: rows wait, and were sent again in this session without success. */
  #noteUnheard(silentMs: number): void {
    this.#unheardMs = silentMs;
    this.#parts.onUnheard(silentMs);
  }

  #sendAgain(): void {
    const { state, log, onResendDue } = this.#parts;
    log.event('uplink-not-acknowledged', { cursor: state.ledger.cursor, waitMs: this.#watch.waitMs }, 'warning');
    state.update(goBack(state.ledger));
    onResendDue();
  }

  #fallBackTo(mode: ProofMode): void {
    const { state, onMoved } = this.#parts;
    if (state.ledger.mode === mode) return;
    state.update(withMode(state.ledger, mode));
    this.#announceMode(mode);
    // Rows that waited for an acknowledgement no longer wait.
    onMoved();
  }

  #announceMode(mode: ProofMode): void {
    const { store, log, onMode } = this.#parts;
    void store.save(KEY, mode);
    log.event('uplink-proof', { mode });
    onMode();
  }
}
