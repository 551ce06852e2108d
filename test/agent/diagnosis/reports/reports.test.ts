/** What is read for a report, and what happens when something cannot be read. */
import t from 'tap';
import type { CabinetPoint } from '../../../../agent/core/cabinet-points.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Gap, HistoryQuery } from '../../../../agent/core/ports.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import type { Report, ReportCell, ReportQuery } from '../../../../agent/core/report.ts';
import type { AgentEvent, PointId } from '../../../../agent/core/words.ts';
import { createReports, type ReportParts } from '../../../../agent/diagnosis/reports/reports.ts';
import { CABINET, nightTally } from './report-scene.ts';

const QUERY: ReportQuery = { kind: 'month', from: '2026-11-30', to: '2026-12-02', by: 'console:ada' };
const CALM = new AbortController().signal;
const NOW = '2026-12-03T12:00Z';

type Changes = Partial<ReportParts>;

function partsOf(changes: Changes = {}): ReportParts {
  return {
    ...{
      clock: createManualClock(Date.parse(NOW)),
      version: '1.2.3',
      cabinet: () => CABINET,
      profiles: () => new Map(),
      points: () => new Map(),
    },
    energy: () => ({
      nights: async (from, to) =>
        ['2025-12-01', '2026-12-01', '2026-12-02']
          .filter((period) => period >= from && period <= to)
          .map((period) => ({ period, isOpen: false, tally: nightTally() })),
    }),
    savings: { result: async () => ({ ok: false, why: 'no-baseline' }) },
    store: { readEvents: async () => [], history: async () => undefined, readGapsAfter: async () => [] },
    ...{ devices: () => [], feederLamps: () => new Map(), levels: async function* () {} },
    acceptance: { report: () => Promise.reject(new Refusal(msg`no disk`)) },
    ...changes,
  };
}

async function made(changes: Changes = {}, query: Partial<ReportQuery> = {}): Promise<Report> {
  const answer = await createReports(partsOf(changes))({ ...QUERY, ...query }, CALM);
  if (!answer.ok) throw new Error(answer.why);
  return answer.report;
}

function rowsOf(report: Report, title: string): readonly (readonly ReportCell[])[] {
  const found = report.sections.flatMap(({ parts }) => parts).find((part) => part.kind === 'table' && String(part.title) === title);
  return found?.kind === 'table' ? found.rows : [];
}

t.test('a report states where, when, by whom and from what it was made', async (t) => {
  const report = await made();
  t.match(report, { form: 'luciole-report-1', kind: 'month', cabinet: { id: 'A1', name: 'Rue A' }, node: '', version: '1.2.3' });
  t.match(report, { from: '2026-11-30', to: '2026-12-02', madeMs: Date.parse(NOW), isTimeTrusted: true, by: 'console:ada' });
  t.match(rowsOf(report, 'What is known')[0], [/./, { args: [2, 3] }]);
});

t.test('the same nights a year before are compared', async (t) => {
  const [now, before, change] = rowsOf(await made(), 'Compared with a year before');
  t.match(now?.slice(1, 6), ['2026-11-30 .. 2026-12-02', 2, 3, 6, 3]);
  t.match(before?.slice(1, 6), ['2025-11-30 .. 2025-12-02', 1, 1.5, 3, 1.5]);
  t.match(change?.slice(2, 6), [1, 1.5, 3, 1.5]);
});

t.test('with a clock that is not trusted the report says so, and no night is cut off', async (t) => {
  const clock = createManualClock(Date.parse('1970-01-05T00:00Z'), 'none');
  const report = await made({ clock });
  t.match(report, { isTimeTrusted: false, to: '2026-12-02' });
  t.ok(
    report.figures.every(({ value }) => value === null || Number.isFinite(value)),
    'no figure is nonsense',
  );
});

