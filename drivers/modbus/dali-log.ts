/**
 * DALI levels ↔ % of light.
 *
 * Pure.
 * Source: IEC 62386-102, standard dimming curve: light = 10^((n - 1) / (253 / 3) - 1) %, n from 1 (0.1 %) to 254 (100 %).
 */

const LEVELS_PER_DECADE = 253 / 3;
const MAX_LEVEL = 254;

/** Units: %. Errors: null for 255, which means "no change" or "not known", and for what is no level at all. */
export function daliPct(level: number): number | null {
  if (level === 0) return 0;
  return level >= 1 && level <= MAX_LEVEL ? 10 ** ((level - 1) / LEVELS_PER_DECADE - 1) : null;
}

/** The level nearest to a share of light; 0 only for 0, so that no lamp goes out by rounding. */
export function daliLevel(pct: number): number {
  if (pct <= 0) return 0;
  return Math.min(MAX_LEVEL, Math.max(1, Math.round(1 + LEVELS_PER_DECADE * (Math.log10(pct) + 1))));
}
