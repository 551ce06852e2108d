/**
 * Converts zones, programmes, calendars, rules and outputs of a document into those of a `Cabinet`, with the defaults that depend on other values.
 * Pure.
 */
import type {
  Calendar,
  CalendarDate,
  CalendarRule,
  EventNight,
  HolidayDay,
  LightingClass,
  Output,
  PresenceConfig,
  Programme,
  Rule,
  RuleInput,
  Season,
  StepLevel,
  StepTime,
  SunEvent,
  TrafficConfig,
  Zone,
  ZoneKind,
} from '../../core/cabinet.ts';
import { classLevelPct } from '../../core/lighting-class.ts';
import { BUILT_IN_HOLIDAYS } from '../../lighting/calendar.ts';
import { MAX_WINDOW_MIN } from '../../lighting/photocell.ts';
import type { CabinetDocument } from './schema.ts';
import { WEEKDAYS } from './weekdays.ts';

type ZoneDocument = CabinetDocument['zones'][number];

/**
 * Default time, by kind of zone, after which a sensor that reports presence without a pause counts as stuck. Units: s. Source: assumed
 * from the complaints in the reference: people stay longest where there are benches. Confirmed by: lengths of stays in a month of logs, by
 * kind of zone.
 */
export const STUCK_S: Readonly<Record<ZoneKind, number>> = { path: 1_800, street: 3_600, road: 7_200, leisure: 14_400 };

/**
 * A zone raised for longer without a pause is not raised by people. Units: s. Source: assumed; with a hold of 90 s the busiest of 213 crossings was
 * raised for 21 min, with 300 s all but one for 2.2 h at most (docs/adr/0035-limits-of-presence.md). Confirmed by: the longest raises in a month of
 * logs, by kind of zone.
 */
const MAX_BOOST_S: Readonly<Record<ZoneKind, number>> = { path: 14_400, street: 14_400, road: 28_800, leisure: 28_800 };

/**
 * Most detections per hour expected from a sensor. Source: random arrivals that are at least `d` seconds apart give at most 3600/(e d): 132 for
 * people before a detector that holds 5 s and an `offDelayS` of 5 s, 265 for vehicles that pass within an instant; plus what chance adds in a night.
 */
const MAX_PER_H: Readonly<Record<ZoneKind, number>> = { path: 170, street: 300, road: 300, leisure: 170 };

/**
 * The same for a counter. Source: assumed, two a second for a whole hour; the capacity of a lane is a third of it. Confirmed by: hourly counts of the
 * busiest road.
 */
const MAX_COUNTS_PER_H = 7_200;

/** Assumed speed of the first person. Units: km/h. Source: measured in the passages of bench -- lighting: from 15 on a cyclist of 25 is lit ahead at each pole of a path with a sensor every 75 m. */
const SPEED_KMH: Readonly<Record<ZoneKind, number>> = { path: 15, street: 25, road: 50, leisure: 8 };

/** Whether a sensor can show that people stay. False for a counter, and for a sensor whose `listen` is `group`. */
export const showsWhoStays = ({ kind, listen }: { readonly kind?: string | undefined; readonly listen?: string | undefined }): boolean =>
  kind !== 'counter' && listen !== 'group';

/**
 * Converts a checked zone into the form of the agent, with defaults. `minPct` includes `minClass`. `windowMin` of the photocell is at most
 * `MAX_WINDOW_MIN`. `maxBoostS` is at least the longest `stuckS` of the sensors for which `showsWhoStays` is true.
 */