/** The store removes events up to 30 days before `store.peopleDays`. */
const ages: [story: string, peopleDays: number, failures: number | null, note: RegExp][] = [
  ['of all nights', 400, 0, /null/],
  ['of a part of the nights', 32, 0, /before 2026-12-01 13:00 may no longer be stored/],
  ['of none of them', 30, null, /of these nights may no longer be stored/],
];
const madeWith = (peopleDays: number, events: readonly AgentEvent[]) =>
  made({
    cabinet: () => ({ ...CABINET, store: { ...CABINET.store, peopleDays } }),
    store: {
      ...partsOf().store,
      readEvents: async ({ limit, skip = 0 }) =>
        events
          .toReversed()
          .slice(skip, skip + limit)
          .reverse(),
    },
  });
const failuresOf = ({ figures }: Report) => figures.find(({ id }) => id === 'failures');

for (const [story, peopleDays, failures, note] of ages) {
  t.test(`events are stored ${story}`, async (t) => {
    const report = await madeWith(peopleDays, []);
    t.equal(failuresOf(report)?.value, failures);
    t.match(String(failuresOf(report)?.note), note);
    t.equal(report.figures.find(({ id }) => id === 'light')?.value, failures === null ? null : 100);
  });
}

/** This many events that began one after the other since an hour, each for a minute. */
const eventsSince = (hour: string, length: number): readonly AgentEvent[] =>
  Array.from({ length }, (_, at) => {
    const startMs = Date.parse(hour) + 10 * at;
    return { id: `e${at}`, code: 'lamp-out', source: 'L1', severity: 'alarm', text: msg`dark`, startMs, endMs: startMs + 60_000 };
  });

t.test('a stored event proves that later ones have not been removed by age', async (t) => {
  const report = await madeWith(32, eventsSince('2026-11-30T19:59Z', 1));
  t.match(String(failuresOf(report)?.note), /before 2026-11-30 21:00 may no longer be stored/);
});

t.test('where the store keeps no more events, the report says since when they are known', async (t) => {
  const [all, some] = [eventsSince('2026-12-01T20:00Z', 10_000), eventsSince('2026-12-01T20:00Z', 9_000)];
  t.match(String(failuresOf(await madeWith(400, all))?.note), /before 2026-12-01 21:00 may no longer be stored/);
  t.notMatch(String(failuresOf(await madeWith(400, some))?.note), /stored/);
});

t.test('a night is a page of its own only if it is one night', async (t) => {
  t.match(await made({}, { kind: 'night', from: '2026-12-01', to: '2026-12-01' }), { kind: 'night', title: { args: ['2026-12-01'] } });
  t.match((await made({}, { kind: 'night' })).title.args, ['2026-11-30', '2026-12-02']);
});

const refusals: [story: string, changes: Changes, query: Partial<ReportQuery>, why: string][] = [
  ['a month in which nothing was counted', {}, { from: '2026-10-01', to: '2026-10-31' }, 'no-data'],
  ['a month to come', {}, { from: '2027-10-01', to: '2027-10-31' }, 'no-data'],
  ['nights that cannot be read', { energy: () => ({ nights: async () => undefined }) }, {}, 'disk'],
  ['a saving that cannot be read', { savings: { result: async () => ({ ok: false, why: 'disk' }) } }, {}, 'disk'],
  ['an acceptance that cannot be read', {}, { kind: 'commission' }, 'disk'],
  ['a saving without a baseline', {}, { kind: 'savings' }, 'no-baseline'],
  ['a date that does not exist', {}, { from: '2026-02-30' }, 'no-data'],
];

for (const [story, changes, query, why] of refusals) {
  t.test(`no report for ${story}`, async (t) => {
    t.strictSame(await createReports(partsOf(changes))({ ...QUERY, ...query }, CALM), { ok: false, why });
  });
}

t.test('a report that is given up while it is read ends at the next pause', async (t) => {
  const gone = new AbortController();
  const store = {
    ...partsOf().store,
    readEvents: async () => {
      gone.abort();
      return [];
    },
  };
  t.strictSame(await createReports(partsOf({ store }))(QUERY, gone.signal), { ok: false, why: 'aborted' });
});

