import fc from 'fast-check';
import t from 'tap';
import type { Zone } from '../../../agent/core/cabinet.ts';
import type { TonightView } from '../../../agent/core/light-tools.ts';
import { msg } from '../../../agent/core/message.ts';
import type { TraceLine } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { explain } from '../../../agent/lighting/explain.ts';
import { createForecast, type ForecastStart } from '../../../agent/lighting/forecast.ts';
import type { LightingSnapshot, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { texts } from '../../support/texts.ts';
import { intent, makeStreet, PRESENCE, programmeAt, seen, sensor, snapshot, step, winter, ZONE } from './street.ts';

const NOW: ForecastStart = { nowMs: winter('15:00'), nowMono: 1_000_000, intents: [] };
const tonight = (street: LightingStreet, now: ForecastStart = NOW): TonightView => {
  const view = createForecast(street).tonight(now, 'rue');
  if (view === undefined) throw new Error('no such zone');
  return view;
};
const minute = (atMs: number): string => new Date(atMs + 3_600_000).toISOString().slice(11, 16);
const rows = (view: TonightView): string[] => view.rows.map(({ atMs, minPct, maxPct }) => `${minute(atMs)} ${minPct}..${maxPct}`);

t.test('the night ahead has a row a change, from dusk to dawn', async (t) => {
  const view = tonight(makeStreet());
  t.same(rows(view), ['17:46 80..80', '23:00 30..30', '06:00 90..90', '08:36 0..0']);
  t.match(texts(view), { zone: 'rue', date: '2026-01-15', programme: 'residential', rule: '', events: [], photocellMin: null });
  t.match(texts(view.rows[0]), { reason: 'programme', text: 'dusk step of residential: 80 %', boostPct: 100 });
  t.match(view.rows.at(-1), { reason: 'day', boostPct: null });
  t.equal(minute(view.duskMs ?? 0), '17:46');
});

// biome-ignore format: a table
const moments: [story: string, at: string, day: string, date: string][] = [
  ['in the afternoon it is the one to come', '15:00', '2026-01-15', '2026-01-15'],
  ['in the night it is the one that goes on', '23:30', '2026-01-15', '2026-01-15'],
  ['before dawn it is still that of yesterday', '05:00', '2026-01-16', '2026-01-15'],
  ['in the morning it is the next', '10:00', '2026-01-16', '2026-01-16'],
];
for (const [story, at, day, date] of moments) {
  t.test(`tonight: ${story}`, async (t) => {
    t.equal(tonight(makeStreet(), { ...NOW, nowMs: winter(at, day) }).date, date);
  });
}

t.test('intents, event nights, calendars and the warning before the dark are in it', async (t) => {
  const lasting = intent({ sinceMs: winter('14:00'), levelPct: 60, untilMono: 1_000_000 + 9 * 3_600_000 });
  const held = tonight(makeStreet(), { ...NOW, intents: [lasting] });
  t.same(rows(held), ['14:00 60..60', '00:00 30..30', '06:00 90..90', '08:36 0..0']);
  t.match(texts(held.rows[0]), { reason: 'override', boostPct: null, text: /60 % for/ });
  const odd = { ...lasting, untilMono: lasting.untilMono + 0.4 };
  const heldOdd = tonight(makeStreet(), { ...NOW, intents: [odd] });
  t.same(rows(heldOdd), ['14:00 60..60', '00:00 30..30', '06:00 90..90', '08:36 0..0'], 'a fraction of a millisecond hides no end');
  const dark = makeStreet({
    zone: { dark: { warnPct: 20, warnS: 60 }, calendar: 'week' },
    programme: { id: 'curfew', steps: [step('dusk', 80, 90), step({ hour: 0, minute: 30 }, 0)] },
    street: {
      calendars: [{ id: 'week', rules: [{ programme: 'curfew', weekdays: [4], from: null, to: null, nthWeekday: null, holidays: null }] }],
      eventNights: [
        {
          ...{ id: 'fair', date: { year: null, month: 1, day: 15 }, levelPct: 100, zones: null },
          ...{ from: { hour: 20, minute: 0 }, until: { hour: 22, minute: 0 } },
        },
      ],
    },
  });
  const view = tonight(dark);
  t.same(rows(view), ['17:46 80..80', '20:00 100..100', '22:00 80..80', '00:30 20..20', '00:31 0..0', '08:36 0..0']);
  t.match(texts(view), { programme: 'curfew', rule: 'calendar week: Thu', events: ['fair'] });
  t.equal(view.rows[0]?.boostPct, 90, "the step's own boost");
});

t.test('a step that a short night leaves out is named, and what it delays', async (t) => {
  const programme = {
    id: 'residential',
    steps: [step('dusk', 100), step({ sun: 'sunset', offsetMin: 180 }, 70), step({ hour: 23, minute: 0 }, 30)],
  };
  const june = tonight(makeStreet({ programme }), { ...NOW, nowMs: Date.parse('2026-06-20T15:00Z') });
  const [leftOut] = june.leftOut;
  t.match(june.leftOut, [{ name: 'sunset+180', nextName: '23:00' }]);
  t.equal(
    leftOut === undefined ? '' : new Date(leftOut.atMs + 7_200_000).toISOString().slice(11, 16),
    '01:02',
    'sunset at Angers is at 22:02 that day',
  );
  t.same(
    june.rows.map(({ maxPct }) => maxPct),
    [100, 30, 0],
    'its level never shows',
  );
  t.same(tonight(makeStreet({ programme })).leftOut, [], 'in January all steps have their time');
});

t.test('what comes next is never a step that the night leaves out', async (t) => {
  const steps = [step('dusk', 100), step({ sun: 'sunset', offsetMin: 60 }, 70), step({ hour: 22, minute: 0 }, 50)];
  const { stretch, next } = programmeAt(makeStreet({ programme: { id: 'residential', steps } }), Date.parse('2026-06-21T20:30Z'));
  t.match([stretch, next], [{ levelPct: 100 }, { name: '22:00', levelPct: 50 }]);
});

t.test('a summer night without dusk in the north, a winter night without day', async (t) => {
  const north = (sunBelowDeg = -2): LightingStreet =>
    makeStreet({ zone: { sunBelowDeg }, street: { latitudeDeg: 69.65, longitudeDeg: 18.96, timezone: 'Europe/Oslo' } });
  const summer = tonight(north(), { ...NOW, nowMs: Date.parse('2026-06-20T20:00Z') });
  t.match(summer, { rows: [], duskMs: null, dawnMs: null });
  const polar = tonight(north(5), { ...NOW, nowMs: Date.parse('2026-12-20T20:00Z') });
  t.equal(polar.rows[0]?.atMs, polar.startMs, 'it is lit from noon on');
  t.notOk(polar.rows.some(({ reason }) => reason === 'day'));
});

t.test('the forecast of an instant is what the tick then decides without presence', async (t) => {
  const street = makeStreet();
  const [forecast, decider] = [createForecast(street), createDecider(street)];
  fc.assert(
    fc.property(fc.integer({ min: -400 * 1_440, max: 400 * 1_440 }), (minutes) => {
      const nowMs = winter('12:00') + minutes * 60_000;
      const then = forecast.at(NOW, nowMs).decisions.map(({ levelPct, reason }) => [levelPct, reason]);
      const real = decider.decide(snapshot({ nowMs })).decisions.map(({ levelPct, reason }) => [levelPct, reason]);
      return JSON.stringify(then) === JSON.stringify(real);
    }),
    { numRuns: 200 },
  );
  t.pass('held for all instants');
});

t.test('between two rows nothing changes, on any night', async (t) => {
  const forecast = createForecast(makeStreet());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 365 }), fc.integer({ min: 0, max: 1_439 }), (day, minuteOfNight) => {
      const now = { ...NOW, nowMs: winter('18:00') + day * 86_400_000 };
      const view = forecast.tonight(now, 'rue');
      if (view === undefined) return false;
      const atMs = view.startMs + minuteOfNight * 60_000;
      const row = view.rows.findLast((each) => each.atMs <= atMs);
      return forecast.at(now, atMs).decisions.every(({ levelPct }) => levelPct === (row?.maxPct ?? 0));
    }),
    { numRuns: 200 },
  );
  t.pass('held for all nights');
});

