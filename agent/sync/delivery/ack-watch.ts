/**
 * Is the platform still acknowledging, and what follows if it is not?
 *
 * Owns the waits. Pure: the watch and the time in, the watch out.
 */
import type { MonoMs } from '../../core/clock.ts';

export interface AckWatch {
  /** Something waits for an acknowledgement since then, or the last one came then; null while nothing waits. */
  readonly sinceMono: MonoMs | null;
  /** How long to wait before all is sent again. Units: ms. */
  readonly waitMs: number;
  /** No acknowledgement came in time: one small batch at a time until one does. */
  readonly isCautious: boolean;
  /** The last acknowledgement, or the begin of the session; put back by the silence of the sessions before it. */
  readonly heardMono: MonoMs;
}

/** Shortest and longest wait. Units: ms. Source: reference/sparkplug.md §7, max(3 round trips, 30 s); doubled so that a silent platform costs no data. */
const WAIT_MS = { first: 30_000, longest: 600_000 };
/** Round trips to the broker within which a platform has stored what it read. Source: the same. */
const ROUND_TRIPS = 3;
/** A platform silent for so long takes no part any more: rows no longer wait for its word. Units: ms. Source: assumed; a day covers the maintenance of a platform. */
const GIVE_UP_MS = 86_400_000;

/** At the begin of a session. Units: `silentMs` for which the platform had said nothing when the last one ended; a network may cut each within a day. */
export function startWatch(nowMono: MonoMs, silentMs = 0): AckWatch {
  return { sinceMono: null, waitMs: WAIT_MS.first, isCautious: false, heardMono: nowMono - silentMs };
}

/** An acknowledgement moved the cursor. */
export function afterAck(watch: AckWatch, nowMono: MonoMs, isAllAcked: boolean): AckWatch {
  return { ...watch, sinceMono: isAllAcked ? null : nowMono, waitMs: WAIT_MS.first, isCautious: false, heardMono: nowMono };
}

/** A look at the clock: whether to go back, and the watch after it. */
export function look(
  watch: AckWatch,
  at: { readonly nowMono: MonoMs; readonly isWaiting: boolean; readonly roundTripMs: number },
): { readonly watch: AckWatch; readonly goesBack: boolean } {
  if (!at.isWaiting) return { watch: { ...watch, sinceMono: null }, goesBack: false };
  if (watch.sinceMono === null) return { watch: { ...watch, sinceMono: at.nowMono }, goesBack: false };
  const waitMs = Math.max(watch.waitMs, ROUND_TRIPS * at.roundTripMs);
  if (at.nowMono - watch.sinceMono < waitMs) return { watch, goesBack: false };
  const longer = Math.min(watch.waitMs * 2, WAIT_MS.longest);
  return { watch: { ...watch, sinceMono: at.nowMono, waitMs: longer, isCautious: true }, goesBack: true };
}

/** Whether a platform whose word is needed has not given a first one for long. */
export function isOverdue({ heardMono }: AckWatch, nowMono: MonoMs): boolean {
  return nowMono - heardMono >= WAIT_MS.longest;
}

/** Whether the platform has been silent for so long that rows are sent on without its word. */
export function hasGivenUp({ heardMono }: AckWatch, nowMono: MonoMs): boolean {
  return nowMono - heardMono >= GIVE_UP_MS;
}
