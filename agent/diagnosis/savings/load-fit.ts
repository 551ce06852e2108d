/** Learns how the energy of a meter follows from the computed energy of the lamps, and applies that to a night or a part of it. Pure. */
import type { LoadFit } from '../../core/savings-view.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { fitQuality } from './fit-quality.ts';
import { addedSums, type LoadSums, NO_SUMS, regressors, UNKNOWNS } from './load-sums.ts';

/**
 * One night to learn the coefficients of a meter from. `sums`: of its lit samples only; `hours` and energies are of the whole night.
 * `litHours`: time with a lit lamp. `bandWh`: computed energy of the lamps by level; `meterWh`: measured energy. Units: h, Wh.
 */
export interface LearnableNight {
  readonly sums: LoadSums;
  readonly hours: number;
  readonly litHours: number;
  readonly bandWh: readonly number[];
  readonly meterWh: number;
  /** Mean load with all lamps dark; null if it is not known. Units: W. */
  readonly darkW: number | null;
}

/**
 * The part of a night, or the night, that the model is applied to. `hours`: its length; `litHours`: its time with a lit lamp. `bandWh`:
 * computed energy of the lamps by level. Units: h, Wh.
 */
export interface ModelledSpan {
  readonly hours: number;
  readonly litHours: number;
  readonly bandWh: ArrayLike<number>;
}

/**
 * Coefficients for one night, or a part of it. `otherW`: load with all lamps dark; 0 if it is not known. `litW`: load that is added to it
 * while lamps are lit. `factors`: what the computed energy of each level is multiplied by: 0 %, up to 10 %, ... up to 100 %. Units: W.
 */
export interface SpanFit {
  readonly otherW: number;
  readonly litW: number;
  readonly factors: readonly number[];
}

/**
 * Expected standard deviation of the factor of one level from the common factor; a level with little energy stays near that one. Units: as
 * the factors, a ratio. Source: assumed; drivers differ by some percent in their curves. Confirmed by: learned factors of several streets.
 */
export const LEVEL_SPREAD = 0.1;
/** How far `litShare` is expected from 0. Source: assumed; a heater works at night at most twice as much as by day. Confirmed by: meters of cabinets with a heater. */
const LIT_SPREAD = 1;
/** Fewest samples to learn from. Source: assumed; four hours of light. Confirmed by: bench savings with a quarter and with four times of it. */
const LEAST_SAMPLES = 16;
/** Rounds in which the noise is estimated again from the residuals. */
const ROUNDS = 3;
const TINY = 1e-9;

/** A solution of the normal equations. `covariance`: row by row. */
interface Solution {
  readonly unknowns: readonly number[];
  readonly covariance: Float64Array;
}

/**
 * Returns the coefficients that are learned from nights; null if they have too few lit samples, or if they show no load of the lamps.
 * Source: Bayesian linear regression with normal priors for the deviation of each level from the common factor, and for `litShare` (ridge
 * regression).
 */
export function learnedFit(nights: readonly LearnableNight[]): LoadFit | null {
  const dark = nights.flatMap(({ darkW }) => darkW ?? []);
  const otherW = dark.length === 0 ? 0 : dark.reduce((sum, each) => sum + each, 0) / dark.length;
  const leastOtherW = dark.length === 0 ? 0 : Math.min(...dark);
  const sums = nights.reduce((all, night) => addedSums(all, lampsOnly(night.sums, night.darkW ?? otherW, leastOtherW)), NO_SUMS);
  if (sums.samples < LEAST_SAMPLES || (sums.vector[1] ?? 0) <= 0) return null;
  let solution = solved(sums, residualVariance(sums, null));
  for (let round = 1; round < ROUNDS && solution !== null; round++) solution = solved(sums, residualVariance(sums, solution.unknowns));
  if (solution === null) return null;
  const [litShare = 0, common = 1, , ...deviations] = solution.unknowns;
  const fit = { otherW, leastOtherW, litShare, factors: [0, ...deviations.map((each) => common + each)] };
  const pairs = nights.map((night) => ({ measured: night.meterWh, modelled: modelWh(fitOf(fit, night.darkW), night) }));
  const quality = fitQuality(pairs, Math.min(2, nights.length - 1));
  return {
    ...fit,
    factorErrors: factorErrors(solution),
    nights: nights.length,
    cvPct: quality?.cvPct ?? Number.NaN,
    nmbePct: quality?.nmbePct ?? Number.NaN,
    standardErrorPct: standardErrorPct(
      solution,
      nights,
      pairs.reduce((sum, { modelled }) => sum + modelled, 0),
    ),
  };
}

/**
 * Returns the coefficients for a night. `darkW`: the load with all lamps dark in this night, in W; if it is null, the mean of the learned
 * nights is used.
 */
export function fitOf(fit: Pick<LoadFit, 'otherW' | 'leastOtherW' | 'litShare' | 'factors'>, darkW: number | null): SpanFit {
  const otherW = darkW ?? fit.otherW;
  return { otherW, litW: fit.litShare * (otherW - fit.leastOtherW), factors: fit.factors };
}

