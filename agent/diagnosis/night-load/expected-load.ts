/**
 * What a night should look like, from the nights before: the highest and lowest expected load for each minute since switch-on.
 *
 * Steps may follow the switch-on, the clock, or the middle of the night (drivers with a virtual midnight). All three are tried, so between the two
 * moments at which a step may come, both levels are expected.
 */
import { medianOf } from './robust.ts';

/**
 * A night as the model compares it. `level`: smoothed power by minute since switch-on, corrected for the voltage where that is known; in
 * ln W. It is NaN where too few minutes nearby have a power after the warm-up. `onMin`: the switch-on, in minutes since 1970, UTC.
 */
export interface NightProfile {
  readonly onMin: number;
  /** The middle between switch-on and switch-off. Units: minutes since switch-on. */
  readonly middleMin: number;
  /** Local time less UTC at switch-on. Units: minutes. */
  readonly utcOffsetMin: number;
  readonly level: Float64Array;
}

/**
 * The expected power by minute since switch-on, at the usual voltage where voltages are known. Units: ln W; NaN where it is not known well
 * enough, for example near a step.
 */
export type ExpectedLoad = Float64Array;

/** What is known of the night at its switch-on (`onMin`). `utcOffsetMin`: local time less UTC. Units: minutes since 1970, UTC; minutes. */
export interface NightStart {
  readonly onMin: number;
  readonly utcOffsetMin: number;
}

/** A step may come so much earlier or later than in the night before. Units: minutes. Source: assumed; clocks of lamps drift, and lamps switch one after the other. Confirmed by: dim steps of a week at one cabinet. */
const STEP_SLACK_MIN = 5;
/** Nights whose shift by the clock is larger have no common step by the clock. Units: minutes. Source: assumed; two hours of season and an hour of summer time. Confirmed by: as above. */
const MAX_SHIFT_MIN = 180;
/**
 * A smaller difference of the expected level is not taken as a dimming step. Units: ln W. Source: assumed; regulators in a real cabinet
 * switch by 1 to 1.5 %. Confirmed by: `bench -- faults --data`.
 */
export const LEAST_STEP = 0.015;
const DAY_MIN = 1_440;

/**
 * Returns the expected power of a night, for `lengthMin` minutes from its switch-on. NaN where it is not known well enough, as near a step.
 * `before`: the nights to compute it from, oldest first. Units: ln W.
 */
export function expectedLoad(before: readonly NightProfile[], night: NightStart, lengthMin: number): ExpectedLoad {
  const lows = before.map((past) => enveloped(past, shiftsOf(past, before, night), lengthMin, Math.min));
  const highs = before.map((past) => enveloped(past, shiftsOf(past, before, night), lengthMin, Math.max));
  const window = new Float64Array(before.length);
  const medianAt = (nights: readonly Float64Array[], minute: number): number => {
    let count = 0;
    for (const night of nights) {
      const value = night[minute] ?? Number.NaN;
      if (!Number.isNaN(value)) window[count++] = value;
    }
    return medianOf(window, count);
  };
  return new Float64Array(lengthMin).map((_, minute) => {
    const [low, high] = [medianAt(lows, minute), medianAt(highs, minute)];
    return high - low < LEAST_STEP ? (low + high) / 2 : Number.NaN;
  });
}

/** The minutes by which a past night is shifted so that it may match this one. */
function shiftsOf(past: NightProfile, before: readonly NightProfile[], night: NightStart): readonly number[] {
  const byClock = wrapped(night.onMin - past.onMin);
  const bySummerTime = wrapped(byClock + night.utcOffsetMin - past.utcOffsetMin);
  const newest = before.at(-1) ?? past;
  const middle = wrapped(newest.onMin + newest.middleMin - night.onMin);
  const shifts = new Set([0, byClock, bySummerTime, past.middleMin - middle]);
  return [...shifts].filter((shift) => Math.abs(shift) <= MAX_SHIFT_MIN);
}

function wrapped(minutes: number): number {
  return minutes - DAY_MIN * Math.round(minutes / DAY_MIN);
}

function enveloped(
  { level }: NightProfile,
  shifts: readonly number[],
  lengthMin: number,
  pick: (a: number, b: number) => number,
): Float64Array {
  const result = new Float64Array(lengthMin).fill(Number.NaN);
  // Windows that overlap are joined: each minute of the past night is looked at once for each shift and slack.
  const offsets = new Set(
    shifts.flatMap((shift) => Array.from({ length: 2 * STEP_SLACK_MIN + 1 }, (_, index) => shift + index - STEP_SLACK_MIN)),
  );
  for (const offset of offsets) {
    for (let minute = Math.max(0, -offset); minute < Math.min(lengthMin, level.length - offset); minute++) {
      const [value, other] = [level[minute + offset] ?? Number.NaN, result[minute] ?? Number.NaN];
      if (!Number.isNaN(value)) result[minute] = Number.isNaN(other) ? value : pick(value, other);
    }
  }
  return result;
}
