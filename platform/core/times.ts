/** Times that PostgreSQL and a calendar can hold. */

/** Source: PostgreSQL's timestamptz begins before 1970 and ends long after; 9999 is the last year of ISO 8601 with four digits. Units: ms UTC. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** Whether a time from outside can be stored. Units: ms UTC. */
export function isTime(ms: number): boolean {
  return ms >= 0 && ms <= LAST_MS;
}

/** The day of a time, as `2026-11-28` (UTC). */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
