import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import type { ReportCell, ReportSection } from '../../../../agent/core/report.ts';
import type { SavingsResult } from '../../../../agent/core/savings-view.ts';
import { emptyHours } from '../../../../agent/diagnosis/energy-tally.ts';
import { completenessSection } from '../../../../agent/diagnosis/reports/completeness-table.ts';
import { costSection, standardSection } from '../../../../agent/diagnosis/reports/cost-tables.ts';
import { energySection, nightBars, proofTable } from '../../../../agent/diagnosis/reports/energy-tables.ts';
import { lampSection } from '../../../../agent/diagnosis/reports/lamp-tables.ts';
import { LevelGrid } from '../../../../agent/diagnosis/reports/level-grid.ts';
import { lightSection, presenceSection } from '../../../../agent/diagnosis/reports/light-tables.ts';
import { nightFigures, nightSummary } from '../../../../agent/diagnosis/reports/night-figures.ts';
import { hoursToShow, presenceByHour } from '../../../../agent/diagnosis/reports/presence-hours.ts';
import { reportNights } from '../../../../agent/diagnosis/reports/report-nights.ts';
import { tariffParts } from '../../../../agent/diagnosis/reports/tariff-energy.ts';
import type { UsedEnergy } from '../../../../agent/diagnosis/reports/used-energy.ts';
import { CABINET, factsOf, finished, nightTally, zoneTally } from './report-scene.ts';

const hours = (values: Readonly<Record<number, number>>): number[] => emptyHours().map((_, hour) => values[hour] ?? 0);

/** The rows of a table of a section, without its titles. */
function rowsOf(section: ReportSection, at = 0): { rows: readonly (readonly ReportCell[])[]; total: readonly ReportCell[] | null } {
  const part = section.parts.filter(({ kind }) => kind === 'table')[at];
  if (part?.kind !== 'table') throw new Error(`no table ${at} in ${section.id}`);
  return { rows: part.rows, total: part.total };
}

t.test('presence is shown per hour of night, and what was not observed is not known', async (t) => {
  const path = { nightS: hours({ 17: 1_800, 18: 3_600, 2: 7_200, 7: 60 }), presentS: hours({ 17: 900, 18: 600, 2: 1_200 }) };
  const minutes = presenceByHour([path]);
  t.strictSame([minutes[17], minutes[18], minutes[2], minutes[7], minutes[12]], [30, 10, 10, null, null]);
  t.strictSame(hoursToShow([minutes]), [17, 18, 19, 20, 21, 22, 23, 0, 1, 2]);
  t.strictSame(hoursToShow([presenceByHour([{ nightS: [], presentS: [] }])]), []);
  const road = { nightS: hours({ 18: 3_600 }), presentS: hours({ 18: 3_600 }) };
  t.equal(presenceByHour([path, road])[18], 35, 'the mean of two zones');
});

t.test('the levels of a night are lamps by band, and the time without a record is shown as such', async (t) => {
  const grid = new LevelGrid(0, 24 * HOUR_MS);
  grid.add({
    fromMs: 5 * HOUR_MS,
    toMs: 6 * HOUR_MS,
    levels: new Map([
      ['a', 30],
      ['b', 0],
    ]),
  });
  grid.add({
    fromMs: 6 * HOUR_MS,
    toMs: 6 * HOUR_MS + 5 * MINUTE_MS,
    levels: new Map([
      ['a', 100],
      ['b', 100],
    ]),
  });
  const steps = grid.steps(2);
  t.strictSame([steps?.instants.length, steps?.unrecorded.length], [8, 7], 'with the end of the last step');
  t.equal(steps?.instants[0], 5 * HOUR_MS);
  t.strictSame(
    steps?.bands.map((band) => [band[0], band[6]]),
    [
      [1, 0],
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 1],
    ],
    'half of the last step is recorded, with both lamps bright',
  );
  t.strictSame([steps?.unrecorded[0], steps?.unrecorded[6]], [0, 1]);
  t.equal(new LevelGrid(0, HOUR_MS).steps(2), null);
  const twice = new LevelGrid(0, HOUR_MS);
  for (let times = 0; times < 2; times++) twice.add({ fromMs: 0, toMs: HOUR_MS, levels: new Map([['a', 40]]) });
  t.strictSame(twice.steps(1)?.bands[2], Array(6).fill(1), 'an hour that a clock repeated does not double the lamps');
});

