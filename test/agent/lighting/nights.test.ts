/**
 * Nights: their sun against a table made by another program, their offsets, steps, calendars, event nights, and the way into the dark.
 */

import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Zone } from '../../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../../agent/core/durations.ts';
import { isHoliday } from '../../../agent/lighting/calendar.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { createNights } from '../../../agent/lighting/night.ts';
import { createProgrammeReader } from '../../../agent/lighting/programme.ts';
import { createSunChanges } from '../../../agent/lighting/sun.ts';
import { makeStreet, snapshot, step, ZONE } from './street.ts';

interface SunTable {
  readonly madeWith: string;
  readonly atHorizonDeg: number;
  readonly atHorizon: readonly (readonly [riseS: number, setS: number])[];
  readonly atCivilDeg: number;
  readonly atCivil: readonly (readonly [riseS: number, setS: number])[];
}

t.test('two years of sunrises, sunsets, dawns and dusks at Angers are within 10 s of the table of another program', async (t) => {
  const table = JSON.parse(readFileSync(new URL('./fixtures/angers-sun.json', import.meta.url), 'utf8')) as SunTable;
  const site = { latitudeDeg: 47.4736, longitudeDeg: -0.5541 };
  for (const [deg, rows] of [
    [table.atHorizonDeg, table.atHorizon],
    [table.atCivilDeg, table.atCivil],
  ] as const) {
    const changes = createSunChanges(site, deg);
    t.equal(rows.length, 731);
    let worstS = 0;
    for (const [riseS, setS] of rows) {
      for (const eventS of [riseS, setS]) worstS = Math.max(worstS, Math.abs((changes((eventS - 3_600) * 1_000) ?? 0) / 1_000 - eventS));
    }
    t.ok(worstS <= 10, `${worstS} s at ${deg} degrees, beside ${table.madeWith}`);
  }
});

const zoneOf = (changes: Partial<Zone>): Zone => ({ ...ZONE, presence: null, ...changes });

function stretches(changes: Partial<Zone>, street = makeStreet({ zone: { presence: null, ...changes } }), at = '2026-01-15T20:00Z') {
  const zone = zoneOf(changes);
  const calendar = createLocalCalendar(street.timezone);
  const nights = createNights(street, zone, calendar);
  const night = nights.at(Date.parse(at));
  return { nights, night, of: createProgrammeReader(street, zone, { calendar, nights }).of(night) };
}

const utc = (atMs: number | null | undefined): string => (atMs == null ? 'none' : new Date(atMs).toISOString().slice(11, 16));

t.test('offsets move dusk and dawn, and the light with them', async (t) => {
  const plain = stretches({});
  const moved = stretches({ onOffsetMin: -15, offOffsetMin: 20 });
  t.equal((moved.night.duskMs ?? 0) - (plain.night.duskMs ?? 0), -15 * MINUTE_MS);
  t.equal((moved.night.dawnMs ?? 0) - (plain.night.dawnMs ?? 0), 20 * MINUTE_MS);
  const decider = createDecider(makeStreet({ zone: { presence: null, onOffsetMin: -15 } }));
  const at = (ms: number) => decider.decide(snapshot({ nowMs: ms })).decisions[0]?.levelPct;
  t.strictSame([at((moved.night.duskMs ?? 0) - 1_000), at(moved.night.duskMs ?? 0)], [0, 80]);
});

t.test('a season moves dusk and dawn of its own nights only, also across the end of the year', async (t) => {
  const date = (month: number, day: number) => ({ year: null, month, day });
  const seasons = [
    { from: date(11, 1), to: date(2, 28), onOffsetMin: -30, offOffsetMin: 40 },
    { from: date(1, 1), to: date(12, 31), onOffsetMin: 5, offOffsetMin: -5 },
  ];
  const winterOnly = seasons.slice(0, 1);
  const shiftOf = (changes: Partial<Zone>, at: string): number[] => {
    const [plain, moved] = [stretches({}, undefined, at).night, stretches(changes, undefined, at).night];
    const shifts = [(moved.duskMs ?? 0) - (plain.duskMs ?? 0), (moved.dawnMs ?? 0) - (plain.dawnMs ?? 0)];
    t.equal(moved.dark[0]?.fromMs, moved.duskMs, 'the light follows');
    t.equal(moved.dark.at(-1)?.toMs, moved.dawnMs);
    return shifts.map((ms) => ms / MINUTE_MS);
  };
  const own = { onOffsetMin: 10, offOffsetMin: -10 };
  for (const at of ['2026-11-01T20:00Z', '2026-12-31T20:00Z', '2027-01-01T04:00Z', '2027-02-28T20:00Z', '2027-03-01T03:00Z']) {
    t.strictSame(shiftOf({ ...own, seasons: winterOnly }, at), [-30, 40], `${at} is winter`);
  }
  for (const at of ['2026-10-31T20:00Z', '2026-11-01T03:00Z', '2027-03-01T20:00Z', '2026-06-21T20:00Z']) {
    t.strictSame(shiftOf({ ...own, seasons: winterOnly }, at), [10, -10], `${at} is not`);
    t.strictSame(shiftOf({ ...own, seasons }, at), [5, -5], 'the first that fits counts, here the second');
  }
  t.strictSame(shiftOf({ ...own, seasons: [] }, '2026-12-31T20:00Z'), [10, -10]);
});

