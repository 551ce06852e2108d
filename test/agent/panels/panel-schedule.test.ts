import t from 'tap';
import type { PanelEntry } from '../../../agent/core/cabinet.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { createPanelSchedule } from '../../../agent/panels/panel-schedule.ts';
import { ALL_DAYS, entry, SQUARE_SITE, timeOfDay } from './square.ts';

const on = (over: Partial<PanelEntry['days']>): PanelEntry['days'] => ({ ...ALL_DAYS, ...over });
const date = (month: number, day: number, year: number | null = null) => ({ year, month, day });
const WEEK = [
  entry('night', { at: timeOfDay('22:00'), until: timeOfDay('02:00'), days: on({ weekdays: [5] }) }),
  entry('music', { at: timeOfDay('18:00'), until: timeOfDay('23:59'), days: on({ from: date(6, 21, 2026), to: date(6, 21, 2026) }) }),
  entry('holiday', { days: on({ holidays: 'fr' }) }),
  entry('evening', { at: { sun: 'sunset', offsetMin: -30 }, until: { sun: 'sunset', offsetMin: 60 } }),
  entry('day', { at: timeOfDay('07:00'), until: timeOfDay('20:00') }),
];
const schedule = createPanelSchedule(SQUARE_SITE, createLocalCalendar(SQUARE_SITE.timezone), WEEK);

const rows: readonly (readonly [when: string, text: string | null])[] = [
  ['2026-06-19T19:59:00Z', 'evening'],
  ['2026-06-19T20:00:00Z', 'night'],
  ['2026-06-19T23:59:00Z', 'night'],
  ['2026-06-20T00:00:00Z', null],
  ['2026-06-20T05:00:00Z', 'day'],
  ['2026-06-20T04:59:59Z', null],
  ['2026-06-21T15:59:59Z', 'day'],
  ['2026-06-21T16:00:00Z', 'music'],
  ['2026-06-21T21:59:00Z', null],
  ['2026-07-14T10:00:00Z', 'holiday'],
  ['2026-07-13T22:00:00Z', 'holiday'],
  ['2026-07-14T22:00:00Z', null],
  ['2027-06-21T16:00:00Z', 'day'],
  // The clocks go forward at 02:00: an entry until 02:00 ends with the change.
  ['2026-03-27T23:30:00Z', 'night'],
  ['2026-12-20T16:00:00Z', 'evening'],
];
for (const [when, text] of rows)
  t.test(`the schedule at ${when}: ${text ?? 'nothing'}`, async (t) => t.equal(schedule.at(Date.parse(when))?.text ?? null, text));

t.test('an entry at a time of the sun does not apply where the sun does not set', async (t) => {
  const north = createPanelSchedule({ latitudeDeg: 69.6, longitudeDeg: 18.9 }, createLocalCalendar('Europe/Oslo'), WEEK.slice(3, 4));
  for (let hour = 0; hour < 24; hour++) t.equal(north.at(Date.parse('2026-06-21T00:00:00Z') + hour * 3_600_000), null);
});

const MIDSUMMER: readonly (readonly [entry: ReturnType<typeof entry>, when: string, untilOn: string | null])[] = [
  // The sun sets after local midnight from 15 to 28 June, and twice on the 29th.
  [entry('day', { at: timeOfDay('08:00'), until: { sun: 'sunset', offsetMin: 0 } }), '2026-06-20T12:00:00Z', '2026-06-21T00:03'],
  [entry('day', { at: timeOfDay('08:00'), until: { sun: 'sunset', offsetMin: 0 } }), '2026-06-28T12:00:00Z', '2026-06-29T00:00'],
  [entry('day', { at: timeOfDay('08:00'), until: { sun: 'sunset', offsetMin: 0 } }), '2026-06-29T12:00:00Z', '2026-06-29T23:59'],
  [
    entry('night', { at: { sun: 'sunset', offsetMin: 0 }, until: { sun: 'sunrise', offsetMin: 0 } }),
    '2026-06-21T00:30:00Z',
    '2026-06-21T02:55',
  ],
  [entry('night', { at: { sun: 'sunset', offsetMin: 0 }, until: { sun: 'sunrise', offsetMin: 0 } }), '2026-06-21T12:00:00Z', null],
];
for (const [each, when, untilOn] of MIDSUMMER)
  t.test(`the entry ${each.text} in Reykjavik at ${when} ends ${untilOn ?? 'before'}`, async (t) => {
    const reykjavik = createPanelSchedule({ latitudeDeg: 64.15, longitudeDeg: -21.94 }, createLocalCalendar('Atlantic/Reykjavik'), [each]);
    const applied = reykjavik.at(Date.parse(when));
    t.equal(applied === null ? null : new Date(applied.untilMs).toISOString().slice(0, 16), untilOn);
  });

t.test('an entry until a time of the sun never lasts over the one of the next day, where the polar day begins or ends', async (t) => {
  for (const sun of ['sunset', 'sunrise'] as const) {
    const tromso = createPanelSchedule({ latitudeDeg: 69.6, longitudeDeg: 18.9 }, createLocalCalendar('Europe/Oslo'), [
      entry('day', { at: timeOfDay('08:00'), until: { sun, offsetMin: 0 } }),
    ]);
    const long = Array.from({ length: 365 * 4 }, (_, at) => tromso.at(Date.parse('2026-01-01T00:00:00Z') + at * 6 * 3_600_000))
      .filter((applied) => applied !== null && applied.untilMs - applied.sinceMs > 25 * 3_600_000)
      .map((applied) => applied && new Date(applied.sinceMs).toISOString());
    t.strictSame(long, [], sun);
  }
});

t.test('an entry within the hour that is skipped in spring is not shown for a day', async (t) => {
  const skipped = createPanelSchedule(SQUARE_SITE, createLocalCalendar(SQUARE_SITE.timezone), [
    entry('works', { at: timeOfDay('02:00'), until: timeOfDay('03:00') }),
  ]);
  for (const when of ['2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z', '2026-03-29T12:00:00Z'])
    t.equal(skipped.at(Date.parse(when)), null, when);
  t.equal(skipped.at(Date.parse('2026-03-30T00:30:00Z'))?.text, 'works');
});

t.test('whatever the instant, the entry includes it', async (t) => {
  const fromMs = Date.parse('2026-01-01T00:00:00Z');
  for (let n = 0; n < 5_000; n++) {
    const nowMs = fromMs + n * 6_307_000;
    const applied = schedule.at(nowMs);
    if (applied !== null && !(applied.sinceMs <= nowMs && nowMs < applied.untilMs)) t.fail(new Date(nowMs).toISOString());
  }
});

t.test('an entry hours before sunrise may begin on the evening before', async (t) => {
  const early = createPanelSchedule(SQUARE_SITE, createLocalCalendar(SQUARE_SITE.timezone), [
    entry('early', { at: { sun: 'sunrise', offsetMin: -480 }, until: { sun: 'sunrise', offsetMin: 0 } }),
  ]);
  // The sun rises at about 06:05 local time, so it begins at about 22:05.
  t.equal(early.at(Date.parse('2026-06-20T21:00:00Z'))?.text, 'early');
  t.equal(early.at(Date.parse('2026-06-20T18:00:00Z')), null);
});
