/** Selects the programme and the season of a zone by the date on which its night begins: weekdays, spans, yearly dates, holidays. Pure. */

import type { BuiltInHolidays, Calendar, CalendarDate, CalendarRule, HolidayDay, HolidayList, Season } from '../core/cabinet.ts';
import { DAY_MS } from '../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { listed } from '../core/message-lists.ts';

/** The local date on which a night begins, or of a day. Shape: `month` 1..12; a `day` outside its month is in the month before or after. */
export interface NightDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Monday first. */
const WEEKDAYS = [msg`Mon`, msg`Tue`, msg`Wed`, msg`Thu`, msg`Fri`, msg`Sat`, msg`Sun`];
const yearly = (month: number, day: number): HolidayDay => ({ year: null, month, day });
/** Public holidays of France; those from Easter are Easter Monday, Ascension and Whit Monday. Source: Code du travail, article L3133-1. */
const FRANCE: readonly HolidayDay[] = [
  ...[yearly(1, 1), yearly(5, 1), yearly(5, 8), yearly(7, 14), yearly(8, 15), yearly(11, 1), yearly(11, 11), yearly(12, 25)],
  ...[{ easterDays: 1 }, { easterDays: 39 }, { easterDays: 50 }],
];
/** Source: Code du travail, article L3134-13, which adds Good Friday and 26 December. */
const BUILT_IN: Readonly<Record<BuiltInHolidays, readonly HolidayDay[]>> = {
  fr: FRANCE,
  'fr-alsace-moselle': [...FRANCE, { easterDays: -2 }, yearly(12, 26)],
};
/** Names of the built-in lists of holidays: a calendar rule may use them without a list in the configuration. */
export const BUILT_IN_HOLIDAYS = Object.keys(BUILT_IN) as readonly BuiltInHolidays[];

const HOLIDAYS_TEXT = {
  none: msg`public holidays`,
  also: msg`public holidays and the nights before them`,
  only: msg`the nights before public holidays`,
};

/** Returns the first rule of the calendar that applies to the night; null if none does. */
export function ruleOf(calendar: Calendar, night: NightDay): CalendarRule | null {
  const date = plain(night);
  return calendar.rules.find((rule) => fits(rule, date)) ?? null;
}

/** Whether a date is the one on which this night begins. If `year` is null, only month and day are compared. */
export function isOn({ year, month, day }: CalendarDate, night: NightDay): boolean {
  const date = plain(night);
  return (year === null || year === date.year) && month === date.month && day === date.day;
}

/**
 * Returns the index of the first season that includes the date of the night, both ends included; -1 if none does. A season may cross the
 * end of the year.
 */
export function seasonOf(seasons: readonly Pick<Season, 'from' | 'to'>[], night: NightDay): number {
  const date = plain(night);
  return seasons.findIndex((season) => isWithin(season, date));
}

/** Describes the nights of a rule for people, for example `Fri, Sat, 07-01 to 08-31`; `every night` for one without conditions. */
export function describeRule({ weekdays, from, to, nthWeekday, holidays, eves }: CalendarRule): Message {
  const parts = [
    ...(weekdays === null ? [] : weekdays.map(weekday)),
    ...(nthWeekday === null ? [] : [nthText(nthWeekday)]),
    ...span(from, to),
    ...(holidays === null ? [] : [HOLIDAYS_TEXT[eves ?? 'none']]),
  ];
  return parts.length === 0 ? msg`every night` : listed(parts);
}

function weekday(n: number): Message {
  return WEEKDAYS[n - 1] ?? NO_TEXT;
}

function nthText({ nth, weekday: n }: NonNullable<CalendarRule['nthWeekday']>): Message {
  return nth === -1 ? msg`last ${weekday(n)} of the month` : msg`${nth}. ${weekday(n)} of the month`;
}

function span(from: CalendarDate | null, to: CalendarDate | null): readonly Message[] {
  if (from === null) return to === null ? [] : [msg`to ${text(to)}`];
  return [to === null ? msg`from ${text(from)}` : msg`${text(from)} to ${text(to)}`];
}

interface PlainDate extends NightDay {
  /** 1 Monday to 7 Sunday. */
  readonly weekday: number;
  readonly daysInMonth: number;
}

function plain({ year, month, day }: NightDay): PlainDate {
  const date = new Date(Date.UTC(year, month - 1, day));
  const [y, m] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    year: y,
    month: m + 1,
    day: date.getUTCDate(),
    weekday: ((date.getUTCDay() + 6) % 7) + 1,
    daysInMonth: new Date(Date.UTC(y, m + 1, 0)).getUTCDate(),
  };
}

/** Whether a day meets all conditions of a rule (weekdays, span and so on). A condition that is null is met by every day. */
export function isDayOf(days: Omit<CalendarRule, 'programme'>, day: NightDay): boolean {
  return fits(days, plain(day));
}

function fits(rule: Omit<CalendarRule, 'programme'>, date: PlainDate): boolean {
  const { weekdays, nthWeekday, holidays, eves } = rule;
  if (weekdays !== null && !weekdays.includes(date.weekday)) return false;
  if (nthWeekday !== null && !isNth(nthWeekday, date)) return false;
  if (holidays !== null && !isHolidayNight(holidays, eves, date)) return false;
  return isWithin(rule, date);
}

/** A night that begins on the day before a holiday is its eve, even if that day is a holiday itself. */
function isHolidayNight(holidays: NonNullable<CalendarRule['holidays']>, eves: CalendarRule['eves'], date: PlainDate): boolean {
  const isEve = eves !== undefined && isHoliday(holidays, { ...date, day: date.day + 1 });
  return isEve || (eves !== 'only' && isHoliday(holidays, date));
}

function isNth({ nth, weekday }: NonNullable<CalendarRule['nthWeekday']>, date: PlainDate): boolean {
  if (date.weekday !== weekday) return false;
  return nth === -1 ? date.day + 7 > date.daysInMonth : Math.ceil(date.day / 7) === nth;
}

/** A yearly span may cross the end of the year: `12-20` to `01-05`. */
function isWithin({ from, to }: Pick<CalendarRule, 'from' | 'to'>, date: PlainDate): boolean {
  const isYearly = (from ?? to)?.year === null;
  const number = ({ year, month, day }: CalendarDate): number => (isYearly ? 0 : (year ?? date.year) * 10_000) + month * 100 + day;
  const now = number({ ...date, year: isYearly ? null : date.year });
  const [first, last] = [from === null ? null : number(from), to === null ? null : number(to)];
  if (first !== null && last !== null && first > last) return now >= first || now <= last;
  return (first === null || now >= first) && (last === null || now <= last);
}

function text({ year, month, day }: CalendarDate): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${year === null ? '' : `${year}-`}${two(month)}-${two(day)}`;
}

/**
 * Whether the date on which a night begins is one of these holidays. The night before a holiday does not count. `holidays`: the name of a
 * built-in list, or a list of the configuration.
 */
export function isHoliday(holidays: BuiltInHolidays | HolidayList, night: NightDay): boolean {
  const date = plain(night);
  const days: readonly HolidayDay[] = typeof holidays === 'string' ? BUILT_IN[holidays] : holidays.days;
  return days.some((day) => {
    if ('easterDays' in day) return easterMs(date.year) + day.easterDays * DAY_MS === Date.UTC(date.year, date.month - 1, date.day);
    return 'nth' in day ? day.month === date.month && isNth(day, date) : isOn(day, date);
  });
}

/** Source: the anonymous Gregorian computus (Nature, 1876; Meeus, Astronomical Algorithms, chapter 8). */
function easterMs(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1);
}