t.test('steps by the sun and by the middle of the night are at their correct times, in order', async (t) => {
  const programme = {
    id: 'residential',
    steps: [
      step('dusk', 100),
      step({ sun: 'sunset', offsetMin: 60 }, 70),
      step({ sun: 'middle', offsetMin: -120 }, 40),
      step({ sun: 'dawn', offsetMin: -30 }, 80),
    ],
  };
  const { of, night, nights } = stretches({}, makeStreet({ programme, zone: { presence: null } }));
  t.strictSame(
    of.map(({ atMs, levelPct }) => [utc(atMs), levelPct]),
    [
      ['11:00', 100],
      ['17:38', 70],
      [utc((nights.event(night, 'middle') ?? 0) - 120 * MINUTE_MS), 40],
      [utc((night.dawnMs ?? 0) - 30 * MINUTE_MS), 80],
    ],
  );
  const middle = nights.event(night, 'middle') ?? 0;
  t.equal(middle - (night.duskMs ?? 0), (night.dawnMs ?? 0) - middle);
});

t.test('a class is a share of the design class, and the class minimum holds', async (t) => {
  const programme = {
    id: 'residential',
    steps: [step('dusk', 100), { at: { hour: 23, minute: 0 }, level: { class: 'P4' as const }, boostPct: null }],
  };
  const { of } = stretches({ designClass: 'P2' }, makeStreet({ programme, zone: { designClass: 'P2', presence: null } }));
  t.strictSame(
    of.map(({ levelPct }) => levelPct),
    [100, 50],
  );
});

t.test('calendars: weekends, summers, the first Friday, holidays and the turn of the year', async (t) => {
  const rule = { programme: 'other', weekdays: null, from: null, to: null, nthWeekday: null, holidays: null } as const;
  const other = { id: 'other', steps: [step('dusk', 55)] };
  const cases: [story: string, rule: object, date: string, fits: boolean][] = [
    ['a Saturday', { weekdays: [6, 7] }, '2026-01-17', true],
    ['a Friday', { weekdays: [6, 7] }, '2026-01-16', false],
    ['July', { from: { year: null, month: 7, day: 1 }, to: { year: null, month: 8, day: 31 } }, '2026-07-14', true],
    ['September', { from: { year: null, month: 7, day: 1 }, to: { year: null, month: 8, day: 31 } }, '2026-09-01', false],
    ['New Year in a span over it', { from: { year: null, month: 12, day: 20 }, to: { year: null, month: 1, day: 5 } }, '2027-01-03', true],
    ['of one year only', { from: { year: 2026, month: 6, day: 1 }, to: { year: 2026, month: 6, day: 30 } }, '2027-06-10', false],
    ['the first Friday', { nthWeekday: { nth: 1, weekday: 5 } }, '2026-05-01', true],
    ['the second Friday', { nthWeekday: { nth: 1, weekday: 5 } }, '2026-05-08', false],
    ['the last Monday', { nthWeekday: { nth: -1, weekday: 1 } }, '2026-05-25', true],
    ['a holiday', { holidays: 'fr' }, '2026-05-14', true],
    ['no holiday', { holidays: 'fr' }, '2026-05-15', false],
  ];
  for (const [story, changes, date, fits] of cases) {
    const calendars = [{ id: 'c', rules: [{ ...rule, ...changes }] }];
    const street = makeStreet({ zone: { presence: null, calendar: 'c' } });
    const { of } = stretches({ calendar: 'c' }, { ...street, calendars, programmes: [...street.programmes, other] }, `${date}T20:00Z`);
    t.equal(of[0]?.levelPct, fits ? 55 : 80, story);
  }
  t.test('the night belongs to the day on which it began', async (t) => {
    const calendars = [{ id: 'c', rules: [{ ...rule, weekdays: [6] }] }];
    const street = makeStreet({ zone: { presence: null, calendar: 'c' } });
    const whole = { ...street, calendars, programmes: [...street.programmes, other] };
    t.equal(stretches({ calendar: 'c' }, whole, '2026-01-18T05:00Z').of[0]?.levelPct, 55, 'early on Sunday it is still Saturday night');
    t.equal(stretches({ calendar: 'c' }, whole, '2026-01-18T20:00Z').of[0]?.levelPct, 80);
  });
});

