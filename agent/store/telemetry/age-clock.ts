/**
 * The time used to calculate the age of rows: the wall clock, unless it has jumped further than a cabinet is usually without mains.
 *
 * A clock that is ahead by years makes all rows look too old. One retention would then remove a store that is only months old. Pure.
 */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';

/** The state of the age clock, by which the age of rows is calculated. The telemetry file stores it, so it survives a restart. */
export interface AgeClock {
  /**
   * The time of the last check whose clock was believed, plus the time that the agent ran between the checks since then. Begins at a time
   * at which no row is too old.
   */
  readonly ageMs: WallMs;
  /**
   * A clock that is too far ahead: its time at the first and at the last check since it jumped there. Null while the clock is believed.
   */
  readonly doubted: { readonly sinceMs: WallMs; readonly seenMs: WallMs } | null;
}

/**
 * A wall clock that is further ahead of the age clock than this is not believed at first. Units: ms.
 *
 * Source: assumed; road works cut the mains of a cabinet for weeks, and within a month a person notices dates that are off by years.
 * Confirmed by: the outages in the logs of cabinets over a year.
 */
export const JUMP_MS = 31 * DAY_MS;

/**
 * Returns the state after a check of the clock at `atMs`. A time more than `JUMP_MS` after `ageMs` plus `livedMs` is doubted until the
 * clock has moved on by `JUMP_MS` from there without another such jump. Any other time is believed at once, also one in the past.
 * `livedMs`: how long the agent has been running since the last check, or since its start if that was later. Units: ms.
 */
export function nextAgeClock({ ageMs, doubted }: AgeClock, atMs: WallMs, livedMs: number): AgeClock {
  if (atMs <= ageMs + livedMs + JUMP_MS) return { ageMs: atMs, doubted: null };
  const isSame = doubted !== null && Math.abs(atMs - doubted.seenMs) <= livedMs + JUMP_MS;
  const sinceMs = isSame ? doubted.sinceMs : atMs;
  if (atMs - sinceMs >= JUMP_MS) return { ageMs: atMs, doubted: null };
  return { ageMs: ageMs + livedMs, doubted: { sinceMs, seenMs: atMs } };
}
