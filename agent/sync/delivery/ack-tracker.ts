/**
 * Who proves that rows have arrived, and what follows where the platform is silent.
 *
 * Owns the mode of proof over restarts, the watch on acknowledgements and their check. Sends nothing.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Log, Store } from '../../core/ports.ts';
import { type AckWatch, afterAck, hasGivenUp, isOverdue, look, startWatch } from './ack-watch.ts';
import { acknowledge, bytesUnacked, goBack, type Ledger, type ProofMode, withMode } from './ledger.ts';
import { type Ack, wireEpoch } from './rows-mark.ts';

export interface AckTrackerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly proof: UplinkConfig['proof'];
  readonly ledger: () => Ledger;
  readonly keep: (next: Ledger) => void;
  /** Of the last barrier. Units: ms. */
  readonly roundTripMs: () => number;
  readonly onMode: () => void;
  /** The platform has more than before: there may be room for the backlog. */
  readonly onMoved: () => void;
  /** All behind the cursor is to go out again, a little at a time. */
  readonly onBack: () => void;
}

export interface AckTracker {
  open(): void;
  close(): void;
  /** Takes up who proved in an earlier run. */
  restore(): Promise<void>;
  /** The platform's word. Answers why it does not count, or an empty text. Shape: `headSeq` is the last row there is. */
  acknowledge(ack: Ack, at: { readonly epoch: string | null; readonly headSeq: number }): string;
  /** The platform has had enough to store before it says so. */
  isWindowFull(): boolean;
  /** No acknowledgement came in time. */
  readonly isCautious: boolean;
  /** The platform should have acknowledged something by now, and a person should look. */
  readonly isSilent: boolean;
  /** As it arrived; empty before the first. */
  readonly lastAck: string;
}

/** Unacknowledged bytes beyond which the backlog waits for the platform. Units: bytes. Source: 1.2 million readings in a minute with one acknowledgement a second need 350 KB. */
const MAX_UNACKED_BYTES = 2_097_152;
/** How often the watch on acknowledgements is looked at. Units: ms. */
const WATCH_MS = 5_000;
const KEY = 'sync.mode';

/** A desk that has heard nothing. */
export function createAckTracker(parts: AckTrackerParts): AckTracker {
  const { clock, log, store, ledger, keep } = parts;
  /** What holds before the first acknowledgement, and again once the platform has given none for a day. */
  const unheard: ProofMode = parts.proof === 'platform' ? 'awaiting' : 'broker';
  let watch: AckWatch = startWatch(clock.monoMs());
  /** Null while there is no link. */
  let timer: Timer | null = null;
  /** Of the platform, while there was a link. */
  let silentMs = 0;
  let lastAck = '';

  function lookAtWatch(): void {
    if (ledger().mode !== 'platform') return;
    const nowMono = clock.monoMs();
    const next = look(watch, { nowMono, isWaiting: ledger().unacked.length > 0, roundTripMs: parts.roundTripMs() });
    watch = next.watch;
    if (hasGivenUp(watch, nowMono)) setMode(unheard);
    else if (next.goesBack) sendAgain();
  }

  function sendAgain(): void {
    log.event('uplink-not-acknowledged', { cursor: ledger().cursor, waitMs: watch.waitMs }, 'warning');
    keep(goBack(ledger()));
    parts.onBack();
  }

  function setMode(mode: ProofMode): void {
    if (ledger().mode === mode) return;
    keep(withMode(ledger(), mode));
    tellMode(mode);
    // What no acknowledgement came for is not held back any longer.
    parts.onMoved();
  }

  function tellMode(mode: ProofMode): void {
    void store.save(KEY, mode);
    log.event('uplink-proof', { mode });
    parts.onMode();
  }

  return {
    open() {
      watch = startWatch(clock.monoMs(), silentMs);
      timer = every(clock, WATCH_MS, lookAtWatch);
    },
    close() {
      if (timer === null) return;
      timer.cancel();
      timer = null;
      silentMs = clock.monoMs() - watch.heardMono;
    },
    async restore() {
      const mode = await store.load(KEY);
      if (parts.proof !== 'broker' && mode === 'platform') keep(withMode(ledger(), 'platform'));
    },
    acknowledge(ack, { epoch, headSeq }) {
      if (parts.proof === 'broker') return 'uplink.proof is broker: no acknowledgement is taken';
      if (epoch === null || ack.epoch !== wireEpoch(epoch)) return `the epoch here is ${wireEpoch(epoch ?? '')}`;
      if (ack.seq > headSeq) return `there is no row ${ack.seq} yet; the last one is ${headSeq}`;
      const moved = ack.seq > ledger().cursor;
      const before = ledger().mode;
      keep(acknowledge(ledger(), ack.seq));
      if (before !== 'platform') tellMode('platform');
      lastAck = `${ack.epoch}:${ack.seq}`;
      const isAllAcked = ledger().unacked.length === 0;
      if (moved || isAllAcked) watch = afterAck(watch, clock.monoMs(), isAllAcked);
      else watch = { ...watch, heardMono: clock.monoMs() };
      if (moved) parts.onMoved();
      return '';
    },
    isWindowFull() {
      if (ledger().mode !== 'platform') return false;
      return watch.isCautious ? ledger().unacked.length > 0 : bytesUnacked(ledger()) > MAX_UNACKED_BYTES;
    },
    get isCautious() {
      return watch.isCautious;
    },
    get isSilent() {
      const { mode, cursor, reached } = ledger();
      if (mode === 'awaiting') return timer !== null && reached > cursor && isOverdue(watch, clock.monoMs());
      return mode === 'platform' && watch.isCautious;
    },
    get lastAck() {
      return lastAck;
    },
  };
}
