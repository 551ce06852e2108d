import fc from 'fast-check';
import t from 'tap';
import { localTicks, plotLines, type Sample } from '../../../../agent/console/text/plot.ts';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';

/** A plot of one hour. */
const drawn = (samples: readonly Sample[], decimals = 0): string[] =>
  plotLines(samples, { fromMs: AT_MS, toMs: AT_MS + HOUR_MS, timezone: TIMEZONE, decimals, widthCols: 80 });

const steady = (value: number, from = 0, to = 1): Sample => ({
  fromMs: AT_MS + from * HOUR_MS,
  toMs: AT_MS + to * HOUR_MS,
  min: value,
  mean: value,
  max: value,
});

t.test('a value in force is an unbroken line, and an unknown one is a blank of its length', async (t) => {
  const whole = drawn([steady(30)]).filter((line) => line.includes('*'));
  t.strictSame(whole, [`30 +${'*'.repeat(76)}`]);
  const [broken = ''] = drawn([steady(30, 0, 0.25), steady(30, 0.5, 0.75)]).filter((line) => line.includes('*'));
  t.equal(broken, `30 +${'*'.repeat(19)}${' '.repeat(19)}${'*'.repeat(19)}`);
  const [partly = ''] = drawn([steady(30, 0.01, 0.02)]).filter((line) => line.includes('*'));
  t.equal(partly, '30 +**', 'a column that it holds in part is a column');
});

t.test('an axis has rounded values, and none is minus zero', async (t) => {
  const labels = (...samples: Sample[]) => drawn(samples).flatMap((line) => /^ *(-?[\d.]+) \+/.exec(line)?.[1] ?? []);
  t.strictSame(labels(steady(0), steady(97.3)), ['100', '80', '60', '40', '20', '0']);
  t.strictSame(labels(steady(-0.3), steady(0.2)), ['0.2', '0.1', '0.0', '-0.1', '-0.2', '-0.3']);
  t.strictSame(labels(steady(229.8), steady(231.4)), ['231.5', '231.0', '230.5', '230.0', '229.5']);
  t.strictSame(labels(steady(7)), ['8', '7']);
  t.strictSame(
    drawn([steady(7)], 2).flatMap((line) => /^(\S+) \+/.exec(line)?.[1] ?? []),
    ['7.01', '7.00'],
  );
});

t.test('equal values that doubles do not tell from their neighbours have a plot', async (t) => {
  for (const [value, decimals] of [
    [1e17, 0],
    [1e14, 2],
    [3.4e38, 0],
    [-1e17, 2],
  ] as const) {
    const lines = drawn([steady(value)], decimals);
    t.equal(lines.filter((line) => line.includes('*')).length, 1, `${value}`);
    t.equal(new Set(lines.flatMap((line) => /^ *(\S+) \+/.exec(line)?.[1] ?? [])).size, 2, `${value}: ${lines[0]}`);
  }
});

t.test('the time axis shows what the clocks on the wall showed, also on the night on which they change', async (t) => {
  const axis = (from: string, to: string) => {
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    const frame = { fromMs, toMs, timezone: TIMEZONE, decimals: 0, widthCols: 80 };
    const [marks = '', labels = ''] = plotLines([{ fromMs, toMs, min: 0, mean: 0, max: 0 }], frame).slice(-2);
    const named = labels.trim().split(/ {2,}/);
    t.equal(marks.split('+').length - 2, named.length, 'no mark without its time');
    return named;
  };
  t.strictSame(axis('2026-10-24T20:00Z', '2026-10-25T08:00Z'), ['22:00', '25 Oct', '02:00', '04:00', '06:00', '08:00']);
  t.strictSame(axis('2026-03-28T20:00Z', '2026-03-29T08:00Z'), ['22:00', '29 Mar', '04:00', '06:00', '08:00']);
  t.strictSame(axis('2026-12-01T21:00Z', '2026-12-02T05:00Z'), ['22:00', '23:00', '2 Dec', '01:00', '02:00', '03:00', '04:00', '05:00']);
  t.strictSame(axis('2026-10-20T00:00Z', '2026-10-31T00:00Z').slice(0, 4), ['22 Oct', '24 Oct', '26 Oct', '28 Oct']);
});

t.test('any plot fits the terminal, shows each sample and ends', async (t) => {
  const value = fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constantFrom(0, 1e-9, -1e-9, 1e12, 230, 1e17, 1e17 + 16, -3.4e38),
  );
  const sample = fc.record({
    from: fc.double({ min: -0.5, max: 1, noNaN: true }),
    long: fc.double({ min: 0, max: 1, noNaN: true }),
    a: value,
    b: value,
    c: value,
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 20 }), fc.nat({ max: 400 }), (made, days) => {
      const fromMs = AT_MS;
      const toMs = fromMs + 60_000 + days * 86_400_000;
      const samples = made.map(({ from, long, a, b, c }): Sample => {
        const [min = 0, mean = 0, max = 0] = [a, b, c].sort((x, y) => x - y);
        const startMs = fromMs + from * (toMs - fromMs - 1);
        return { fromMs: startMs, toMs: startMs + long * (toMs - fromMs), min, mean, max };
      });
      const lines = plotLines(samples, { fromMs, toMs, timezone: TIMEZONE, decimals: 1, widthCols: 80 });
      const isWithin = lines.length <= 24 && lines.every((line) => line.length <= 80 && /^[ -~]*$/.test(line) && !line.endsWith(' '));
      return isWithin && lines.some((line) => line.includes('*'));
    }),
  );
  t.pass('held for all curves');
});

t.test('every hour of a night in which the clocks change has its tick, within the period', async (t) => {
  for (const [from, hours] of [
    ['2026-03-28T11:00:00Z', 23],
    ['2026-10-24T10:00:00Z', 25],
    ['2026-12-01T11:00:00Z', 24],
  ] as const) {
    const fromMs = Date.parse(from);
    const toMs = fromMs + hours * HOUR_MS;
    const ticks = localTicks({ fromMs, toMs, timezone: 'Europe/Paris' }, 30);
    // In autumn the hour that occurs twice has one tick.
    t.equal(ticks.length, hours === 25 ? 24 : hours, from);
    t.ok(ticks.every(({ atMs }) => atMs >= fromMs && atMs < toMs));
  }
});
