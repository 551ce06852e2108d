import type { CalendarDate } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import { BUILT_IN_HOLIDAYS } from '../../lighting/calendar.ts';
import { dateOf } from '../schema/complete-lighting.ts';
import { type CalendarDraft, type Index, type Placed, placed, unknownName, unknownZones } from './draft.ts';
import type { Finding, Path } from './finding.ts';

type RuleDraft = NonNullable<NonNullable<CalendarDraft['rules']>[number]>;
type DaysDraft = Omit<RuleDraft, 'programme'>;

/**
 * Returns findings about calendars, lists of holidays, event nights and seasons, such as an unknown holiday or a date that does not exist.
 * Empty if there are none.
 */
export function checkCalendars(index: Index): Finding[] {
  const { calendars, eventNights, zones, known } = index;
  const rules = calendars.flatMap(({ value, path }) => placed(value.rules, [...path, 'rules']));
  return [
    ...zones.flatMap(({ value, path }) =>
      unknownName({ what: 'calendar', id: value.calendar, known: known.calendars, path: [...path, 'calendar'] }),
    ),
    ...rules.flatMap(({ value, path }) =>
      unknownName({ what: 'programme', id: value.programme, known: known.programmes, path: [...path, 'programme'] }),
    ),
    ...eventNights.flatMap(({ value, path }) => [
      ...checkDate(value.date, [...path, 'date']),
      ...unknownZones(value.zones, [...path, 'zones'], known.zones),
    ]),
    ...zones.flatMap(({ value, path }) =>
      placed(value.seasons, [...path, 'seasons']).flatMap((season) => [
        ...checkDate(season.value.from, [...season.path, 'from']),
        ...checkDate(season.value.to, [...season.path, 'to']),
      ]),
    ),
    ...checkDays(index, rules),
    ...checkLists(index),
    ...calendars.flatMap(checkReachable),
  ];
}

/** Returns what is wrong with conditions on a day, such as a date that does not exist. Empty if nothing is found. */
export function checkDays(index: Index, entries: readonly Placed<DaysDraft>[]): Finding[] {
  return [
    ...entries.flatMap(({ value, path }) => [...checkDate(value.from, [...path, 'from']), ...checkDate(value.to, [...path, 'to'])]),
    ...checkHolidays(index, entries),
    ...entries.flatMap(checkSpan),
    ...entries.flatMap(checkWeekdays),
  ];
}

/** Unknown holiday names. */
function checkHolidays({ known }: Index, rules: readonly Placed<DaysDraft>[]): Finding[] {
  const names = known.holidays === null ? null : new Set<string>([...BUILT_IN_HOLIDAYS, ...known.holidays]);
  return rules.flatMap(({ value, path }): Finding[] => {
    if ('eves' in value && !('holidays' in value)) {
      return [{ path: [...path, 'eves'], message: msg`eves needs holidays beside it: the days before which it applies` }];
    }
    return unknownName({ what: 'list of holidays', id: value.holidays, known: names, path: [...path, 'holidays'] });
  });
}

/** Ids of lists that hide a built-in name, and days that do not exist. */
function checkLists({ holidays }: Index): Finding[] {
  return holidays.flatMap(({ value: { id, days }, path }) => [
    ...(BUILT_IN_HOLIDAYS.some((name) => name === id)
      ? [{ path: [...path, 'id'], message: msg`"${id ?? ''}" is built in; give your list another id` }]
      : []),
    ...placed(days, [...path, 'days']).flatMap((day) =>
      typeof day.value === 'string' && !day.value.startsWith('easter') ? checkDate(day.value, day.path) : [],
    ),
  ]);
}

function checkDate(text: string | undefined, path: Path): Finding[] {
  if (text === undefined) return [];
  const { year, month, day } = dateOf(text);
  // A yearly 29 February is a night of leap years.
  const lastDay = new Date(Date.UTC(year ?? 2000, month, 0)).getUTCDate();
  if (day <= lastDay) return [];
  const last = `${text.slice(0, -2)}${lastDay}`;
  return [{ path, message: msg`there is no ${text}; the last day of that month is ${last}` }];
}

function checkSpan({ value: { from, to }, path }: Placed<DaysDraft>): Finding[] {
  if (from === undefined || to === undefined) return [];
  const [first, last] = [dateOf(from), dateOf(to)];
  if ((first.year === null) !== (last.year === null)) {
    const message =
      last.year === null
        ? msg`"${to}" has no year, from "${from}" has one; write it in both, or in neither for each year`
        : msg`"${to}" has a year, from "${from}" has none; write it in both, or in neither for each year`;
    return [{ path: [...path, 'to'], message }];
  }
  // Without years a span may cross the end of the year.
  if (first.year === null || number(first) <= number(last)) return [];
  return [{ path: [...path, 'to'], message: msg`"${to}" is before from "${from}"; no night would fit` }];
}

function number({ year, month, day }: CalendarDate): number {
  return (year ?? 0) * 10_000 + month * 100 + day;
}

function checkWeekdays({ value: { weekdays, nthWeekday }, path }: Placed<DaysDraft>): Finding[] {
  const weekday = nthWeekday?.weekday;
  if (weekdays === undefined || weekday === undefined || weekdays.some((day) => day === undefined || day === weekday)) return [];
  const message = msg`the weekdays of this rule leave ${weekday} out, so no night would fit; leave weekdays out`;
  return [{ path: [...path, 'nthWeekday', 'weekday'], message }];
}

/** The first matching rule wins, so a rule after one that covers all its nights never applies. */
function checkReachable({ value: calendar, path }: Placed<CalendarDraft>): Finding[] {
  const rules = placed(calendar.rules, [...path, 'rules']);
  return rules.flatMap((rule, i): Finding[] => {
    const before = rules.slice(0, i).find((earlier) => covers(earlier.value, rule.value));
    if (before === undefined) return [];
    const message =
      conditions(before.value).length === 0
        ? msg`this rule is never reached: a rule without conditions is above it; put this one first`
        : msg`this rule is never reached: a rule above takes all its nights; put this one first`;
    return [{ path: rule.path, message, first: before.path }];
  });
}

const CONDITIONS = ['weekdays', 'from', 'to', 'nthWeekday', 'holidays', 'eves'] as const;

function conditions(rule: RuleDraft): readonly (typeof CONDITIONS)[number][] {
  return CONDITIONS.filter((key) => key in rule);
}

/** Whether one rule covers all nights of another: each condition of the wider one is also one of the narrower. */
function covers(wide: RuleDraft, narrow: RuleDraft): boolean {
  const isRead = [wide, narrow].every((rule) => conditions(rule).every((key) => rule[key] !== undefined));
  if (!isRead) return false;
  return conditions(wide).every((key) => {
    if (key === 'weekdays') return narrow.weekdays?.every((day) => wide.weekdays?.includes(day)) ?? false;
    // A span is one condition: without its end it may not be narrower.
    // With the nights before as well, all nights of the same holidays are taken.
    if (key === 'holidays') return wide.holidays === narrow.holidays && (wide.eves === 'also' || wide.eves === narrow.eves);
    if (key === 'eves') return true;
    if (key === 'from' || key === 'to') return wide.from === narrow.from && wide.to === narrow.to;
    return JSON.stringify(wide[key]) === JSON.stringify(narrow[key]);
  });
}
