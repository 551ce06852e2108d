import t from 'tap';
import { late, repeated, SEEN_WITHIN_MS, type Trouble, underUnit, worstSight } from './troubles.ts';

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'repeats its replies once after 0.2 s': repeated(1, 200),
  'repeats its replies twice within 0.4 s': repeated(2, 200),
  'repeats its replies ten times within 1 s': repeated(10, 100),
  'repeats its replies ten times within 10 s': repeated(10, 1_000),
  'repeats its replies after 10 s': repeated(1, 10_000),
  'replies 1.5 s late': late(1_500),
  'replies 5 s late': late(5_000),
  'replies 30 s late': late(30_000),
  'replies under the number of the sensor': underUnit((sensor) => sensor, 0),
  'repeats its replies under the number of the sensor': underUnit((sensor) => sensor, 150),
  'replies under an unused number': underUnit(() => 99, 0),
};

for (const [name, what] of Object.entries(TROUBLES))
  t.test(`a lamp that ${name} blinds no sensor of its line`, async (t) => {
    for (const [lamps, forMs] of [
      [1, 1_000],
      [1, 10_000],
      [10, 1_000],
      [33, 10_000],
    ] as const) {
      const { worstMs, wrong } = await worstSight(t, lamps, { who: 'L1', forMs, what });
      t.ok(worstMs <= SEEN_WITHIN_MS, `with ${lamps} lamps, for ${forMs} ms: seen after ${worstMs} ms`);
      t.same(wrong, []);
    }
  });

t.test('a sensor whose replies arrive twice is still read', async (t) => {
  for (const copies of [1, 2]) {
    const { worstMs } = await worstSight(t, 10, { who: 'S1', forMs: 1_000, what: repeated(copies, 200) });
    t.ok(worstMs <= SEEN_WITHIN_MS, `${copies} copies: seen after ${worstMs} ms`);
  }
});
