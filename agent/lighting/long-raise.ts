/**
 * Ends a raise of a zone that lasts too long to be caused by people: two sensors in turn, or pulses shorter than the hold, keep a zone raised all
 * night although neither sensor is stuck.
 *
 * Pure: state, state of the zone and time in, state out.
 */
import type { PresenceConfig } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';

/** A raise of a zone by presence at its own sensors that continues without a pause. */
export interface LongRaise {
  readonly sinceMono: MonoMs;
  /** It has lasted too long: the zone's own sensors no longer raise lamps. */
  readonly isOver: boolean;
}

/** The state of a zone at one instant, as far as the length of a raise depends on it. */
export interface RaisedZone {
  readonly isNight: boolean;
  /** Presence decides the level of one of its lamps. */
  readonly isRaised: boolean;
  /** Time since a sensor of the zone with `listen: own` last detected a person; infinite if none did. Units: ms. */
  readonly stillMs: number;
}

/**
 * How long all sensors of a zone must detect nothing before they raise it again. Units: ms. Source: as for one stuck sensor; longer than any
 * `offDelayS`.
 */
const STILL_MS = 60_000;

/**
 * Returns the raise after one more evaluation; undefined if there is none. Once the zone's sensors have detected nothing for a minute, and
 * for `holdS`, any raise of its lamps has another cause and does not count. A raise becomes `isOver` after `maxBoostS`, but only within
 * a minute after a detection. It then remains until the sensors have detected nothing for a minute, or until day.
 */
export function afterRaise(
  before: LongRaise | undefined,
  { isNight, isRaised, stillMs }: RaisedZone,
  { maxBoostS, holdS }: Pick<PresenceConfig, 'maxBoostS' | 'holdS'>,
  nowMono: MonoMs,
): LongRaise | undefined {
  if (!isNight) return undefined;
  if (before?.isOver === true) return stillMs >= STILL_MS ? undefined : before;
  if (!isRaised || stillMs >= Math.max(STILL_MS, holdS * 1_000)) return undefined;
  const sinceMono = before?.sinceMono ?? nowMono;
  return { sinceMono, isOver: nowMono - sinceMono >= maxBoostS * 1_000 && stillMs < STILL_MS };
}