t.test('energy is divided into tariff periods between noons, if all totals are known', async (t) => {
  const nights = [0, 1, 2].map((day) => ({ date: `2026-12-0${day + 1}`, fromMs: day * 24 * HOUR_MS, toMs: (day + 1) * 24 * HOUR_MS }));
  const totals = (...values: (number | null)[]) => new Map(values.map((value, day) => [day * 24 * HOUR_MS, value]));
  const parts = tariffParts(nights, [
    { tariff: 't1', kwh: 1, totals: totals(100, 103, 103, 105) },
    { tariff: 't2', kwh: 0.001, totals: totals(5_000, 7_000, null, 9_000) },
  ]);
  t.strictSame(
    [...parts],
    [
      [
        '2026-12-01',
        [
          { day: '2026-12-01', tariff: 't1', kwh: 3 },
          { day: '2026-12-01', tariff: 't2', kwh: 2 },
        ],
      ],
    ],
  );
  t.equal(tariffParts(nights, []).size, 0);
});

const ACCOUNTS = {
  currency: 'EUR',
  prices: [
    { from: '2026-01-01', tariff: null, perKwh: 0.2 },
    { from: '2026-12-02', tariff: 't1', perKwh: 0.1 },
  ],
  co2Factors: [{ from: '2026-12-02', gramsPerKwh: 60, source: 's' }],
};

t.test('cost and emissions of two nights, the first without a factor', async (t) => {
  const byTariff = new Map([['2026-12-02', [{ day: '2026-12-02', tariff: 't1', kwh: 1.5 }]]]);
  const facts = factsOf([nightTally(), nightTally()], { cabinet: { ...CABINET, energy: ACCOUNTS }, byTariff });
  const section = costSection(facts);
  t.match(rowsOf(section, 0), {
    rows: [
      [/./, 1.5, 0, 0.3],
      ['t1', 1.5, 0, 0.15],
    ],
    total: [/./, 3, 0, 0.45],
  });
  t.match(rowsOf(section, 1).rows, [
    ['2026-12-02', 's', 60, 1.5, 0.09],
    [/./, '', null, 1.5, null],
  ]);
  const figures = Object.fromEntries(nightFigures(facts).map(({ id, value, note }) => [id, [value, String(note)]]));
  t.match(figures, { used: [3], co2: [0.09, /without 1.5 kWh/], cost: [0.45], nights: [2, 'of 2'], saved: [3, /computed/] });
  const plain = nightFigures(factsOf([nightTally()]));
  t.match(
    plain.filter(({ id }) => id === 'co2' || id === 'cost').map(({ value }) => value),
    [null, null],
    'without prices and factors there is no 0',
  );
});

t.test('the figures of a night by hand', async (t) => {
  const facts = factsOf([nightTally()]);
  t.match(rowsOf(energySection(facts)), {
    rows: [
      ['path', 1, 2, 10, 37, 10, 5, 2, 1, 1],
      ['road', 1, 1, 10, 37, 10, 5, 1, 0.5, 0.5],
    ],
    total: [/./, '', '', '', '', '', 10, 3, 1.5, 1.5],
  });
  const light = rowsOf(lightSection(facts));
  t.match(light.rows[0], ['path', 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 2, 0, 20]);
  t.equal(light.total?.at(-1), 30);
  t.match(rowsOf(lightSection(facts), 1).rows[1], ['road', 30, 10, 0.3, 10, 1]);
  t.match(String(nightSummary(facts)), /used 1.5 kWh, computed.*would have used 3 kWh: 1.5 kWh less are used, 50 %/);
});

