/**
 * The time by which the age of rows is judged: the wall clock, unless it has jumped further than a cabinet is usually without mains.
 *
 * A clock that is years ahead makes all rows look too old. One retention would then remove a whole store that is only months old. Pure.
 */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';

/** Kept in the file between two looks. */
export interface AgeClock {
  /** The age of rows was last judged by this time. */
  readonly ageMs: WallMs;
  /** A time that lies too far ahead: when it was first seen, and its newest look. Null while the clock is believed. */
  readonly doubted: { readonly sinceMs: WallMs; readonly seenMs: WallMs } | null;
}

/**
 * A larger jump ahead between two looks is doubted, and is believed once the clock has gone on from there for as long. Units: ms.
 *
 * Source: assumed; works on a road cut the mains of a cabinet for weeks, and within a month somebody has seen dates that are years off.
 */
export const JUMP_MS = 31 * DAY_MS;

/** The state after a look at the clock. `livedMs`: how long the agent has been running since the last look. Units: ms. */
export function nextAgeClock({ ageMs, doubted }: AgeClock, atMs: WallMs, livedMs: number): AgeClock {
  if (atMs <= ageMs + livedMs + JUMP_MS) return { ageMs: atMs, doubted: null };
  const isSame = doubted !== null && Math.abs(atMs - doubted.seenMs) <= livedMs + JUMP_MS;
  const sinceMs = isSame ? doubted.sinceMs : atMs;
  if (atMs - sinceMs >= JUMP_MS) return { ageMs: atMs, doubted: null };
  return { ageMs: ageMs + livedMs, doubted: { sinceMs, seenMs: atMs } };
}