/** Returns the energy of the meter in this span by the model. Units: Wh. */
export function modelWh({ otherW, litW, factors }: SpanFit, { hours, litHours, bandWh }: ModelledSpan): number {
  let sum = otherW * hours + litW * litHours;
  for (let band = 0; band < LEVEL_BANDS; band++) sum += (factors[band] ?? 1) * (bandWh[band] ?? 0);
  return sum;
}

/** Returns the sums after the load with dark lamps is taken away, and with what this load has above its least as the first unknown. */
function lampsOnly({ matrix, vector, squares, samples }: LoadSums, darkW: number, leastW: number): LoadSums {
  const above = darkW - leastW;
  const hoursSquared = matrix[0] ?? 0;
  return {
    matrix: matrix.map((value, next) => (next === 0 ? value * above * above : next < UNKNOWNS ? value * above : value)),
    vector: vector.map((value, i) => (value - darkW * (matrix[i] ?? 0)) * (i === 0 ? above : 1)),
    squares: squares - 2 * darkW * (vector[0] ?? 0) + darkW * darkW * hoursSquared,
    samples,
  };
}

/** The squared residual of a sample: of this solution, or a hundredth of the energy's square before there is one. */
function residualVariance({ matrix, vector, squares, samples }: LoadSums, unknowns: readonly number[] | null): number {
  if (unknowns === null) return (0.01 * squares) / samples;
  let sum = squares;
  let next = 0;
  for (let i = 0; i < UNKNOWNS; i++) {
    sum -= 2 * (unknowns[i] ?? 0) * (vector[i] ?? 0);
    for (let j = i; j < UNKNOWNS; j++, next++) sum += (i === j ? 1 : 2) * (unknowns[i] ?? 0) * (unknowns[j] ?? 0) * (matrix[next] ?? 0);
  }
  // Rounding may leave a negative rest of a perfect fit.
  return Math.max(sum / Math.max(1, samples - UNKNOWNS), TINY * (squares / samples), TINY);
}

function solved({ matrix, vector }: LoadSums, variance: number): Solution | null {
  const full = square(matrix);
  full[0] = at(full, 0, 0) + variance / LIT_SPREAD ** 2;
  for (let band = 2; band < UNKNOWNS; band++) full[band * UNKNOWNS + band] = at(full, band, band) + variance / LEVEL_SPREAD ** 2;
  const inverse = inverted(full);
  if (inverse === null) return null;
  return {
    unknowns: Array.from({ length: UNKNOWNS }, (_, i) => vector.reduce((sum, value, j) => sum + value * at(inverse, i, j), 0)),
    covariance: inverse.map((value) => value * variance),
  };
}

/** Returns the whole symmetric matrix, row by row. */
function square(triangle: readonly number[]): Float64Array {
  const full = new Float64Array(UNKNOWNS * UNKNOWNS);
  let next = 0;
  for (let i = 0; i < UNKNOWNS; i++)
    for (let j = i; j < UNKNOWNS; j++, next++) {
      full[i * UNKNOWNS + j] = triangle[next] ?? 0;
      full[j * UNKNOWNS + i] = triangle[next] ?? 0;
    }
  return full;
}

function at(matrix: Float64Array, row: number, column: number): number {
  return matrix[row * UNKNOWNS + column] ?? 0;
}

/** Gauss-Jordan elimination without exchange of rows, enough for a positive definite matrix; null for another. */
function inverted(matrix: Float64Array): Float64Array | null {
  const left = Float64Array.from(matrix);
  const right = new Float64Array(UNKNOWNS * UNKNOWNS);
  for (let i = 0; i < UNKNOWNS; i++) right[i * UNKNOWNS + i] = 1;
  for (let pivot = 0; pivot < UNKNOWNS; pivot++) {
    const by = at(left, pivot, pivot);
    if (!(by > TINY)) return null;
    for (const half of [left, right]) for (let j = 0; j < UNKNOWNS; j++) half[pivot * UNKNOWNS + j] = at(half, pivot, j) / by;
    for (let row = 0; row < UNKNOWNS; row++) {
      const factor = row === pivot ? 0 : at(left, row, pivot);
      if (factor === 0) continue;
      for (const half of [left, right])
        for (let j = 0; j < UNKNOWNS; j++) half[row * UNKNOWNS + j] = at(half, row, j) - factor * at(half, pivot, j);
    }
  }
  return right;
}

function factorErrors({ covariance }: Solution): readonly number[] {
  return Array.from({ length: LEVEL_BANDS }, (_, band) => {
    const [own, common] = [band + 2, 1];
    const variance = at(covariance, own, own) + 2 * at(covariance, own, common) + at(covariance, common, common);
    return band === 0 ? 0 : Math.sqrt(Math.max(0, variance));
  });
}

/** The standard error of the energy of all learned nights, as a share of it. Units: Wh, %. */
function standardErrorPct({ covariance }: Solution, nights: readonly LearnableNight[], wholeWh: number): number {
  const bandWh = Array.from({ length: LEVEL_BANDS }, (_, band) =>
    band === 0 ? 0 : nights.reduce((sum, night) => sum + (night.bandWh[band] ?? 0), 0),
  );
  const row = regressors(0, bandWh);
  const variance = row.reduce((sum, a, i) => sum + row.reduce((part, b, j) => part + a * b * at(covariance, i, j), 0), 0);
  return (100 * Math.sqrt(Math.max(0, variance))) / Math.max(TINY, wholeWh);
}
