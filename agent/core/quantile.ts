/**
 * Returns a quantile of values in any order, such as the median for 0.5: one of the values.
 *
 * Units: those of the values; `share` from 0 to 1, 0 gives the smallest. NaN without values. Source: nearest-rank method.
 */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
