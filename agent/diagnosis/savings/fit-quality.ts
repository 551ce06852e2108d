/** How well a model fits measured energy, as performance contracts state it. Pure. */

/** The measured and the modelled energy of one night. Both in the same unit. */
export interface ModelledPair {
  readonly measured: number;
  readonly modelled: number;
}

/** CV(RMSE) and NMBE. Units: %; `nmbePct` is positive if the model is too high. */
export interface FitQuality {
  readonly cvPct: number;
  readonly nmbePct: number;
}

/**
 * Returns CV(RMSE) and NMBE for a model with `parameters` fitted parameters. Null unless there are more pairs than parameters and the mean
 * measured energy is above 0. Source: ASHRAE Guideline 14: √(Σ(ŷ−y)²/(n−p))/ȳ and Σ(ŷ−y)/((n−p)·ȳ).
 */
export function fitQuality(pairs: readonly ModelledPair[], parameters: number): FitQuality | null {
  const freedom = pairs.length - parameters;
  const mean = pairs.reduce((sum, { measured }) => sum + measured, 0) / pairs.length;
  if (freedom <= 0 || !(mean > 0)) return null;
  const squares = pairs.reduce((sum, { measured, modelled }) => sum + (modelled - measured) ** 2, 0);
  const bias = pairs.reduce((sum, { measured, modelled }) => sum + modelled - measured, 0);
  return { cvPct: (100 * Math.sqrt(squares / freedom)) / mean, nmbePct: (100 * bias) / (freedom * mean) };
}

/** The 95 % quantile of the standard normal distribution: limits of a two-sided 90 % interval. Source: ISO/IEC Guide 98-3 (GUM), table G.1. */
export const Z_90 = 1.6449;

/** The 95 % quantile of Student's t with 1 to 4 degrees of freedom. Source: ISO/IEC Guide 98-3 (GUM), table G.2, with three decimals. */
const FEW_QUANTILES = [6.314, 2.92, 2.353, 2.132] as const;

/**
 * Returns the 95 % quantile of Student's t with this many degrees of freedom, a whole number, to 0.3 %; infinite below 1.
 * Source: a table for few, otherwise the Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5.
 */
export function studentQuantile90(freedom: number): number {
  if (freedom < 1) return Number.POSITIVE_INFINITY;
  const few = FEW_QUANTILES[Math.floor(freedom) - 1];
  if (few !== undefined) return few;
  const z = Z_90;
  const terms = [(z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96, (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384];
  return terms.reduce((sum, term, at) => sum + term / freedom ** (at + 1), z);
}

/** Returns the root of the sum of squares: several independent errors as one; 0 without any. Source: ISO/IEC Guide 98-3 (GUM) 5.1.2. */
export function rootSumSquares(halves: Iterable<number>): number {
  let squares = 0;
  for (const half of halves) squares += half * half;
  return Math.sqrt(squares);
}
