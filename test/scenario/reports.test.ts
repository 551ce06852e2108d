/** Reports of the running agent on the simulated street: a few nights with a dead lamp, a lamp that is added, and a baseline that is frozen late. */
import t, { type Test } from 'tap';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import type { Report, ReportKind, ReportTable } from '../../agent/core/report.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** A street whose meters and lamps are read less often, so that nights are short. */
const PERIODS_MS = { fast: 10_000, normal: 60_000, slow: 60_000 };
const BY = 'console:ada';

async function made(rig: Rig, kind: ReportKind, from: string, to: string): Promise<Report> {
  const answer = await rig.settled(rig.agent.view.reports.make({ kind, from, to, by: BY }, new AbortController().signal));
  if (!answer.ok) throw new Error(answer.why);
  return answer.report;
}

function tableOf(report: Report, title: string): ReportTable {
  const tables = report.sections.flatMap(({ parts }) => parts.filter((part) => part.kind === 'table'));
  const found = tables.find((table) => String(table.title) === title);
  if (found === undefined) throw new Error(`no table ${title} in ${tables.map((table) => String(table.title)).join(', ')}`);
  return found;
}

const figure = (report: Report, id: string) => report.figures.find((each) => each.id === id);

/** Every table has one cell for each column, its numbers are finite and rounded, and its total is the sum of its rows. */
function tablesAreSound(t: Test, report: Report): void {
  for (const table of report.sections.flatMap(({ parts }) => parts.filter((part) => part.kind === 'table'))) {
    for (const row of [...table.rows, ...(table.total === null ? [] : [table.total])])
      t.equal(row.length, table.columns.length, String(table.title));
    for (const [at, { id, decimals }] of table.columns.entries()) {
      const numbers = table.rows.map((row) => row[at]).filter((cell) => typeof cell === 'number');
      t.ok(
        numbers.every(
          (number) => Number.isFinite(number) && Math.abs(number * 10 ** decimals - Math.round(number * 10 ** decimals)) < 1e-6,
        ),
        `${table.title} ${id}: ${numbers}`,
      );
      const total = table.total?.[at];
      if (typeof total === 'number' && decimals >= 0 && !id.endsWith('-pct'))
        t.ok(Math.abs(numbers.reduce((sum, number) => sum + number, 0) - total) < 1e-6, `${table.title} ${id} adds up`);
    }
  }
}

/** The demo street with lit areas, prices and a factor, and without its last lamp at first. */
function shortened(cabinet: Cabinet): { readonly whole: Cabinet; readonly first: Cabinet } {
  const whole: Cabinet = {
    ...cabinet,
    zones: cabinet.zones.map((zone) => ({ ...zone, litAreas: [{ areaM2: 1_000, illuminanceLux: 10 }] })),
    energy: {
      currency: 'EUR',
      prices: [{ from: '2026-01-01', tariff: null, perKwh: 0.2 }],
      co2Factors: [{ from: '2026-01-01', gramsPerKwh: 50, source: 'test' }],
    },
  };
  const without = (id: string): boolean => id !== 'L04';
  const lamps = whole.lamps.filter(({ id }) => without(id));
  return { whole, first: { ...whole, lamps, zones: whole.zones.map((zone) => ({ ...zone, lamps: zone.lamps.filter(without) })) } };
}

/** Two mornings: a lamp fails in the first, a baseline is frozen and a lamp added at noon, then the agent is away until the second. */
async function twoMornings(rig: Rig, whole: () => Cabinet): Promise<void> {
  const addLamp = (): Promise<unknown> => rig.settled(rig.agent.apply({ ...rig.agent.site(), cabinet: whole() }));
  await rig.clock.advance(30 * MINUTE_MS);
  const unit = rig.agent.view.devices().find(({ id }) => id === 'L02')?.unit ?? 0;
  rig.street.lines.get('north')?.silence(unit);
  await rig.clock.advance(5 * HOUR_MS + 2 * MINUTE_MS);
  const meters = [{ id: 'M01', profile: 'p', serial: '4711', classPct: 1 }];
  await rig.settled(rig.agent.view.savings.freeze({ by: BY, note: 'contract', meters, nights: null, tolerancePct: 5 }));
  await addLamp();
  await rig.restart(() => rig.clock.advance(19 * HOUR_MS));
  await addLamp();
  rig.street.lines.get('north')?.revive(unit);
  await rig.clock.advance(5 * HOUR_MS);
}

