/**
 * The two signs of a lost load at a meter: the power has just fallen, and it is lower than in other nights. Each alone is common, because regulators
 * switch and nights differ; both by the same amount is rare.
 */
import { type ExpectedLoad, LEAST_STEP } from './expected-load.ts';
import { medianOf } from './robust.ts';

/**
 * The signs of a lost load at one minute: medians of the last minutes up to it. Units: ln W; `jump` and `level` are NaN if unknown, `doubt`
 * is NaN if `level` is.
 */
export interface LossSigns {
  /**
   * Change of the power from earlier minutes that neither voltage nor expected steps explain; negative for less power. The lower of two
   * estimates, each raised by how far the change of the voltage may make it wrong.
   */
  readonly jump: number;
  /** Difference of the power from the expected one; positive for more power. */
  readonly level: number;
  /** How much more the power was than expected before the change; 0 if it was less or is unknown. */
  readonly before: number;
  /** How far the level may be wrong because the voltage is unusual; not negative, and 0 without a known voltage. */
  readonly doubt: number;
}

const UNKNOWN: LossSigns = { jump: Number.NaN, level: Number.NaN, before: 0, doubt: Number.NaN };

/**
 * The power of one night by minute, without what the voltage explains where that is known. Units: ln W, NaN in the warm-up or if unknown;
 * for a known voltage, also NaN if the usual voltage is unknown. `lnV`: ln V, NaN if unknown or left out.
 */
export interface SettledLoad {
  /** By the fast exponent of the voltage. */
  readonly fast: Float64Array;
  /** By the slow exponent. */
  readonly slow: Float64Array;
  readonly lnV: Float64Array;
}

/**
 * Most minutes with a value that are compared on each side of a change. Units: minutes. Source: assumed; both sides and the minutes
 * between them are shorter than the allowed delay of 30 min. Confirmed by: `bench -- faults --data`.
 */
export const WINDOW_MIN = 8;
/** Minutes between both sides, in which the change happens. Units: minutes. Source: the meter averages over a minute; with the longer one, a change just before an expected step is found. */
const CHANGE_MIN = [1, 10];
/** Both sides are at most so far apart. Units: minutes. Source: assumed; a power cut and the lamps' warm-up. Confirmed by: lengths of power cuts. */
const FARTHEST_MIN = 150;
/** Minutes of a window that must have values. Source: assumed; more than a half, so that the median is of this side. Confirmed by: `bench -- faults --data`. */
const LEAST = Math.ceil(0.6 * WINDOW_MIN);
/** Time before a change from which the level of the night is taken. Units: minutes. Source: assumed; several times as long as a window. Confirmed by: `bench -- faults --data`. */
const HOUR_MIN = 60;
/** Share of that level that belongs to the night, such as the season or a new lamp; the rest is what regulators do, and ends. Source: assumed; equal variances between nights and within them. Confirmed by: both variances over a month of nights. */
const NIGHT_SHARE = 0.5;
/** The learned exponents are wrong by so much at a voltage far from usual. Source: assumed; spread of the exponent of a cabinet over nights. Confirmed by: a cabinet with a voltage that varies by 5 %. */
const EXPONENT_ERROR = 0.3;

/** The later side of a change. Units: ln W; ln V. */
interface Side {
  readonly power: number;
  readonly volts: number;
  readonly expected: number;
}

/**
 * Returns a function that computes the signs at a minute since switch-on, from the values up to it. `usualLnV`: the usual voltage. Units:
 * ln V; NaN if unknown.
 */
export function createLossSigns(usualLnV: number): (load: SettledLoad, expected: ExpectedLoad, minute: number) => LossSigns {
  const window = (): Float64Array => new Float64Array(WINDOW_MIN);
  const [levels, after, before, lastV, firstV] = [window(), window(), window(), window(), window()];
  /** The change of the power since the minutes up to `fromMin`. */
  const changeSince = ({ fast, lnV }: SettledLoad, expected: ExpectedLoad, fromMin: number, now: Side): number => {
    let [count, voltages] = [0, 0];
    for (let at = fromMin; at > fromMin - FARTHEST_MIN && count < WINDOW_MIN; at--) {
      const step = now.expected - value(expected, at);
      const power = value(fast, at);
      if (Number.isNaN(power) || Number.isNaN(step)) continue;
      // Smaller changes of other nights are regulators, which need not act at the same time tonight.
      before[count++] = Math.abs(step) < LEAST_STEP ? power : power + step;
      const voltage = value(lnV, at);
      if (!Number.isNaN(voltage)) firstV[voltages++] = voltage;
    }
    if (count < LEAST) return Number.NaN;
    return now.power - medianOf(before, count) + exponentError(now.volts - medianOf(firstV, voltages));
  };
  const hour = new Float64Array(HOUR_MIN);
  const levelBefore = ({ slow }: SettledLoad, expected: ExpectedLoad, fromMin: number): number => {
    let count = 0;
    for (let at = fromMin; at > fromMin - FARTHEST_MIN && count < HOUR_MIN; at--) {
      const level = value(slow, at) - value(expected, at);
      if (!Number.isNaN(level)) hour[count++] = level;
    }
    return count < LEAST ? 0 : Math.max(0, medianOf(hour, count));
  };
  return (load, expected, minute) => {
    let [count, voltages] = [0, 0];
    let expectedNow = Number.NaN;
    let at = minute;
    for (; at > minute - WINDOW_MIN; at--) {
      const usual = value(expected, at);
      const level = value(load.slow, at) - usual;
      if (Number.isNaN(level)) continue;
      expectedNow = usual;
      levels[count] = level;
      after[count++] = value(load.fast, at);
      const voltage = value(load.lnV, at);
      if (!Number.isNaN(voltage)) lastV[voltages++] = voltage;
    }
    if (count < LEAST) return UNKNOWN;
    const now: Side = { power: medianOf(after, count), volts: medianOf(lastV, voltages), expected: expectedNow };
    const changes = CHANGE_MIN.map((gapMin) => changeSince(load, expected, at - gapMin, now));
    return {
      jump: Math.min(...changes),
      level: medianOf(levels, count),
      before: levelBefore(load, expected, at - Math.max(...CHANGE_MIN)),
      doubt: exponentError(now.volts - usualLnV),
    };
  };
}

/**
 * Returns the loss that `jump` and `level` both show, the level less half of `before`; 0 if one of them shows none or is unknown. Units:
 * ln W, not negative.
 */
export function lossEvidence(jump: number, level: number, before: number): number {
  return Math.max(0, -Math.max(jump, level - NIGHT_SHARE * before)) || 0;
}

/** What a wrong exponent may have added to a difference. Zero without a voltage. */
function exponentError(differenceLnV: number): number {
  return Number.isNaN(differenceLnV) ? 0 : Math.abs(differenceLnV) * EXPONENT_ERROR;
}

function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
