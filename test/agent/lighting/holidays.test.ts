/** Nights of public holidays, of the eves before them, and of holidays that the file of a site lists. */
import t from 'tap';
import { loadCabinet } from '../../../agent/config/load/load.ts';
import type { CalendarRule } from '../../../agent/core/cabinet.ts';
import { DAY_MS } from '../../../agent/core/durations.ts';
import { isHoliday, type NightDay, ruleOf } from '../../../agent/lighting/calendar.ts';
import { litStreetYaml } from '../config/floor/lit-street.ts';

const dayOf = (text: string): NightDay => {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return { year, month, day };
};

/** Dates of the holidays of a year, according to the calendar. */
function holidaysOf(year: number, holidays: Parameters<typeof isHoliday>[0]): string[] {
  const days = Array.from({ length: 366 }, (_, i) => new Date(Date.UTC(year, 0, 1) + i * DAY_MS).toISOString().slice(0, 10));
  return days.filter((day) => day.startsWith(String(year)) && isHoliday(holidays, dayOf(day)));
}

t.test('Alsace-Moselle has Good Friday and 26 December more than the rest of France', async (t) => {
  // Easter Sunday is on 5 April 2026, 28 March 2027, 16 April 2028 and 21 April 2030.
  const goodFridays = ['2026-04-03', '2027-03-26', '2028-04-14', '2030-04-19'];
  for (const goodFriday of goodFridays) {
    const year = Number(goodFriday.slice(0, 4));
    const [france, alsace] = [holidaysOf(year, 'fr'), holidaysOf(year, 'fr-alsace-moselle')];
    t.equal(france.length, 11);
    t.same(
      alsace.filter((day) => !france.includes(day)),
      [goodFriday, `${year}-12-26`],
    );
    t.same(
      france.filter((day) => !alsace.includes(day)),
      [],
    );
  }
});

/** The rule of a calendar of the lit street, with these lists of holidays. */
function ruleWith(rule: string, lists = ''): (night: string) => boolean {
  const text = litStreetYaml(
    ['{ programme: market, holidays: fr }', `{ programme: market, ${rule} }`],
    ['      - { programme: market, weekdays: [fri, sat], from: 06-01, to: 09-15 }\n', ''],
    ['      - { programme: market, nthWeekday: { nth: 1, weekday: sun } }\n', ''],
    ['eventNights:', `${lists}eventNights:`],
  );
  const [calendar] = loadCabinet('c.yaml', () => text).cabinet.calendars;
  return (night) => calendar !== undefined && ruleOf(calendar, dayOf(night)) !== null;
}

// biome-ignore format: a table
const nights: [story: string, rule: string, night: string, fits: boolean][] = [
  ['Christmas Eve is no holiday', 'holidays: fr', '2026-12-24', false],
  ['it is with the eves', 'holidays: fr, eves: also', '2026-12-24', true],
  ['and so is Christmas', 'holidays: fr, eves: also', '2026-12-25', true],
  ['but not with the eves alone', 'holidays: fr, eves: only', '2026-12-25', false],
  ['except where the next day is one too', 'holidays: fr-alsace-moselle, eves: only', '2026-12-25', true],
  ['the night of New Year\'s Eve belongs to the year before', 'holidays: fr, eves: only', '2026-12-31', true],
  ['the eve of 1 May is in the month before', 'holidays: fr, eves: only', '2027-04-30', true],
  ['Easter Sunday is the eve of its Monday', 'holidays: fr, eves: only', '2027-03-28', true],
  ['an eve with a weekday', 'holidays: fr, eves: only, weekdays: [thu]', '2026-12-24', true],
  ['and another weekday', 'holidays: fr, eves: only, weekdays: [fri]', '2026-12-24', false],
];
for (const [story, rule, night, fits] of nights) t.test(`a night of holidays: ${story}`, async (t) => t.equal(ruleWith(rule)(night), fits));

const ENGLAND = `holidays:
  - id: england
    days:
      - 01-01
      - easter-2
      - easter+1
      - { nth: 1, weekday: mon, month: 5 }
      - { nth: -1, weekday: mon, month: 5 }
      - { nth: -1, weekday: mon, month: 8 }
      - 12-25
      - 12-26
      - 2026-12-28
`;

t.test('a country that is not built in is written as dates and rules', async (t) => {
  const isFree = ruleWith('holidays: england', ENGLAND);
  // Bank holidays of England and Wales; 28 December 2026 is in place of Boxing Day, a Saturday.
  const of2026 = ['01-01', '04-03', '04-06', '05-04', '05-25', '08-31', '12-25', '12-28'].map((day) => `2026-${day}`);
  const of2027 = ['01-01', '03-26', '03-29', '05-03', '05-31', '08-30'].map((day) => `2027-${day}`);
  for (const day of [...of2026, ...of2027]) t.ok(isFree(day), day);
  for (const day of ['2026-05-01', '2026-05-11', '2027-05-24', '2026-08-24', '2027-12-28', '2026-04-05']) t.notOk(isFree(day), day);
});

t.test('Easter without a number is its Sunday, and a list serves the eves as a built-in one', async (t) => {
  const lists = 'holidays: [{ id: own, days: [easter, 2027-03-20] }]\n';
  t.ok(ruleWith('holidays: own', lists)('2027-03-28'));
  const isEve = ruleWith('holidays: own, eves: only', lists);
  t.same(['2027-03-27', '2027-03-28', '2027-03-19', '2028-03-19'].map(isEve), [true, false, true, false]);
});

t.test('a rule without holidays keeps its nights', async (t) => {
  const rule: CalendarRule = { programme: 'p', weekdays: [6], from: null, to: null, nthWeekday: null, holidays: null };
  t.ok(ruleOf({ id: 'c', rules: [rule] }, dayOf('2026-12-26')));
});
