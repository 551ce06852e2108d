/** Fade times of DALI control gear: sixteen steps, each 1.4 times the one before. Source: IEC 62386-102, T = 0.5 s * sqrt(2^n), n from 1 to 15; 0 is no fade. */
const HALF_SECOND_MS = 500;
const LONGEST = 15;

/**
 * Returns the number, 0 to 15, of the DALI fade time that is nearest, by ratio, to a ramp; 0, no fade, for one below about 0.6 s. Units:
 * `rampMs` in ms.
 */
export function daliFadeTime(rampMs: number): number {
  if (rampMs <= 0) return 0;
  return Math.min(LONGEST, Math.max(0, Math.round(2 * Math.log2(rampMs / HALF_SECOND_MS))));
}

/** Returns how long the DALI fade time with this number, 0 to 15, lasts; 0 for number 0. Units: ms. */
export function daliFadeMs(fadeTime: number): number {
  return fadeTime <= 0 ? 0 : Math.round(HALF_SECOND_MS * Math.SQRT2 ** fadeTime);
}
