/** The power expected of a lamp at a level, and the bounds by which a reading is judged. Pure. */
import type { LevelPct } from '../../core/words.ts';
import { powerW } from '../energy.ts';
import { bandOf, type LevelCurve } from './level-curve.ts';
import type { WatchedLamp } from './watch-plan.ts';

/**
 * Bounds of the power of a lit lamp: below `lowW` it draws too little, above `highW` too much. `modelW`: from the rated power and the level
 * alone. `expectedW`: `modelW` corrected by what was learned or measured of this lamp, also at near levels. Units: W.
 */
export interface PowerBounds {
  readonly modelW: number;
  readonly expectedW: number;
  /** Below this it gives no light. 0 where the expected power is too small for the steps of the register to show that. */
  readonly outW: number;
  readonly lowW: number;
  readonly highW: number;
  /** The expected power was learned at about this level. False also if it was only measured there at the commissioning. */
  readonly isLearned: boolean;
}

/** A lamp below this share of its expected power gives no light. Source: CPD 3000 manual, 20 %. */
const OUT_SHARE = 0.2;
/** Standby power of a dark driver. Units: W. Source: Regulation (EU) 2019/2020 Annex II, at most 0.5 W. */
const STANDBY_W = 0.5;
/** A register with coarse steps may read standby as a whole step: then up to this share counts as dark. Source: assumed. Confirmed by: readings of dark lamps. */
const OUT_SHARE_COARSE = 0.4;
/** Tolerance of a level that is not learned: from another level, or from the rated power alone. Source: assumed; ratings and dimming curves differ by this. Confirmed by: measured curves of luminaires. */
const UNLEARNED = { near: 0.3, rated: 0.5 };
/**
 * Power that a driver may use itself at any level, beyond the model, until it is learned: a share of its rated power. Source: assumed; small drivers
 * are 80 to 90 % efficient at full load and lose about as much at a low level. Confirmed by: measured curves of luminaires below 20 W.
 */
const OWN_USE_SHARE = 0.15;
/** A lamp with noisy readings gets a wider tolerance, up to this. Source: assumed; a lost string of three is 33 %. Confirmed by: `bench -- faults`. */
const WIDEST = 0.35;
/** Standard deviations of its own readings that a lamp may differ. Source: assumed; of 10,000 readings a night less than one is beyond. Confirmed by: `bench -- faults`. */
const SIGMAS = 4;
/** Tolerance towards the reference of the first nights: slow ageing is for the prediction, a slow loss of strings is a fault. Source: assumed. Confirmed by: drift of lamps over years. */
const REFERENCE_SHARE = 0.2;

/**
 * What the expectation is computed with. `lamp`: its index in the curve. `tolerancePct`: least distance of the bounds from the expected
 * power, in % of it. Only `lowW` may be nearer, or even above that power, where the power is below the reference of the curve.
 */
export interface PowerBasis {
  readonly lamp: number;
  readonly curve: LevelCurve;
  readonly tolerancePct: number;
}

/**
 * Returns the power expected of a lamp at a level above 0 %, from its rated power and what was learned of this lamp, and the bounds by which
 * a reading is judged. Units: W.
 */
export function expectedPower(
  { ratedPowerW, stepW }: WatchedLamp,
  levelPct: LevelPct,
  { lamp, curve, tolerancePct }: PowerBasis,
): PowerBounds {
  const band = bandOf(levelPct);
  const modelW = powerW(ratedPowerW, levelPct);
  const isLearned = curve.isLearned(lamp, band);
  const ratio = curve.median(lamp, band);
  const expectedW = modelW * (Number.isNaN(ratio) ? 1 : ratio);
  const usual = tolerancePct / 100;
  const sigma = curve.sigma(lamp, band);
  const share = isLearned
    ? // Without spread the ratio may be 0, of a register too coarse for this level.
      Math.max(usual, sigma === 0 ? 0 : Math.min(WIDEST, (SIGMAS * sigma) / ratio))
    : Math.max(usual, Number.isNaN(ratio) ? UNLEARNED.rated : UNLEARNED.near);
  const leastW = 1.5 * stepW + STANDBY_W;
  const toleranceW = Math.max(share * expectedW, leastW);
  const referenceW = modelW * curve.reference(lamp, band);
  const lowReferenceW = Number.isNaN(referenceW) ? 0 : referenceW - Math.max(Math.max(share, REFERENCE_SHARE) * referenceW, leastW);
  return {
    modelW,
    expectedW,
    outW: expectedW > leastW ? Math.max(OUT_SHARE * expectedW, Math.min(OUT_SHARE_COARSE * expectedW, stepW + STANDBY_W)) : 0,
    lowW: Math.max(expectedW - toleranceW, lowReferenceW),
    highW: expectedW + toleranceW + (isLearned ? 0 : OWN_USE_SHARE * ratedPowerW * (1 - levelPct / 100)),
    isLearned,
  };
}
