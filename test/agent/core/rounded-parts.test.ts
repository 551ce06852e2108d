/** Rounded parts add up to the rounded sum. */
import fc from 'fast-check';
import t from 'tap';
import { roundedParts } from '../../../agent/core/rounded-parts.ts';

const cases: [values: number[], decimals: number, rounded: number[]][] = [
  [[], 1, []],
  [[1 / 3, 1 / 3, 1 / 3], 2, [0.34, 0.33, 0.33]],
  [[112.44, 216.44, 0.12], 1, [112.5, 216.4, 0.1]],
  [[2.5, 2.5], 0, [3, 2]],
  [[-1.4, 3.4], 0, [-1, 3]],
  [[0, 0], 2, [0, 0]],
];
for (const [values, decimals, rounded] of cases)
  t.test(`${JSON.stringify(values)} at ${decimals} decimals`, async (t) => t.strictSame(roundedParts(values, decimals), rounded));

t.test('for any numbers the sum is kept, and no part moves by a whole unit', async (t) => {
  const value = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 997);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 50 }), fc.integer({ min: 0, max: 3 }), (values, decimals) => {
      const unit = 10 ** decimals;
      const rounded = roundedParts(values, decimals);
      const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);
      const isKept = Math.abs(sum(rounded) * unit - sum(values) * unit) <= 0.5 + 1e-6;
      return isKept && rounded.every((each, i) => Math.abs(each - (values[i] ?? 0)) * unit < 1 + 1e-6);
    }),
  );
  t.pass('held for all generated lists');
});