t.test('a fault of the program is not hidden', async (t) => {
  await t.rejects(
    createReports(partsOf({ acceptance: { report: () => Promise.reject(new TypeError('x')) } }))({ ...QUERY, kind: 'commission' }, CALM),
  );
});

t.test('all pages of events and gaps are read, each once', async (t) => {
  const startMs = Date.parse('2026-12-01T20:00Z');
  const events = Array.from(
    { length: 1_200 },
    (_, at): AgentEvent => ({
      ...{ id: `e${at}`, code: 'lamp-out', source: `L${(at % 3) + 1}`, severity: 'alarm', text: msg`dark` },
      ...{ startMs: startMs + at, endMs: startMs + at + 60_000 },
    }),
  );
  const gaps = Array.from(
    { length: 5 },
    (_, at): Gap => ({
      ...{ id: at + 1, firstSeq: null, lastSeq: null, readings: 10, reason: 'x', atMs: at === 0 ? 0 : startMs },
      ...(at === 4 ? { isEstimate: true } : {}),
    }),
  );
  const report = await made({
    store: {
      readEvents: async ({ limit, skip = 0 }) => events.slice(skip, skip + limit),
      history: async () => undefined,
      readGapsAfter: async (id) => gaps.filter((gap) => gap.id > id).slice(0, 2),
    },
  });
  t.match(
    rowsOf(report, 'Failures by lamp').map(([lamp, , failures]) => [lamp, failures]),
    [
      ['L1', 1],
      ['L2', 1],
      ['L3', 1],
    ],
  );
  t.match(rowsOf(report, 'What is known').at(-1), [/./, { id: 'about {0}', args: [40] }]);
});

t.test('what the disk did not give is named as not known, and is neither none nor zero', async (t) => {
  const store = { ...partsOf().store, readEvents: async () => undefined, readGapsAfter: async () => undefined };
  const energy = () => ({
    nights: async (from: string, to: string) => (from < '2026' ? undefined : partsOf().energy().nights(from, to)),
  });
  const report = await made({ store, energy });
  t.match(
    report.figures.filter(({ id }) => ['failures', 'light'].includes(id)).map(({ value }) => value),
    [null, null],
  );
  t.match(String(report.summary), /The events of these nights could not be read: their failures are not known/);
  const notes = new Map(report.sections.map(({ id, notes }) => [id, String(notes)]));
  t.match(notes.get('failures'), /could not be read/);
  t.notMatch(`${notes.get('failures')} ${report.summary}`, /No failure/);
  t.notMatch(notes.get('energy'), /Nothing is counted of the same nights/);
  for (const fact of ['the events of these nights', 'the readings lost in gaps', 'the same nights a year before'])
    t.match(notes.get('completeness'), new RegExp(`could not be read, so this is not known: ${fact}`));
  t.equal(rowsOf(report, 'What is known').at(-1)?.[1], null);
});

t.test('levels of a night that the disk did not give are not known, and those that are not recorded are none', async (t) => {
  const query = { kind: 'night', from: '2026-12-01', to: '2026-12-01' } as const;
  const notes = (report: Report, section: string): string => String(report.sections.find(({ id }) => id === section)?.notes);
  const levels: ReportParts['levels'] = (period, onUnread) => {
    onUnread();
    return partsOf().levels(period, onUnread);
  };
  const unread = await made({ levels }, query);
  t.notMatch(notes(unread, 'light'), /No levels/);
  t.match(notes(unread, 'completeness'), /not known: the levels over the night/);
  const none = await made({}, query);
  t.match(notes(none, 'light'), /No levels of this night are recorded/);
  t.notMatch(notes(none, 'completeness'), /not known/);
});

