/**
 * Returns the parts of a sum, rounded to `decimals` so that they add up to the rounded sum, except for floating-point errors. No part
 * changes by a whole unit of the last decimal or more. Source: largest remainder method (Hamilton).
 */
export function roundedParts(values: readonly number[], decimals: number): number[] {
  const unit = 10 ** decimals;
  const scaled = values.map((value) => value * unit);
  const floors = scaled.map(Math.floor);
  const total = Math.round(scaled.reduce((sum, value) => sum + value, 0));
  const spare = total - floors.reduce((sum, value) => sum + value, 0);
  const byRemainder = scaled.map((value, i) => ({ i, rest: value - (floors[i] ?? 0) })).toSorted((a, b) => b.rest - a.rest || a.i - b.i);
  const raised = new Set(byRemainder.slice(0, spare).map(({ i }) => i));
  return floors.map((floor, i) => (floor + (raised.has(i) ? 1 : 0)) / unit);
}
