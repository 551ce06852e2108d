/**
 * How the power of a cabinet follows the mains voltage: P ~ V^exponent, within a minute and within an hour.
 *
 * The two differ where something regulates voltage or power more slowly than a minute: a tap changer, a stabiliser, electronic gear.
 */
import type { NightTrace } from './night-trace.ts';
import { medianOf } from './robust.ts';

/** Exponents: the power is proportional to the voltage raised to them. Units: none; 0 is constant power or not known, 2 a resistor. */
export interface VoltageExponents {
  /** For changes within some minutes. */
  readonly fast: number;
  /** For the levels of hours and nights; from 0 to `fast`, and equal to it if it is not known. */
  readonly slow: number;
}

/** Distances of the two minutes of a slope, and the least change of voltage between them. Units: minutes; ln V. */
interface SlopeRule {
  readonly lagsMin: readonly number[];
  readonly minStep: number;
}

/** Source: assumed; class 1 meters repeat to about 0.05 %. Confirmed by: exponents found with a meter of class 0.5. */
const FAST: SlopeRule = { lagsMin: [1], minStep: 0.000_8 };
/** Source: assumed; regulators act within minutes, and 1 V of 230 V is larger than the noise of a minute. Confirmed by: exponents of cabinets with and without a regulator. */
const SLOW: SlopeRule = { lagsMin: [60, 120, 180], minStep: 0.004 };
/** Steeper slopes are switching, not voltage. Source: 2 is a resistor; assumed: noise adds as much again. Confirmed by: as above. */
const MAX_SLOPE = 4;
/** Fewest pairs for an estimate. Source: assumed; an hour. Confirmed by: spread of the exponents over nights. */
const MIN_PAIRS = 60;

/**
 * Returns the exponents of these nights. With too few usable changes of the voltage from minute to minute, both are 0; with too few over
 * hours, `slow` equals `fast`. `settledMin`: minutes at the start of a night that are left out.
 *
 * Source: Theil 1950 and Sen 1968 (median of slopes), over pairs of minutes at fixed distances.
 */
export function voltageExponents(nights: readonly NightTrace[], settledMin: number): VoltageExponents {
  const fast = Math.max(0, medianSlope(nights, FAST, settledMin) ?? 0);
  const slow = Math.max(0, medianSlope(nights, SLOW, settledMin) ?? fast);
  return { fast, slow: Math.min(fast, slow) };
}

function medianSlope(nights: readonly NightTrace[], { lagsMin, minStep }: SlopeRule, fromMin: number): number | undefined {
  const slopes = new Float64Array(lagsMin.length * nights.reduce((sum, night) => sum + night.length, 0));
  let count = 0;
  for (const { lnW, lnV, length } of nights) {
    for (const lagMin of lagsMin) {
      for (let minute = fromMin; minute + lagMin < length; minute++) {
        const dv = change(lnV, minute, lagMin);
        const slope = change(lnW, minute, lagMin) / dv;
        if (Math.abs(dv) >= minStep && Math.abs(slope) <= MAX_SLOPE) slopes[count++] = slope;
      }
    }
  }
  return count < MIN_PAIRS ? undefined : medianOf(slopes, count);
}

function change(values: Float32Array, minute: number, lagMin: number): number {
  return (values[minute + lagMin] ?? Number.NaN) - (values[minute] ?? Number.NaN);
}
