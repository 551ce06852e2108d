/** Judges the ramp of a lamp against its rated power. Pure. */
import type { LampFinding, LampRamp, LevelMeasure } from '../../core/acceptance.ts';
import { powerW } from '../energy.ts';

/** The limits of the site for the power and the power factor of a lamp. */
export interface AcceptanceLimits {
  /** Accepted difference to either side; one of 2 W is accepted in any case. Units: % of the expected power. */
  readonly powerTolerancePct: number;
  /** The lowest accepted power factor; from 0 to 1. */
  readonly powerFactorMin: number;
}

/** A difference below this is noise of the meter. Units: W. Source: assumed; steps of 1 W in two readings. Confirmed by: readings of the installed meters at a constant load. */
const NOISE_W = 2;
/** From this level on a power factor is judged. Units: %. Source: as the watch, which applies the lowest power factor above half the level. */
const FACTOR_FROM_PCT = 60;

/**
 * Returns the finding for a ramp: its own verdict unless that is `ok`. Otherwise the last measured power is compared with the power
 * expected at its level, then the power factors at 60 % or more with their minimum. `ok` if nothing is wrong, or if neither was measured.
 * Units: W.
 */
export function judgeLamp({ verdict, levels }: LampRamp, ratedPowerW: number, limits: AcceptanceLimits): LampFinding {
  if (verdict !== 'ok') return verdict;
  const top = topMeasure(levels);
  if (top?.powerW != null) {
    const modelW = powerW(ratedPowerW, top.levelPct);
    const toleranceW = Math.max(NOISE_W, (modelW * limits.powerTolerancePct) / 100);
    if (top.powerW < modelW - toleranceW) return 'power too low';
    if (top.powerW > modelW + toleranceW) return 'power too high';
  }
  const factors = levels.flatMap(({ levelPct, powerFactor }) =>
    powerFactor === null || levelPct < FACTOR_FROM_PCT ? [] : [Math.abs(powerFactor)],
  );
  return factors.some((factor) => factor < limits.powerFactorMin) ? 'power factor low' : 'ok';
}

/** Returns the last of these levels with a measured power; undefined if no power was measured. */
export function topMeasure(levels: readonly LevelMeasure[]): LevelMeasure | undefined {
  return levels.findLast((level) => level.powerW !== null);
}
