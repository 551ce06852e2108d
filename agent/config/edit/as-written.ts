import type { Cabinet, CalendarDate, CalendarRule, Rule, StepLevel, StepTime } from '../../core/cabinet.ts';
import { WEEKDAYS } from '../schema/weekdays.ts';

/**
 * A cabinet as its file writes it, with defaults for values that the file left out: a person who compares two configurations reads the keys
 * to change. The reverse of `complete.ts`. Pure.
 *
 * Shape: as `cabinet.yaml`, without the folders of profiles, which are the site's own.
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
  neighbours,
  uplink,
  store,
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
    zones: zones.map(({ traffic, ...zone }) => ({
      ...zone,
      traffic: traffic && { ...traffic, steps: traffic.steps.map(({ level, ...step }) => ({ ...step, ...levelWritten(level) })) },
    })),
    programmes: programmes.map(({ id, steps }) => ({
      id,
      steps: steps.map(({ at, level, boostPct }) => ({ at: timeWritten(at), ...levelWritten(level), boostPct })),
    })),
    calendars: calendars.map((calendar) => ({ ...calendar, rules: calendar.rules.map(calendarRuleWritten) })),
    eventNights: eventNights.map(({ date, from, until, ...event }) => ({
      ...event,
      date: dateWritten(date),
      from: timeWritten(from),
      until: timeWritten(until),
    })),
    rules: rules.map(ruleWritten),
    outputs,
    neighbours,
    uplink,
    store,
    service,
    trust,
    console,
  };
}

function levelWritten(level: StepLevel): Readonly<Record<string, unknown>> {
  return 'pct' in level ? { levelPct: level.pct } : { class: level.class };
}

/** `23:00`, `dusk`, `middle`, `middle-60`, `sunset+30`. */
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

function calendarRuleWritten({ weekdays, from, to, nthWeekday, ...rule }: CalendarRule): Readonly<Record<string, unknown>> {
  const named = (weekday: number): string | undefined => WEEKDAYS[weekday - 1];
  return {
    ...rule,
    weekdays: weekdays?.map(named) ?? null,
    from: from && dateWritten(from),
    to: to && dateWritten(to),
    nthWeekday: nthWeekday && { nth: nthWeekday.nth, weekday: named(nthWeekday.weekday) },
  };
}

function ruleWritten({ id, when, raise }: Rule): Readonly<Record<string, unknown>> {
  if (when.kind === 'presence') return { id, presenceIn: when.zone, raise };
  if (when.kind === 'traffic') return { id, trafficIn: when.zone, flowPct: when.flowPct, clearsAt: when.clearsAt, raise };
  const { kind, point, value, clearsAt, forS } = when;
  return { id, point, [kind]: value, clearsAt, forS, raise };
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
