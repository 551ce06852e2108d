/** Robust statistics over windows with holes: medians that ignore missing values, and the level that a noise exceeds once in a long time. */

/** Up to this count, insertion is several times as fast as the sort of a typed array. */
const SHORT = 24;

/** Returns the median of the first `count` values, and sorts these in place. None of them may be NaN. NaN if `count` is 0. */
export function medianOf(window: Float64Array, count: number): number {
  if (count === 0) return Number.NaN;
  const sorted = window.subarray(0, count);
  if (count > SHORT) sorted.sort();
  else sortShort(sorted);
  const middle = count >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return count % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function sortShort(values: Float64Array): void {
  for (let from = 1; from < values.length; from++) {
    const value = values[from] ?? Number.NaN;
    let at = from;
    for (; at > 0 && (values[at - 1] ?? Number.NaN) > value; at--) values[at] = values[at - 1] ?? Number.NaN;
    values[at] = value;
  }
}

/** Returns the median of the values that are not NaN; NaN without such a value. */
export function medianOfAll(values: Iterable<number>): number {
  const present = Float64Array.from(values).filter((value) => !Number.isNaN(value));
  return medianOf(present, present.length);
}

/** Returns the centred running median over at most `2 reach + 1` values. NaN values are left out; NaN if at most `reach / 2` remain. */
export function smoothed(values: Float64Array, reach: number): Float64Array {
  const window = new Float64Array(2 * reach + 1);
  return values.map((_, index) => {
    let count = 0;
    for (let at = Math.max(0, index - reach); at <= Math.min(values.length - 1, index + reach); at++) {
      const value = values[at] ?? Number.NaN;
      if (!Number.isNaN(value)) window[count++] = value;
    }
    return count * 2 > reach ? medianOf(window, count) : Number.NaN;
  });
}

/**
 * Estimates the level that a noise exceeds once in `blocks` blocks, from the maxima of the blocks seen; NaN maxima are left out. NaN with
 * too few maxima; 0 if too few of them are positive. Units: as the maxima.
 *
 * Source: quantile of the half-normal distribution with the root mean square of the excesses over 0 (peaks over threshold).
 */
export function returnLevel(maxima: readonly number[], blocks: number): number {
  const seen = maxima.filter((value) => !Number.isNaN(value));
  if (seen.length < 8) return Number.NaN;
  const peaks = seen.filter((value) => value > 0);
  if (peaks.length * blocks <= seen.length) return 0;
  const rms = Math.sqrt(peaks.reduce((sum, value) => sum + value * value, 0) / peaks.length);
  return rms * normalQuantile(1 - seen.length / peaks.length / blocks / 2);
}

/** Returns the quantile of the standard normal distribution for 0.5 <= p < 1. Source: Abramowitz and Stegun 26.2.23, error below 4.5e-4. */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  return t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
}
