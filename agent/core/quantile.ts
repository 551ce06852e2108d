/**
 * The smallest value that is not below the given share of the values: 0.5 for the median, 1 for the largest.
 *
 * Units: those of the values; `share` from 0 to 1. NaN without values. Source: nearest-rank method.
 */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