export function completeZone(zone: ZoneDocument): Zone {
  const { kind, designClass = null, minClass = null } = zone;
  const classMinPct = designClass === null || minClass === null ? 0 : classLevelPct(designClass, minClass);
  return {
    id: zone.id,
    lamps: zone.lamps,
    kind,
    programme: zone.programme,
    calendar: zone.calendar ?? null,
    minPct: Math.max(zone.minPct, classMinPct),
    designClass,
    sunBelowDeg: zone.sunBelowDeg,
    onOffsetMin: zone.onOffsetMin,
    offOffsetMin: zone.offOffsetMin,
    ...(zone.seasons === undefined ? {} : { seasons: zone.seasons.map((season) => completeSeason(season, zone)) }),
    photocell: zone.photocell ? { ...zone.photocell, windowMin: Math.min(zone.photocell.windowMin, MAX_WINDOW_MIN) } : null,
    dark: zone.dark ?? null,
    presence: zone.presence ? completePresence(zone.presence, kind) : null,
    traffic: zone.traffic ? completeTraffic(zone.traffic) : null,
    baseline: { levelPct: zone.baseline?.levelPct ?? 100, lampPowerW: zone.baseline?.lampPowerW ?? null },
    constantLight: zone.constantLight ?? null,
    ...(zone.litAreas === undefined ? {} : { litAreas: zone.litAreas }),
  };
}

function completeSeason(season: NonNullable<ZoneDocument['seasons']>[number], zone: ZoneDocument): Season {
  const { from, to, onOffsetMin = zone.onOffsetMin, offOffsetMin = zone.offOffsetMin } = season;
  return { from: dateOf(from), to: dateOf(to), onOffsetMin, offOffsetMin };
}

function completePresence(presence: NonNullable<ZoneDocument['presence']>, kind: ZoneKind): PresenceConfig {
  const { wave, reachM = null, relayedPct = null, alsoLamps, ...rest } = presence;
  const sensors = presence.sensors.map((sensor) => ({
    ...sensor,
    stuckS: sensor.stuckS ?? STUCK_S[kind],
    maxPerH: sensor.maxPerH ?? (sensor.kind === 'counter' ? MAX_COUNTS_PER_H : MAX_PER_H[kind]),
  }));
  return {
    ...rest,
    ...(alsoLamps === undefined ? {} : { alsoLamps }),
    sensors,
    // People who stay have light until the sensor counts as stuck.
    maxBoostS: Math.max(presence.maxBoostS ?? MAX_BOOST_S[kind], ...sensors.filter(showsWhoStays).map(({ stuckS }) => stuckS)),
    reachM,
    wave: wave ? { ...wave, speedKmh: wave.speedKmh ?? SPEED_KMH[kind], mode: wave.mode ?? (kind === 'road' ? 'section' : 'poles') } : null,
    relayedPct,
  };
}

function completeTraffic({ counters, designFlowPerH, steps }: NonNullable<ZoneDocument['traffic']>): TrafficConfig {
  return { counters, designFlowPerH, steps: steps.map((step) => ({ belowPct: step.belowPct, level: levelOf(step) })) };
}

/**
 * Converts a checked programme into the form of the agent: times are parsed, a level stays a percentage or a class. A missing `boostPct` is
 * null.
 */
export function completeProgramme({ id, steps }: CabinetDocument['programmes'][number]): Programme {
  return { id, steps: steps.map((step) => ({ at: parseStepTime(step.at), level: levelOf(step), boostPct: step.boostPct ?? null })) };
}

/** One of the two is present if all checks passed. */
function levelOf({ levelPct, class: name }: { levelPct?: number | undefined; class?: LightingClass | undefined }): StepLevel {
  return name === undefined ? { pct: levelPct ?? 100 } : { class: name };
}

/**
 * Parses the time of a step: a time of day such as `23:00`, the word `dusk` or `middle`, or minutes from a sun event or the middle such as
 * `sunset+30`. The text must have passed `stepTimeSchema`.
 */
export function parseStepTime(text: string): StepTime {
  if (text === 'dusk') return 'dusk';
  if (text === 'middle') return { sun: 'middle', offsetMin: 0 };
  const [, sun, minutes] = /^([a-z]+)([+-]\d+)$/.exec(text) ?? [];
  if (sun !== undefined) return { sun: sun as SunEvent, offsetMin: Number(minutes) };
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
}

/** Converts the checked calendars into the form of the agent, with the named lists of holidays. Weekdays are numbers; Monday is 1. */
export function completeCalendars({
  calendars = [],
  holidays: lists = [],
}: Pick<CabinetDocument, 'calendars' | 'holidays'>): readonly Calendar[] {
  return calendars.map(({ id, rules }) => ({
    id,
    rules: rules.map((rule) => ({
      programme: rule.programme,
      ...completeDays(rule, lists),
      ...(rule.eves === undefined ? {} : { eves: rule.eves }),
    })),
  }));
}

