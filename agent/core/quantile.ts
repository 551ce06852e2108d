/**
 * The smallest of these values that at least this share of them does not exceed: 0.5 for the median, 1 for the largest.
 *
 * Units: those of the values; `share` from 0 to 1. NaN where there are no values. Source: nearest-rank method.
 */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
