/**
 * Decides from the time of the last acknowledgement whether rows are sent again, and whether the platform counts as silent.
 *
 * Pure: takes the watch and the time, returns the next watch.
 */
import type { MonoMs } from '../../core/clock.ts';

/** The state of the wait for the platform's acknowledgement, in one session. */
export interface AckWatch {
  /** Start of the current wait for an acknowledgement; null while there is no wait. */
  readonly sinceMono: MonoMs | null;
  /** How long to wait at least before unacknowledged rows are sent again. Units: ms. */
  readonly waitMs: number;
  /** A wait has run out in this session, and no `afterAck` followed: send one small batch at a time. */
  readonly isCautious: boolean;
  /** The time of the last acknowledgement in this session; before it, the start of the session minus the silence of earlier sessions. */
  readonly lastAckMono: MonoMs;
}

/** Shortest and longest wait. Units: ms. Source: three round trips, at least 30 s; doubled so that a silent platform costs no data. */
const WAIT_MS = { first: 30_000, longest: 600_000 };
/** Round trips to the broker within which a platform has stored what it read. Source: the same. */
const ROUND_TRIPS = 3;
/** After this silence rows no longer wait for the platform's acknowledgement. Units: ms. Source: assumed; a day covers the maintenance of a platform. Confirmed by: the outages of platforms in use. */
const GIVE_UP_MS = 86_400_000;

/**
 * When a server is left through which nothing is acknowledged: at first, and at most after the last change. Units: ms. Source: assumed; longer
 * than a restart of the platform's database, and births of 80 KB an hour in a long outage of the platform. Confirmed by: the outages of
 * platforms and of brokers in use.
 */
const LEAVE_MS = { first: 90_000, longest: 3_600_000 };

/**
 * Returns the silence of the platform at which the next server is tried. `leftMs`: the silence at which the last one was left since the last
 * acknowledgement; null if none was. Units: ms.
 */
export function leaveAtMs(leftMs: number | null): number {
  return leftMs === null ? LEAVE_MS.first : leftMs + Math.min(leftMs * 2, LEAVE_MS.longest);
}

/** Returns the watch at the start of a session. `silentMs`: time of earlier sessions since the last acknowledgement. Units: ms. */
export function startWatch(nowMono: MonoMs, silentMs = 0): AckWatch {
  return { sinceMono: null, waitMs: WAIT_MS.first, isCautious: false, lastAckMono: nowMono - silentMs };
}

/**
 * Returns the watch after an acknowledgement that moved the cursor, or that left no row waiting for one (`isAllAcked`). The wait begins
 * again, or ends if `isAllAcked`.
 */
export function afterAck(watch: AckWatch, nowMono: MonoMs, isAllAcked: boolean): AckWatch {
  return { ...watch, sinceMono: isAllAcked ? null : nowMono, waitMs: WAIT_MS.first, isCautious: false, lastAckMono: nowMono };
}

/**
 * Returns the next watch, and whether the unacknowledged rows must be sent again now; call it periodically. `isWaiting`: rows are
 * unacknowledged. `roundTripMs`: to the broker and back, in ms.
 */
export function checkWatch(
  watch: AckWatch,
  at: { readonly nowMono: MonoMs; readonly isWaiting: boolean; readonly roundTripMs: number },
): { readonly watch: AckWatch; readonly isResendDue: boolean } {
  if (!at.isWaiting) return { watch: { ...watch, sinceMono: null }, isResendDue: false };
  if (watch.sinceMono === null) return { watch: { ...watch, sinceMono: at.nowMono }, isResendDue: false };
  const waitMs = Math.max(watch.waitMs, ROUND_TRIPS * at.roundTripMs);
  if (at.nowMono - watch.sinceMono < waitMs) return { watch, isResendDue: false };
  const longer = Math.min(watch.waitMs * 2, WAIT_MS.longest);
  return { watch: { ...watch, sinceMono: at.nowMono, waitMs: longer, isCautious: true }, isResendDue: true };
}

/**
 * Whether 10 minutes or more of session time have passed without an acknowledgement. The time is added up over sessions. Call it within a
 * session.
 */
export function isOverdue({ lastAckMono }: AckWatch, nowMono: MonoMs): boolean {
  return nowMono - lastAckMono >= WAIT_MS.longest;
}

/**
 * Whether a day or more of session time has passed without an acknowledgement. The time is added up over sessions. Call it within a
 * session.
 */
export function hasGivenUp({ lastAckMono }: AckWatch, nowMono: MonoMs): boolean {
  return nowMono - lastAckMono >= GIVE_UP_MS;
}
