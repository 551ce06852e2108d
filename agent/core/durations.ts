/** One second. Units: ms. */
export const SECOND_MS = 1_000;

/** One minute. Units: ms. */
export const MINUTE_MS = 60_000;

/** One hour. Units: ms. */
export const HOUR_MS = 3_600_000;

/** 24 hours; a civil day may be longer or shorter. Units: ms. */
export const DAY_MS = 86_400_000;

/** Returns the start of a day such as `2026-12-01` in UTC; null if the text is no such day. Units: ms since 1970. */
export function dayStartMs(day: string): number | null {
  const startMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isFinite(startMs) && new Date(startMs).toISOString().startsWith(day) ? startMs : null;
}
