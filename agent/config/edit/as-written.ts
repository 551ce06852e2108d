import type {
  Cabinet,
  Calendar,
  CalendarDate,
  CalendarRule,
  HolidayDay,
  PanelConfig,
  Rule,
  StepLevel,
  StepTime,
} from '../../core/cabinet.ts';
import { WEEKDAYS } from '../schema/weekdays.ts';
import { soundWritten } from './sound-written.ts';

/**
 * Returns a cabinet in a form close to that of its file, with defaults, without `profileDirs`. A few other keys and values differ from the
 * file. Shares parts with its argument.
 */
export function asWritten({
  lines,
  poles,
  branches,
  lamps,
  zones,
  programmes,
  calendars,
  eventNights,
  rules,
  outputs,
  panels,
  sound,
  watch,
  neighbours,
  uplink,
  store,
  energy,
  recorder,
  service,
  trust,
  console,
  profileDirs: _,
  ...cabinet
}: Cabinet): Readonly<Record<string, unknown>> {
  return {
    cabinet,
    lines,
    poles,
    branches,
    lamps,
    zones: zones.map(({ traffic, seasons, ...zone }) => ({
      ...zone,
      ...(seasons && { seasons: seasons.map(({ from, to, ...season }) => ({ ...season, from: dateWritten(from), to: dateWritten(to) })) }),
      traffic: traffic && { ...traffic, steps: traffic.steps.map(({ level, ...step }) => ({ ...step, ...levelWritten(level) })) },
    })),
    programmes: programmes.map(({ id, steps }) => ({
      id,
      steps: steps.map(({ at, level, boostPct }) => ({ at: timeWritten(at), ...levelWritten(level), boostPct })),
    })),
    holidays: holidaysWritten([...calendars, ...(sound?.calendars ?? [])], panels),
    calendars: calendars.map((calendar) => ({ ...calendar, rules: calendar.rules.map(calendarRuleWritten) })),
    eventNights: eventNights.map(({ date, from, until, ...event }) => ({
      ...event,
      date: dateWritten(date),
      from: timeWritten(from),
      until: timeWritten(until),
    })),
    rules: rules.map(ruleWritten),
    outputs,
    panels: panels.map(panelWritten),
    sound: sound ? soundWritten(sound, calendarRuleWritten) : null,
    watch,
    neighbours,
    uplink,
    store,
    ...(energy && { energy }),
    ...{ recorder, service, trust, console },
  };
}

function levelWritten(level: StepLevel): Readonly<Record<string, unknown>> {
  return 'pct' in level ? { levelPct: level.pct } : { class: level.class };
}

/** For example `23:00`, `dusk`, `middle`, `middle-60`, `sunset+30`. */
function timeWritten(at: StepTime): string {
  if (at === 'dusk') return at;
  if ('hour' in at) return `${twoDigits(at.hour)}:${twoDigits(at.minute)}`;
  if (at.sun === 'middle' && at.offsetMin === 0) return at.sun;
  return `${at.sun}${at.offsetMin < 0 ? '' : '+'}${at.offsetMin}`;
}

/** `2026-07-14`, `07-14`. */
function dateWritten({ year, month, day }: CalendarDate): string {
  return [...(year === null ? [] : [String(year)]), twoDigits(month), twoDigits(day)].join('-');
}

/** The lists of holidays that rules name; undefined if there are none. */
function holidaysWritten(
  calendars: readonly Calendar[],
  panels: readonly PanelConfig[],
): readonly Readonly<Record<string, unknown>>[] | undefined {
  const days = [...calendars.flatMap(({ rules }) => rules), ...panels.flatMap(({ schedule }) => schedule.map((entry) => entry.days))];
  const named = days.flatMap(({ holidays }) => (holidays === null || typeof holidays === 'string' ? [] : [holidays]));
  const lists = new Map(named.map((list) => [list.id, list]));
  return lists.size === 0 ? undefined : [...lists.values()].map(({ id, days }) => ({ id, days: days.map(holidayWritten) }));
}

function panelWritten({ schedule, ...panel }: PanelConfig): Readonly<Record<string, unknown>> {
  const entries = schedule.map(({ text, at, until, days }) => ({
    text,
    at: timeWritten(at),
    until: timeWritten(until),
    ...daysWritten(days),
  }));
  return { ...panel, schedule: entries };
}

/** `12-26`, `easter-2`, or the weekday of a month. */
function holidayWritten(day: HolidayDay): unknown {
  if ('easterDays' in day) return day.easterDays === 0 ? 'easter' : `easter${day.easterDays < 0 ? '' : '+'}${day.easterDays}`;
  return 'nth' in day ? { ...day, weekday: WEEKDAYS[day.weekday - 1] } : dateWritten(day);
}

function calendarRuleWritten({ programme, ...days }: CalendarRule): Readonly<Record<string, unknown>> {
  return { programme, ...daysWritten(days) };
}

function daysWritten({
  weekdays,
  from,
  to,
  nthWeekday,
  holidays,
  ...rule
}: Omit<CalendarRule, 'programme'>): Readonly<Record<string, unknown>> {
  const named = (weekday: number): string | undefined => WEEKDAYS[weekday - 1];
  return {
    ...rule,
    weekdays: weekdays?.map(named) ?? null,
    holidays: typeof holidays === 'string' ? holidays : (holidays?.id ?? null),
    from: from && dateWritten(from),
    to: to && dateWritten(to),
    nthWeekday: nthWeekday && { nth: nthWeekday.nth, weekday: named(nthWeekday.weekday) },
  };
}

function ruleWritten({ id, when, raise, lower }: Rule): Readonly<Record<string, unknown>> {
  const effects = { raise, lower: lower ?? null };
  if (when.kind === 'presence') return { id, presenceIn: when.zone, ...effects };
  if (when.kind === 'traffic') return { id, trafficIn: when.zone, flowPct: when.flowPct, clearsAt: when.clearsAt, ...effects };
  const { kind, point, value, clearsAt, forS } = when;
  return { id, point, [kind]: value, clearsAt, forS, ...effects };
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