async function nightIsReported(t: Test, rig: Rig): Promise<void> {
  const night = await made(rig, 'night', '2026-12-01', '2026-12-01');
  tablesAreSound(t, night);
  t.match(night, { form: 'luciole-report-1', kind: 'night', from: '2026-12-01', to: '2026-12-01', by: BY, isTimeTrusted: true });
  t.ok((figure(night, 'used')?.value ?? 0) > 0);
  const bands = night.sections.flatMap(({ parts }) => parts).find(({ kind }) => kind === 'bands');
  if (bands?.kind !== 'bands') throw new Error('the levels over the night are missing');
  const middle = Math.floor(bands.instants.length / 2);
  const lamps = bands.series.reduce((sum, { values }) => sum + (values[middle] ?? 0), 0);
  t.ok(bands.instants.length >= 5 && Math.abs(lamps - 4) < 0.05, 'each step has all lamps, or the rest is not recorded');
}

async function monthIsReported(t: Test, rig: Rig): Promise<void> {
  const month = await made(rig, 'month', '2026-12-01', '2026-12-31');
  tablesAreSound(t, month);
  t.match(month, { from: '2026-12-01', to: '2026-12-03' }, 'the last night of a report is the running one');
  t.match(
    month.sections.map(({ id }) => id),
    ['energy', 'cost', 'ledger', 'light', 'presence', 'failures', 'en-13201-5', 'lamps', 'completeness'],
  );
  t.equal(figure(month, 'nights')?.value, 3);
  t.ok((figure(month, 'saved')?.half ?? 0) > 0, 'a proven saving has an interval');
  t.match(String(figure(month, 'saved')?.note), /of the nights from 2026-12-02 to 2026-12-02/);
  const lamps = tableOf(month, 'Energy by lamp');
  const computed = tableOf(month, 'Computed from the levels of the lamps');
  const sumAt = ({ rows, columns }: ReportTable, id: string): number =>
    rows.reduce((sum, row) => sum + Number(row[columns.findIndex((column) => column.id === id)]), 0);
  t.ok(Math.abs(sumAt(lamps, 'computed') - sumAt(computed, 'computed')) < 0.02, 'lamps add up to their zone');
  t.match(tableOf(month, 'Meters').rows[0], ['M01', /./, '4711', 1, 3]);
  t.match(tableOf(month, 'Failures by lamp').rows, [['L02', /./, 1, /./, /./]]);
  t.equal(figure(month, 'failures')?.value, 1);
  t.ok((figure(month, 'agent')?.value ?? 100) < 80, 'the agent was away');
  t.ok(
    lamps.rows.some(([lamp, , , , kwh]) => lamp === 'L04' && Number(kwh) > 0),
    'the lamp that was added',
  );
  t.equal(figure(month, 'co2')?.value, Math.round(100 * 0.05 * (figure(month, 'used')?.value ?? 0)) / 100);
}

async function othersAreReported(t: Test, rig: Rig): Promise<void> {
  const savings = await made(rig, 'savings', '2026-12-01', '2026-12-31');
  tablesAreSound(t, savings);
  t.match(savings, { from: '2026-12-02', to: '2026-12-02', source: { savings: { baselineN: 1 } } });
  const commission = await made(rig, 'commission', '', '');
  tablesAreSound(t, commission);
  t.match(commission, { from: null, to: null, source: { savings: null, acceptance: { result: 'open' } } });
  t.equal(tableOf(commission, 'Lamp by lamp').rows.length, 4);
  t.ok(commission.sections[0]?.notes.length);
}

async function refusalsAreSaid(t: Test, rig: Rig): Promise<void> {
  const gone = new AbortController();
  gone.abort();
  const query = { kind: 'month', by: BY } as const;
  const answer = rig.agent.view.reports.make({ ...query, from: '2026-12-01', to: '2026-12-31' }, gone.signal);
  t.match(await rig.settled(answer), { ok: false, why: 'aborted' });
  for (const [from, to] of [
    ['2026-13-01', '2026-13-31'],
    ['2026-12-05', '2026-12-01'],
    ['2025-01-01', '2025-01-31'],
    ['2027-01-01', '2027-01-31'],
  ] as const) {
    const made = await rig.settled(rig.agent.view.reports.make({ ...query, from, to }, new AbortController().signal));
    t.match(made, { ok: false, why: 'no-data' }, `${from} to ${to}`);
  }
}

t.test('all reports of a street whose lamp fails, that gets a lamp more, and whose baseline is frozen after the first night', async (t) => {
  let whole: Cabinet | null = null;
  const change = (cabinet: Cabinet): Cabinet => {
    const sites = shortened(cabinet);
    whole = sites.whole;
    return sites.first;
  };
  const rig = await createRig(t, { startAt: '2026-12-02T06:30:00+01:00', periodsMs: PERIODS_MS, change });
  const early = rig.agent.view.reports.make(
    { kind: 'savings', from: '2026-12-01', to: '2026-12-31', by: BY },
    new AbortController().signal,
  );
  t.match(await rig.settled(early), { ok: false, why: 'no-baseline' });
  await twoMornings(rig, () => whole ?? rig.agent.site().cabinet);
  await nightIsReported(t, rig);
  await monthIsReported(t, rig);
  await othersAreReported(t, rig);
  await refusalsAreSaid(t, rig);
});
