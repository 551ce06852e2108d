/** One second. Units: ms. */
export const SECOND_MS = 1_000;

/** One minute. Units: ms. */
export const MINUTE_MS = 60_000;

/** One hour. Units: ms. */
export const HOUR_MS = 3_600_000;

/** 24 hours; a civil day may be longer or shorter. Units: ms. */
export const DAY_MS = 86_400_000;
