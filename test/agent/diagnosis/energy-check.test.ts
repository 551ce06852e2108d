import t from 'tap';
import { comparedEnergy } from '../../../agent/diagnosis/energy-check.ts';
import type { NightTally } from '../../../agent/diagnosis/energy-tally.ts';

const BILLED = new Set(['LINKY']);
const night = (kwh: Readonly<Record<string, number>>, computedKwh: number, awayMs = 0): NightTally => ({
  zones: {},
  lampWh: {},
  meters: Object.fromEntries(Object.entries(kwh).map(([id, each]) => [id, { kwh: each, nights: 1, computedWh: 1_000 * computedKwh }])),
  awayMs,
  undatedMs: 0,
});

const table: [story: string, of: NightTally, differs: boolean | null, text?: RegExp][] = [
  [
    'all within 2 %',
    night({ LINKY: 100, M01: 98.1 }, 101.9),
    false,
    /LINKY counted 100\.0 kWh, .*98\.1 kWh \(-1\.9 %\), .*101\.9 kWh \(\+1\.9 %\)/,
  ],
  ['the own meters too low', night({ LINKY: 100, M01: 97.9 }, 100), true, /own meters 97\.9 kWh \(-2\.1 %\).*check other loads/],
  ['the computed energy too high', night({ LINKY: 100, M01: 100 }, 102.1), true],
  ['the sum of several meters', night({ LINKY: 100, M01: 60, M02: 40 }, 100), false],
  ['no own meter: the computed energy alone', night({ LINKY: 100 }, 90), true, /the computed energy of the lamps 90\.0 kWh \(-10\.0 %\)/],
  ['an agent that was away: the own meters alone', night({ LINKY: 100, M01: 100 }, 50, 3_600_000), false, /own meters/],
  ['away, and no own meter', night({ LINKY: 100 }, 50, 3_600_000), null],
  ['a night without light', night({ LINKY: 0.4, M01: 0.2 }, 0.1), null],
  ['a meter of the invoice that stands still', night({ LINKY: 0, M01: 40 }, 40), true],
  ['no meter of the invoice', night({ M01: 40 }, 30), null],
  ['a first night in which it was not read', night({ M01: 40 }, 40), null],
];
for (const [story, of, differs, text = /./] of table) {
  t.test(story, async (t) => {
    const [found, ...more] = comparedEnergy(of, BILLED, '2026-11-28');
    t.same(more, []);
    t.equal(found?.differs ?? null, differs);
    if (found !== undefined) t.match(String(found.text), text);
  });
}