/** The lines about one lamp, each with the next command. */
function explained(changes: { zone?: Partial<Zone>; street?: Partial<LightingStreet> }, facts: Partial<LightingSnapshot>, lampId = 'L2') {
  const street = makeStreet(changes);
  const [decider, all] = [createDecider(street), snapshot(facts)];
  const trace = decider.decide(all).decisions.find((each) => each.lampId === lampId)?.trace ?? [];
  const [zone = null] = street.zones;
  const lines = trace.map((line) => ({
    line,
    ...explain(line, { street, lampId, zone, plan: decider.plan('rue') ?? null, snapshot: all }),
  }));
  return (rank: TraceLine['rank'], source?: string): string => {
    const found = lines.find(({ line }) => line.rank === rank && (source === undefined || line.source === source));
    return found === undefined ? 'no line' : `${found.sinceMs === null ? '-' : minute(found.sinceMs)} | ${found.changes}`;
  };
}
const NOW_MONO = 1_000_000;
const sensors = (state: ReturnType<typeof seen>) => new Map([['S01.motion' as const, state]]);
const traffic: Zone['traffic'] = {
  ...{ counters: [{ device: 'C', point: 'count' }], designFlowPerH: 200 },
  steps: [
    { belowPct: 20, level: { pct: 40 } },
    { belowPct: 50, level: { pct: 70 } },
  ],
};
const smog = {
  ...{ id: 'smog', raise: { zones: ['rue'], levelPct: 60 } },
  when: { kind: 'above', point: 'AIR.pm25', value: 50, clearsAt: 40, forS: 60 },
} as const;
const lock = intent({ rank: 'maintenance', source: 'console:eve', sinceMs: winter('23:00'), target: { kind: 'lamp', id: 'L2' } });

