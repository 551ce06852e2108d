/**
 * The wait before the next attempt to connect. Pure; the random number is an argument.
 */

/** Longest rest after the first failure, and after many. Units: ms. Source: design §7, issue "uplink": 1 s to 5 min. */
const BACK_OFF_MS = { first: 1_000, max: 300_000 };
/** Rest after the first takeover, and after many. Units: ms. Source: assumed; a person needs minutes to find the other client. */
const TAKEOVER_MS = { first: 60_000, max: 900_000 };
/** A session that lived this long shows a sound link: failures are counted from 0 again. Units: ms. Source: assumed; longer than keepalive × 1.5. */
export const STABLE_MS = 60_000;

/**
 * The rest after `failures` failures in a row, by full jitter, so that a fleet spreads.
 *
 * Units:  ms; `chance` is 0..1.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog: full jitter gives the least work for the server.
 */
export function backOffMs(failures: number, chance: number): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  return Math.min(BACK_OFF_MS.first * 2 ** exponent, BACK_OFF_MS.max) * chance;
}

/**
 * The rest after `takeovers` takeovers in a row: between half and all of a doubling time, so that two clients with one id do not
 * stay in step.
 *
 * Units: ms; `chance` is 0..1.
 */
export function takeoverRestMs(takeovers: number, chance: number): number {
  const exponent = Math.min(Math.max(takeovers - 1, 0), 30);
  return Math.min(TAKEOVER_MS.first * 2 ** exponent, TAKEOVER_MS.max) * (0.5 + chance / 2);
}
