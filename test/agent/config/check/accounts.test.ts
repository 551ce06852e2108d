/** Inventory dates, lit areas, prices and emission factors in a cabinet file. */
import t from 'tap';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { ConfigError, formatProblem } from '../../../../agent/core/errors.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';

const problemsOf = (text: string): string[] => {
  try {
    loadCabinet('x', () => text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => formatProblem(problem).replace(/^x:\d+:\d+: /, ''));
  }
};

t.test('a date of installation is a real day, month or year', async (t) => {
  const accepts = (date: string): boolean =>
    problemsOf(SMALL_SITE.replace('{ id: L01, ratedPowerW', `{ id: L01, headInstalledOn: "${date}", ratedPowerW`)).length === 0;
  const isDay = (day: string): boolean => new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;
  const two = (n: number): string => String(n).padStart(2, '0');
  for (const year of [1900, 1999, 2000, 2019, 2020])
    for (const month of [1, 2, 4, 12])
      for (const day of [0, 1, 28, 29, 30, 31, 32]) {
        const date = `${year}-${two(month)}-${two(day)}`;
        t.equal(accepts(date), isDay(date), date);
      }
  for (const date of ['2019', '2019-06', '1900']) t.ok(accepts(date), date);
  for (const date of ['', '19', '2019-13', '2019-00', '2019-6', '20190614', '14/06/2019', '1899', '2100', '2019-06-14T00:00', ' 2019'])
    t.notOk(accepts(date), date);
});

const sections: [story: string, yaml: string, problems: string[]][] = [
  ['prices and factors', 'energy:\n  prices: [{ from: 2026-02-01, perKwh: 0.2 }, { from: 2026-02-01, tariff: t1, perKwh: 0.1 }]\n', []],
  ['an empty section', 'energy: {}\n', []],
  ['a section without a value', 'energy:\n', []],
  [
    'two prices for one day',
    'energy: { prices: [{ from: 2026-02-01, tariff: t1, perKwh: 0.2 }, { from: 2026-02-01, tariff: t1, perKwh: 0.1 }] }\n',
    ['energy.prices[1].from: there are two prices from 2026-02-01 on (the other is in line 37)'],
  ],
  [
    'a day that is none',
    'energy: { co2Factors: [{ from: 2026-02-30, gramsPerKwh: 40, source: here }] }\n',
    ['energy.co2Factors[0].from: there is no day 2026-02-30'],
  ],
  [
    'a factor without its source',
    'energy: { co2Factors: [{ from: 2026-02-01, gramsPerKwh: 40 }] }\n',
    ['energy.co2Factors[0].source: missing; needed: text of 1 to 80 characters'],
  ],
  [
    'another tariff period and currency',
    'energy: { currency: euro, prices: [{ from: 2026-02-01, tariff: HP, perKwh: 1 }] }\n',
    [
      'energy.currency: found "euro"; allowed: a currency by its three letters, EUR',
      'energy.prices[0].tariff: found "HP"; allowed: a tariff period of the utility\'s meter, t1 to t10',
    ],
  ],
];
for (const [story, yaml, problems] of sections)
  t.test(`energy: ${story}`, async (t) => t.strictSame(problemsOf(`${SMALL_SITE}${yaml}`), problems));

t.test('the agent has prices, factors and lit areas as they are written', async (t) => {
  const yaml =
    'energy: { currency: TRY, prices: [{ from: 2026-02-01, perKwh: 4 }], co2Factors: [{ from: 2026-01-01, gramsPerKwh: 400, source: here }] }\n';
  const areas = 'litAreas: [{ areaM2: 2100, illuminanceLux: 7.5 }]';
  const { cabinet } = loadCabinet('x', () => `${SMALL_SITE.replace('    minPct: 10\n', `    minPct: 10\n    ${areas}\n`)}${yaml}`);
  t.strictSame(cabinet.energy, {
    currency: 'TRY',
    prices: [{ from: '2026-02-01', perKwh: 4, tariff: null }],
    co2Factors: [{ from: '2026-01-01', gramsPerKwh: 400, source: 'here' }],
  });
  t.strictSame(cabinet.zones[0]?.litAreas, [{ areaM2: 2_100, illuminanceLux: 7.5 }]);
  t.equal(loadCabinet('x', () => SMALL_SITE).cabinet.energy, undefined);
});