// biome-ignore format: a table
const lines: [story: string, text: string, expected: string][] = [
  ['a step, since it began, and the next', explained({}, {})('programme'), '23:00 | then 90 %'],
  ['the first step counts from dusk, not from noon', explained({}, { nowMs: winter('20:00') })('programme'), '17:46 | then 30 %'],
  ['the last step ends with the night', explained({}, { nowMs: winter('07:00', '2026-01-16') })('programme'), '06:00 | '],
  ['night since dusk', explained({}, {})('dusk'), '17:46 | then off, by day'],
  ['day since dawn', explained({}, { nowMs: winter('15:00') })('dusk'), '08:37 | then lit'],
  ['a morning since its own dawn', explained({}, { nowMs: winter('10:00') })('dusk'), '08:37 | then lit'],
  ['an untrusted time', explained({}, { clockQuality: 'none' })('dusk'), '- | over once the time is known'],
  ['the design level', explained({}, {})('default'), '- | '],
  ['a lock, since it was set, and who ends it', explained({}, { intents: [lock] })('maintenance'), '23:00 | luciole release L2'],
  ['an intent of the platform for the zone', explained({}, { intents: [intent({ sinceMs: winter('22:00') })] })('override'), '22:00 | luciole release rue'],
  ['an intent for the cabinet has no name to release', explained({}, { intents: [intent({ target: { kind: 'cabinet', id: 'c' }, sinceMs: winter('22:00') })] })('override'), '22:00 | '],
  ['a lamp that blinks ends by itself', explained({}, { intents: [{ ...lock, reason: 'identify', goesByItself: true }] })('maintenance'), '23:00 | '],
  ['a lock whose reason is the word identify is a lock', explained({}, { intents: [{ ...lock, reason: 'identify' }] })('maintenance'), '23:00 | luciole release L2'],
  ['no detection yet', explained({}, { sensors: sensors({ ...seen(0), lastPresentMono: null, sinceMono: null }) })('presence'), '- | someone there raises to 100 %'],
  ['a sensor that is silent', explained({}, {})('presence'), '- | used again once it answers'],
  ['a sensor that is stuck', explained({}, { sensors: sensors({ ...seen(0), stuck: true }) })('presence'), '- | used again once it clears'],
  ['someone there', explained({}, { sensors: sensors(seen(NOW_MONO - 60_000, true)) })('presence'), '23:29 | falls 15 s after its last detection'],
  ['someone a moment ago', explained({}, { sensors: sensors(seen(NOW_MONO - 5_000)) })('presence'), '23:29 | a new detection restarts the hold time'],
  ['a sensor that follows the others', explained({ zone: { presence: { ...PRESENCE, sensors: [sensor('S01', { listen: 'group' })] } } }, {})('presence'), '- | '],
  ['traffic on its lowest step', explained({ zone: { traffic } }, { traffic: new Map([['rue', { flowPerH: 10, step: 0, sinceMono: NOW_MONO - 1_800_000 }]]) })('traffic'), '23:00 | more light from 40/h on'],
  ['traffic above all steps', explained({ zone: { traffic } }, { traffic: new Map([['rue', { flowPerH: 150, step: null, sinceMono: NOW_MONO - 1_800_000 }]]) })('traffic'), '23:00 | less after two counts below 100/h'],
  ['traffic without a count', explained({ zone: { traffic } }, { traffic: new Map([['rue', { flowPerH: null, step: null, sinceMono: NOW_MONO, fault: 'C.count' }]]) })('traffic'), '23:30 | over with the next count'],
  ['a rule that holds', explained({ street: { rules: [smog] } }, { rules: new Map([['smog', { holds: true, sinceMono: NOW_MONO - 600_000, value: 70 }]]) })('traffic'), '23:20 | over at 40'],
];
for (const [story, text, expected] of lines) {
  t.test(`the next question of a person: ${story}`, async (t) => t.equal(text, expected));
}

