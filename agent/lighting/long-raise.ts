/**
 * Ends a raise of a zone that lasts longer than people do: two sensors in turn, or pulses shorter than the hold, keep a zone raised all
 * night without one of them being stuck.
 *
 * Pure: a state, what the zone shows and the time in, a state out.
 */
import type { MonoMs } from '../core/clock.ts';

/** A raise that goes on. */
export interface LongRaise {
  readonly sinceMono: MonoMs;
  /** It has lasted too long: presence raises the zone no more. */
  readonly isOver: boolean;
}

/** What a zone shows at one instant. */
export interface RaisedZone {
  readonly isNight: boolean;
  /** Presence holds one of its lamps above what it would have without. */
  readonly isRaised: boolean;
  /** How long none of its sensors has detected a person. Units: ms. */
  readonly stillMs: number;
}

/** All sensors of a zone must be still for so long before they raise it again. Units: ms. Source: as for one stuck sensor; longer than any `offDelayS`. */
const STILL_MS = 60_000;

/** Returns the raise after one more evaluation; undefined while there is none. A pause of the raise, and the day, end it. */
export function afterRaise(
  before: LongRaise | undefined,
  { isNight, isRaised, stillMs }: RaisedZone,
  maxBoostS: number,
  nowMono: MonoMs,
): LongRaise | undefined {
  if (!isNight) return undefined;
  if (before?.isOver === true) return stillMs >= STILL_MS ? undefined : before;
  if (!isRaised) return undefined;
  const sinceMono = before?.sinceMono ?? nowMono;
  return { sinceMono, isOver: nowMono - sinceMono >= maxBoostS * 1_000 };
}
