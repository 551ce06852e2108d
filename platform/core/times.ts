/** Times that PostgreSQL and a calendar can hold. */

/** Source: PostgreSQL's timestamptz begins before 1970 and ends long after; 9999 is the last year of ISO 8601 with four digits. Units: ms UTC. */
const LAST_MS = Date.UTC(9999, 11, 31);

/**
 * A state whose time is further ahead of the present comes from a clock that is wrong. Units: ms. Source: assumed; a cabinet with NTP is
 * within a second, one without drifts by some seconds a day. Confirmed by: the clocks of a real fleet.
 */
export const AHEAD_MS = 300_000;

/** Whether a time from outside can be stored: from 1970 to 00:00 of 31 December 9999, both included. Units: ms UTC. */
export function isTime(ms: number): boolean {
  return ms >= 0 && ms <= LAST_MS;
}

/**
 * Returns the time of a state: the first of `times` that can be stored. The time of receipt if none can, or if that one is more than
 * `AHEAD_MS` after it: a time far ahead would exclude later states. Units: ms UTC.
 */
export function stateTime(times: readonly (number | undefined)[], receivedMs: number): number {
  const ms = times.find((time) => time !== undefined && isTime(time)) ?? receivedMs;
  return ms > receivedMs + AHEAD_MS ? receivedMs : ms;
}

/** The day of a time for which `isTime` is true, as `2026-11-28` (UTC). Units: ms UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