t.test('of two overrides of one person at one level, each lamp is explained by its own', async (t) => {
  const by = (id: string, sinceMs: number) => intent({ target: { kind: 'lamp', id }, source: 'console:ann', levelPct: 50, sinceMs });
  const both = { intents: [by('L1', winter('23:20')), by('L2', winter('23:29'))] };
  t.equal(explained({}, both, 'L1')('override'), '23:20 | luciole release L1');
  t.equal(explained({}, both, 'L2')('override'), '23:29 | luciole release L2');
});

t.test('the warning before the dark is listed with the next level, limits without a start', async (t) => {
  const street = makeStreet({ zone: { dark: { warnPct: 60, warnS: 60 } } });
  const all = snapshot();
  const facts = { street, lampId: 'L2', zone: ZONE, plan: createDecider(street).plan('rue') ?? null, snapshot: all };
  const line = { levelPct: 60, applied: true, untilMs: null } as const;
  t.strictSame(texts(explain({ ...line, rank: 'presence', source: 'S01', text: msg`warning before the dark` }, facts)), {
    sinceMs: null,
    changes: 'then 0 %',
  });
  const limit = { ...line, rank: 'override', source: 'rue', text: msg`kept up to the minimum of ${'rue'}: ${10} %` } as const;
  t.strictSame(texts(explain(limit, facts)), { sinceMs: null, changes: '' });
  t.strictSame(texts(explain({ ...limit, rank: 'programme' }, { ...facts, zone: null, plan: null })), { sinceMs: null, changes: '' });
});