/** Converts the checked conditions on a day into the form of the agent; a missing one is null. `lists`: the named lists of holidays. */
export function completeDays(
  rule: Pick<NonNullable<CabinetDocument['calendars']>[number]['rules'][number], 'weekdays' | 'from' | 'to' | 'nthWeekday' | 'holidays'>,
  lists: NonNullable<CabinetDocument['holidays']>,
): Omit<CalendarRule, 'programme' | 'eves'> {
  return {
    weekdays: rule.weekdays?.map(weekdayNumber) ?? null,
    from: rule.from === undefined ? null : dateOf(rule.from),
    to: rule.to === undefined ? null : dateOf(rule.to),
    nthWeekday: rule.nthWeekday === undefined ? null : { nth: rule.nthWeekday.nth, weekday: weekdayNumber(rule.nthWeekday.weekday) },
    holidays: rule.holidays === undefined ? null : holidaysOf(rule.holidays, lists),
  };
}

/** The name is built in or that of a list if all checks passed. */
function holidaysOf(name: string, lists: NonNullable<CabinetDocument['holidays']>): NonNullable<CalendarRule['holidays']> {
  const builtIn = BUILT_IN_HOLIDAYS.find((each) => each === name);
  return builtIn ?? { id: name, days: lists.find(({ id }) => id === name)?.days.map(holidayOf) ?? [] };
}

function holidayOf(day: NonNullable<CabinetDocument['holidays']>[number]['days'][number]): HolidayDay {
  if (typeof day !== 'string') return { ...day, weekday: weekdayNumber(day.weekday) };
  return day.startsWith('easter') ? { easterDays: Number(day.slice('easter'.length)) } : dateOf(day);
}

/** Converts the checked event nights into the form of the agent: dates and times are parsed; `zones` is null for all zones. */
export function completeEventNights({ eventNights = [] }: CabinetDocument): readonly EventNight[] {
  return eventNights.map((event) => ({
    ...event,
    date: dateOf(event.date),
    from: parseStepTime(event.from),
    until: parseStepTime(event.until),
    zones: event.zones ?? null,
  }));
}

/** 1 Monday to 7 Sunday. */
function weekdayNumber(name: (typeof WEEKDAYS)[number]): number {
  return WEEKDAYS.indexOf(name) + 1;
}

/** Parses a date, `2026-07-14`, or one of each year, `07-14`, whose year is null. The text must have passed `dateSchema`. */
export function dateOf(text: string): CalendarDate {
  const [day = 1, month = 1, year] = text.split('-').map(Number).reverse();
  return { year: year ?? null, month, day };
}

/** Converts the checked rules into the form of the agent: each with one condition in `when`. Without rules the list is empty. */
export function completeRules({ rules = [] }: CabinetDocument): readonly Rule[] {
  return rules.map((rule) => ({
    id: rule.id,
    when: inputOf(rule),
    raise: rule.raise ?? null,
    ...(rule.lower == null ? {} : { lower: rule.lower }),
  }));
}

/** One of the three conditions is present if all checks passed. */
function inputOf(rule: NonNullable<CabinetDocument['rules']>[number]): RuleInput {
  const { point, above, below, clearsAt = 0, forS, presenceIn, trafficIn, flowPct = 100 } = rule;
  if (presenceIn !== undefined) return { kind: 'presence', zone: presenceIn };
  if (trafficIn !== undefined) return { kind: 'traffic', zone: trafficIn, flowPct, clearsAt };
  const kind = below === undefined ? 'above' : 'below';
  return { kind, point: point as `${string}.${string}`, value: above ?? below ?? 0, clearsAt, forS };
}

/** Converts the checked outputs into the form of the agent: a missing `litWith` is null. Without outputs the list is empty. */
export function completeOutputs({ outputs = [] }: CabinetDocument): readonly Output[] {
  return outputs.map((output) => ({ ...output, litWith: output.litWith ?? null }));
}
