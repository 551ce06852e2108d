import fc from 'fast-check';
import t from 'tap';
import { robustLine, stepIn } from '../../../../agent/diagnosis/wear/theil-sen.ts';
import { noise } from './wearing-lamps.ts';

const line = (count: number, of: (x: number) => number) => Array.from({ length: count }, (_, x) => ({ x, y: of(x) }));

t.test('an exact line is found whatever two of ten points say', async () => {
  fc.assert(
    fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.array(fc.nat(9), { maxLength: 2 }), (slope, wrong) => {
      const found = robustLine(line(10, (x) => (wrong.includes(x) ? 1e6 : 5 + slope * x)));
      return found !== null && Math.abs(found.slope - slope) < 1e-6 && Math.abs(found.level - (5 + 9 * slope)) < 1e-4;
    }),
  );
});

t.test('the interval contains the slope in 9 of 10 cases', async (t) => {
  let inside = 0;
  for (let seed = 0; seed < 400; seed++) {
    const wobble = noise(seed, 3);
    const found = robustLine(line(13, (x) => 0.4 * x + wobble()));
    if (found !== null && found.slopeLow <= 0.4 && found.slopeHigh >= 0.4) inside++;
  }
  t.ok(inside >= 340 && inside <= 385, `${inside} of 400`);
});

t.test('the interval of the level at the end contains it in 9 of 10 cases, also with few points', async (t) => {
  for (const count of [8, 13, 26]) {
    let inside = 0;
    for (let seed = 0; seed < 1_000; seed++) {
      const wobble = noise(seed, 3);
      const found = robustLine(line(count, (x) => 0.4 * x + wobble()));
      if (found !== null && Math.abs(found.level - 0.4 * (count - 1)) <= found.levelError) inside++;
    }
    t.ok(inside >= 870 && inside <= 940, `${inside} of 1000 with ${count} points`);
  }
});

t.test('there is no line through too few points, or points at one x', async (t) => {
  t.equal(robustLine([]), null);
  t.equal(robustLine(line(2, (x) => x)), null);
  t.equal(robustLine(line(5, () => 1).map(({ y }) => ({ x: 3, y }))), null);
  t.match(robustLine(line(5, () => 1)), { slope: 0, level: 1, levelError: 0 });
});

t.test('a step is told from a line', async (t) => {
  const step = line(12, (x) => (x < 7 ? 0 : -10));
  const ramp = line(12, (x) => -x);
  const found = [step, ramp].map((points) => {
    const fitted = robustLine(points);
    return fitted === null ? undefined : stepIn(points, fitted);
  });
  t.strictSame(found, [7, null]);
});
