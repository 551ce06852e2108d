/** A straight line through noisy points that single wrong points do not move: the estimator of Theil and Sen. Pure. */
import { medianOfAll } from '../night-load/robust.ts';
import { studentQuantile90, Z_90 } from '../savings/fit-quality.ts';

/** One point of a series: the value `y` at `x`, such as a time. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
}

/**
 * A fitted line. From 8 points on, `slopeLow` to `slopeHigh` is about a 90 % interval of the slope; with fewer it is rough. `levelError`:
 * half the width of such an interval of `level`; it proves nothing with three points.
 */
export interface RobustLine {
  /** The median slope of the pairs of points. Units: y per x. */
  readonly slope: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
  /** Value of the line at the last x. */
  readonly level: number;
  readonly levelError: number;
}

/** The standard deviation of a normal distribution, from its median absolute deviation. Source: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.4826;
/** The error of a line at its end is this many times that of a mean. Source: least squares with equal distances. */
const END_FACTOR = 2;
/** A line lies close to few points: their median deviation is too small by 1 + this / degrees of freedom. Source: Rousseeuw and Leroy, Robust Regression, 1987, chapter 5. */
const FEW_POINTS = 5;

/** Points on each side of a step. */
const LEAST_SIDE = 2;
/** Two levels must leave at most this share of the line's deviations. Source: assumed; a straight line leaves more with two levels than with itself, an ideal step none. Confirmed by: `bench -- predict`. */
const STEP_SHARE = 0.5;

/**
 * Returns the line of Theil and Sen with the interval of its slope; null for fewer than three points, or if all have one x. `points`:
 * lowest x first. Source: Sen 1968, interval by Kendall's variance without ties.
 */
export function robustLine(points: readonly SeriesPoint[]): RobustLine | null {
  const slopes = pairSlopes(points);
  const end = points.at(-1);
  if (points.length < 3 || slopes.length === 0 || end === undefined) return null;
  const slope = medianOfAll(slopes);
  const n = points.length;
  const spread = Z_90 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const rank = (sign: number): number => slopes[clamp(Math.round((slopes.length + sign * spread) / 2), slopes.length - 1)] ?? slope;
  const levels = points.map(({ x, y }) => y - slope * (x - end.x));
  const level = medianOfAll(levels);
  const freedom = n - 2;
  const sigma = MAD_TO_SIGMA * (1 + FEW_POINTS / freedom) * medianOfAll(levels.map((each) => Math.abs(each - level)));
  const levelError = (studentQuantile90(freedom) * END_FACTOR * sigma) / Math.sqrt(n);
  return { slope, slopeLow: rank(-1), slopeHigh: rank(1), level, levelError };
}

/** Returns the slopes of all pairs of points, smallest first. */
function pairSlopes(points: readonly SeriesPoint[]): Float64Array {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let found = 0;
  for (const [at, a] of points.entries()) for (const b of points.slice(at + 1)) if (b.x > a.x) slopes[found++] = (b.y - a.y) / (b.x - a.x);
  return slopes.subarray(0, found).sort();
}

function clamp(index: number, most: number): number {
  return Math.max(0, Math.min(most, index));
}

/**
 * Returns the index of the first point after a step, such as a repair. Null unless two levels fit the points much better than their line.
 * `points`: lowest x first.
 */
export function stepIn(points: readonly SeriesPoint[], { slope, level }: RobustLine): number | null {
  const end = points.at(-1)?.x ?? 0;
  const ofLine = points.reduce((sum, { x, y }) => sum + Math.abs(y - level - slope * (x - end)), 0);
  let best: { readonly at: number; readonly sum: number } | null = null;
  for (let at = LEAST_SIDE; at <= points.length - LEAST_SIDE; at++) {
    const sum = deviation(points.slice(0, at)) + deviation(points.slice(at));
    if (best === null || sum < best.sum) best = { at, sum };
  }
  return best !== null && best.sum < STEP_SHARE * ofLine ? best.at : null;
}

function deviation(points: readonly SeriesPoint[]): number {
  const median = medianOfAll(points.map(({ y }) => y));
  return points.reduce((sum, { y }) => sum + Math.abs(y - median), 0);
}