t.test('a tariff period of which no total was read at both ends is not taken as unused', async (t) => {
  const point = (id: string, semantic: string): [PointId, CabinetPoint] => [
    `UTIL.${id}`,
    { pointId: `UTIL.${id}`, device: { id: 'UTIL' }, profile: { id, unit: 'kWh' }, semantic } as unknown as CabinetPoint,
  ];
  const points = new Map([
    point('subscribed', 'subscribed-power'),
    ...['energy_t1', 'energy_t2', 'energy_t3'].map((id) => point(id, 'energy')),
  ]);
  const dayOf = (ms: number): number => Math.round((ms - Date.parse('2026-11-30T11:00Z')) / 86_400_000);
  const history =
    (isRead: boolean) =>
    async ({ pointId, toMs }: HistoryQuery) => {
      if (!isRead && pointId === 'UTIL.energy_t2') return undefined;
      const day = dayOf(toMs);
      // The second one is read at the noons within, the third one never.
      const isKnown = pointId === 'UTIL.energy_t1' || (pointId === 'UTIL.energy_t2' && day > 0 && day < 3);
      const rows = [{ value: 100 + day, quality: 'good' as const, atMs: toMs - 60_000, isCorrected: false }];
      return { rows: isKnown ? rows : [], buckets: [], isCut: false };
    };
  const cabinet = { ...CABINET, energy: { currency: 'EUR', prices: [{ from: '2026-01-01', tariff: null, perKwh: 1 }], co2Factors: [] } };
  const report = (isRead: boolean) =>
    made({ points: () => points, cabinet: () => cabinet, store: { ...partsOf().store, history: history(isRead) } });
  t.match(
    rowsOf(await report(true), 'Cost by tariff period').map(([tariff, kwh]) => [String(tariff), kwh]),
    [
      ['t1', 1],
      ['t2', 1],
      ['no period known', 1.5],
    ],
    'the second night has both, the others have the energy of another source',
  );
  const unread = await report(false);
  t.match(
    rowsOf(unread, 'Cost by tariff period').map(([tariff, kwh]) => [String(tariff), kwh]),
    [['no period known', 3]],
  );
  t.match(String(unread.sections.find(({ id }) => id === 'completeness')?.notes), /not known: the energy by tariff period/);
});

t.test('the meter of the invoice gives the energy by tariff period', async (t) => {
  const point = (id: string, semantic: string): [PointId, CabinetPoint] => [
    `UTIL.${id}`,
    { pointId: `UTIL.${id}`, device: { id: 'UTIL' }, profile: { id, unit: 'kWh' }, semantic } as unknown as CabinetPoint,
  ];
  const points = new Map([
    point('subscribed', 'subscribed-power'),
    point('energy_t1', 'energy'),
    point('energy_t2', 'energy'),
    point('energy_t3', 'energy'),
  ]);
  const dayOf = (ms: number): number => Math.round((ms - Date.parse('2026-12-01T11:00Z')) / 86_400_000);
  const history = async ({ pointId, toMs }: HistoryQuery) => {
    // Nothing is stored of the first noon, and the third tariff period never counts.
    const value =
      { 'UTIL.energy_t1': 100 + 2 * dayOf(toMs), 'UTIL.energy_t2': 50 + dayOf(toMs), 'UTIL.energy_t3': 7 }[String(pointId)] ?? 0;
    const rows = [{ value, quality: 'good' as const, atMs: toMs - 60_000, isCorrected: false }];
    return { rows: dayOf(toMs) < 0 ? [] : rows, buckets: [], isCut: false };
  };
  const cabinet = { ...CABINET, energy: { currency: 'EUR', prices: [{ from: '2026-01-01', tariff: null, perKwh: 1 }], co2Factors: [] } };
  const report = await made(
    { points: () => points, cabinet: () => cabinet, store: { ...partsOf().store, history } },
    { from: '2026-12-01' },
  );
  t.match(rowsOf(report, 'Cost by tariff period'), [
    ['t1', 4, 0, 4],
    ['t2', 2, 0, 2],
  ]);
  const longer = await made({ points: () => points, cabinet: () => cabinet, store: { ...partsOf().store, history } });
  t.match(
    rowsOf(longer, 'Cost by tariff period')
      .map(([tariff]) => String(tariff))
      .sort(),
    ['t1', 't2'],
    'the first night is not counted at all',
  );
});