t.test('Easter moves its holidays with it', async (t) => {
  const mondays: [number, number, number][] = [
    [2025, 4, 21],
    [2026, 4, 6],
    [2027, 3, 29],
    [2028, 4, 17],
    [2038, 4, 26],
  ];
  for (const [year, month, day] of mondays) t.ok(isHoliday('fr', { year, month, day }), `${year}-${month}-${day}`);
  t.equal(
    Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2027, 0, 1 + i))).filter((d) =>
      isHoliday('fr', { year: 2027, month: d.getUTCMonth() + 1, day: d.getUTCDate() }),
    ).length,
    11,
  );
});

t.test('14 July: 100 % until 02:00, then the step of that hour applies', async (t) => {
  const eventNights = [
    {
      id: 'bastille',
      date: { year: null, month: 7, day: 14 },
      from: 'dusk' as const,
      until: { hour: 2, minute: 0 },
      levelPct: 100,
      zones: null,
    },
  ];
  const street = makeStreet({ zone: { presence: null }, street: { eventNights } });
  t.strictSame(
    stretches({}, street, '2026-07-14T20:00Z').of.map(({ atMs, levelPct, source }) => [utc(atMs), levelPct, source]),
    [
      ['10:00', 100, 'bastille'],
      ['00:00', 30, 'residential'],
      ['04:00', 90, 'residential'],
    ],
  );
  t.equal(stretches({}, street, '2026-07-15T20:00Z').of[0]?.levelPct, 80, 'the next night is as ever');
});

t.test('a zone that may go dark gets a warning first, by the clock and after the last passer-by; another never goes dark', async (t) => {
  const programme = { id: 'residential', steps: [step('dusk', 60), step({ hour: 23, minute: 0 }, 0)] };
  const dark = { warnPct: 20, warnS: 30 };
  const decider = createDecider(makeStreet({ programme, zone: { dark } }));
  const stepMs = Date.parse('2026-01-15T23:00:00+01:00');
  const at = (ms: number, sensors = new Map()) =>
    decider.decide(snapshot({ nowMs: ms, nowMono: 1_000_000, sensors })).decisions[1]?.levelPct;
  t.strictSame([at(stepMs - 1), at(stepMs), at(stepMs + 29_999), at(stepMs + 30_000)], [60, 20, 20, 0]);
  const seen = (agoS: number) =>
    new Map([['S01.motion', { present: false, sinceMono: 0, lastPresentMono: 1_000_000 - agoS * 1_000, quality: 'good' }]]);
  const later = stepMs + 3_600_000;
  t.strictSame([at(later, seen(14)), at(later, seen(16)), at(later, seen(44)), at(later, seen(46))], [100, 20, 20, 0]);
  const never = createDecider(makeStreet({ programme }));
  t.equal(never.decide(snapshot({ nowMs: later })).decisions[1]?.levelPct, 10, 'the minimum holds where dark is not allowed');
});

t.test('a new lamp gives its full light at less, an old one needs all', async (t) => {
  const constantLight = { newPct: 80, fullAtH: 50_000 };
  const decider = createDecider(makeStreet({ zone: { presence: null, constantLight } }));
  const at = (hours: number | null) =>
    decider.decide(snapshot({ nowMs: Date.parse('2026-01-15T20:00Z'), burningH: new Map(hours === null ? [] : [['L1', hours]]) }))
      .decisions[0];
  t.strictSame([at(null)?.levelPct, at(0)?.levelPct, at(25_000)?.levelPct, at(80_000)?.levelPct], [80, 64, 72, 80]);
  t.match(
    at(0)?.trace.find(({ text }) => String(text).startsWith('constant light')),
    { levelPct: 64 },
  );
});