t.test('the indicators of EN 13201-5, and a zone without lit areas has none', async (t) => {
  const [path, road] = CABINET.zones;
  if (path === undefined || road === undefined) throw new Error('two zones');
  const cabinet = { ...CABINET, zones: [{ ...path, litAreas: [{ areaM2: 500, illuminanceLux: 8 }] }, road] };
  const section = standardSection(factsOf([nightTally()], { cabinet }));
  // 100 W over 4,000 lm; 10 h at 100 W x (0.9 x 0.3 + 0.1) over 500 m².
  t.match(rowsOf(section).rows, [
    ['path', 500, 100, 25, 1],
    ['road', null, 50, null, null],
  ]);
  t.match(String(section.notes), /DE is that of 1 nights.*No lit areas are entered for road/);
});

t.test('lamps add up to their zones; what was counted before lamps were kept is a row of its own', async (t) => {
  const both = lampSection(factsOf([nightTally(), nightTally({ lampWh: {} })]));
  t.match(rowsOf(both), {
    rows: [['L1', 'P1', 'path', 50, 0.5, 0], ['L2'], ['L3', 'P3', 'road', 50, 0.5, 0], [/./, '', '', '', 1.5, '']],
    total: [/./, '', '', '', 3, 0],
  });
  const [map] = both.parts;
  t.match(map, { kind: 'map', poles: [{ id: 'P1', street: 'Rue A', atM: 0, value: 0.5 }, {}, { street: 'B', atM: 60, mark: false }] });
  const removed = lampSection(factsOf([nightTally({ lampWh: { L1: 500, L2: 500, OLD: 500 } })]));
  t.match(rowsOf(removed).rows, [['L1'], ['L2'], ['L3', 'P3', 'road', 50, null, 0], ['OLD', null, null, null, 0.5, 0]]);
  t.match(removed.parts[0], { poles: [{}, {}, { value: null }] });
});

t.test('a cabinet that has a meter and no lamps uses energy, and has no computed saving', async (t) => {
  const facts = factsOf([nightTally({ zones: {}, lampWh: {}, meters: { UTIL: { kwh: 12, nights: 1, computedWh: 0 } } })]);
  const figures = Object.fromEntries(nightFigures(facts).map(({ id, value }) => [id, value]));
  t.match(figures, { used: 12, reference: null, saved: null, 'saved-pct': null, detection: null, light: null });
  t.match(String(nightSummary(facts)), /used 12 kWh, measured by the meter of the invoice/);
  t.match(rowsOf(energySection(facts)).rows, []);
  t.match(rowsOf(energySection(facts), 1).rows, [['UTIL', null, null, null, 1, 12, 0]], 'the meter is configured no longer');
  t.equal(energySection(factsOf([nightTally()])).parts.filter(({ kind }) => kind === 'table').length, 1, 'no meter');
});

t.test('what is not known is named', async (t) => {
  const zones = { path: { ...zoneTally(2, 10, 1_000), unknownMs: 5 * HOUR_MS } };
  const section = completenessSection(factsOf([nightTally({ zones, awayMs: 2 * HOUR_MS, undatedMs: HOUR_MS })], { lost: null }));
  t.match(
    rowsOf(section).rows.map(([what, value]) => `${what}: ${value}`),
    [
      'Nights counted: 1 of 1',
      'Lamp hours at night with a known level: 20 of 25 h',
      'Agent away: 2 h',
      'Counted before the time was known: 1 h',
      'Readings lost in gaps: null',
    ],
  );
  t.match(String(presenceSection(factsOf([nightTally(), nightTally()])).notes), /is not known/);
});

t.test('a night without the agent that the proven saving estimates is not called one without figures', async (t) => {
  const kept = ['2026-12-01', '2026-12-04'].map((period) => ({ period, isOpen: false, tally: nightTally() }));
  const nights = finished(reportNights('2026-12-01', '2026-12-04', kept));
  const figures = { measuredKwh: 1, estimatedKwh: 1, adjustedKwh: 4, halfKwh: 0.1 };
  const proven = (...dates: string[]) =>
    ({
      ...{ from: '2026-12-01', to: '2026-12-04', missingNights: [], nightsCounted: dates.length, nightsExpected: 4, isSignificant: true },
      ...{ nights: dates.map((date) => ({ date, ...figures })), zones: [], gaps: [], total: figures, halfKwh: 0.1 },
    }) as unknown as SavingsResult;
  const saidOf = (savings: SavingsResult | null): string => {
    const facts = factsOf([], { nights, savings });
    return [...nightSummary(facts), ...completenessSection(facts).notes].join('\n');
  };
  const none = saidOf(null);
  t.match(none, /Counted: 2 of 4 nights. The others are in no figure./);
  t.match(none, /Nights that were not counted, and are in no sum: 2026-12-02, 2026-12-03$/m);
  const one = saidOf(proven('2026-12-01', '2026-12-02', '2026-12-04'));
  t.match(one, /Counted: 2 of 4 nights. Not counted, but in the proven saving: 1. Any others are in no figure./);
  t.match(one, /Nights that were not counted, and are in no sum: 2026-12-03$/m);
  t.match(one, /Nights that were not counted, but are in the proven saving: 2026-12-02$/m);
  const both = saidOf(proven('2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04'));
  t.notMatch(both, /are in no sum/);
  t.match(both, /but are in the proven saving: 2026-12-02, 2026-12-03$/m);
});

t.test('a range of a few nights has a row of presence for each; many have one by month', async (t) => {
  const zones = { path: { ...zoneTally(2, 10, 1), nightS: hours({ 20: 3_600 }), presentS: hours({ 20: 360 }) } };
  const heat = presenceSection(factsOf([nightTally({ zones }), nightTally()])).parts[0];
  t.match(heat, { kind: 'heat', rows: ['2026-12-01', '2026-12-02'], columns: ['20:00'], values: [[6], [null]] });
  const bars = nightBars(factsOf(Array.from({ length: 99 }, () => nightTally())));
  t.ok(bars.labels.length < 99 && bars.half === null);
});

t.test('a month has no interval, even if only one of its nights is in the range', async (t) => {
  const proof = { usedKwh: 8, referenceKwh: 12, halfKwh: 1 };
  const halfOf = (nights: number): unknown => {
    const dateOf = (at: number): string => new Date(Date.UTC(2026, 10, 30 + at)).toISOString().slice(0, 10);
    const used = Array.from(
      { length: nights },
      (_, at): UsedEnergy => ({
        ...{ period: dateOf(at), computedKwh: 8, formerKwh: 12, metered: { kwh: 8, source: 'proof' }, proof },
      }),
    );
    return nightBars({ used, savings: {} as SavingsResult }).half;
  };
  t.strictSame(halfOf(2), [1, 1]);
  t.equal(halfOf(90), null);
});

t.test('zones, and what is in no zone, add up to the cabinet', async (t) => {
  const kwh = fc.double({ min: -50, max: 5_000, noNaN: true });
  const zone = fc.record({ zone: fc.string(), adjustedKwh: kwh, usedKwh: kwh, savedKwh: fc.constant(0) });
  fc.assert(
    fc.property(fc.array(zone, { minLength: 1, maxLength: 9 }), kwh, kwh, (zones, adjustedKwh, measuredKwh) => {
      const total = { adjustedKwh, measuredKwh, estimatedKwh: 0 };
      const { rows, total: shown, columns } = proofTable({ zones, total } as unknown as SavingsResult);
      const unit = 10 ** -(columns[1]?.decimals ?? 0);
      const last = shown ?? rows[0] ?? [];
      const near = (a: unknown, b: number): boolean => Math.abs(Number(a) - b) <= unit * 0.5 + 1e-6;
      const isRowSound = (row: readonly ReportCell[]): boolean => Math.abs(Number(row[1]) - Number(row[2]) - Number(row[3])) < unit / 100;
      return near(last[1], adjustedKwh) && near(last[2], measuredKwh) && [...rows, last].every(isRowSound);
    }),
  );
  t.pass('held for all');
});
