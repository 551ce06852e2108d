/**
 * The instants at which two plans have to be compared so that no difference is missed.
 *
 * They cover the coming nights, and the nights around each date with a year in a calendar or an event. Within a night the level of a lamp changes
 * only at edges, so it is enough to check each edge, the second before it, and the middle between two edges. Pure.
 */
import type { CalendarDate } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/durations.ts';
import type { Decider } from './decide.ts';
import { darkProgrammes } from './floor-cases.ts';
import type { LightingStreet } from './lighting.ts';
import { createLocalCalendar } from './local-time.ts';
import type { Night, Nights } from './night.ts';
import type { ZonePlan } from './zone-moment.ts';

/** Nights on either side of a date with a year. Source: a week has each weekday of a rule. */
const NIGHTS_AROUND = 7;
const NOON_HOUR = 12;
/** Source: the term of the contract, twelve years, plus one leap year. */
const LEAP_YEARS = [2028, 2032, 2036, 2040];

/** A street, and the decider that was created for it. */
export interface PlannedStreet {
  readonly street: LightingStreet;
  readonly decider: Decider;
}

/**
 * Returns the instants at which streets are compared, in ascending order, none before `nowMs`. They cover `nightsAhead` nights from the
 * present one on. Nights around dates with a year or 29 February are added: of event nights, seasons, and `from` and `to` of calendar
 * rules, not of holiday lists. For streets without zones: each hour of one day.
 */
export function instantsToCompare(plans: readonly PlannedStreet[], nowMs: WallMs, nightsAhead: number): readonly WallMs[] {
  const dates = [...new Set(plans.flatMap(({ street }) => datedNoons(street)))];
  const zonePlans = plans.flatMap(({ street, decider }) => street.zones.flatMap(({ id }) => decider.plan(id) ?? []));
  // Without a zone no edge is known, but a lamp still has a level: it is compared in each hour of a day.
  if (zonePlans.length === 0) return Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => nowMs + hour * HOUR_MS);
  const chosen = darkProgrammes(plans.map(({ street }) => street));
  const edges = zonePlans.flatMap((plan) => {
    const nights = [...nightsFrom(plan.nights, nowMs, nightsAhead), ...dates.flatMap((noonMs) => nightsAround(plan.nights, noonMs))];
    return nights.flatMap((night) => edgesOf(plan, night, chosen));
  });
  return spread([...new Set(edges)].toSorted((a, b) => a - b)).filter((atMs) => atMs >= nowMs);
}

function nightsFrom(nights: Nights, fromMs: WallMs, count: number): Night[] {
  const found: Night[] = [];
  for (let atMs = fromMs; found.length < count; atMs = found.at(-1)?.endMs ?? atMs) found.push(nights.at(atMs));
  return found;
}

function nightsAround(nights: Nights, noonMs: WallMs): Night[] {
  return nightsFrom(nights, noonMs - NIGHTS_AROUND * DAY_MS, 2 * NIGHTS_AROUND + 1);
}

/** When the light of a zone may change within a night, under its own programme or a chosen one. */
function edgesOf({ zone, programme }: ZonePlan, night: Night, chosen: readonly string[]): readonly WallMs[] {
  const stretches = [null, ...chosen].flatMap((id) => programme.of(night, id)).map(({ atMs }) => atMs);
  const warnMs = (zone.dark?.warnS ?? 0) * SECOND_MS;
  const windowMs = (zone.photocell?.windowMin ?? 0) * MINUTE_MS;
  const spells = night.dark.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const windows = windowMs === 0 ? [] : spells.flatMap((edge) => [edge - windowMs, edge + windowMs]);
  const all = [night.startMs, ...spells, ...windows, ...stretches, ...stretches.map((atMs) => atMs + warnMs), night.endMs];
  return all.filter((atMs) => atMs >= night.startMs && atMs <= night.endMs);
}

function spread(edges: readonly WallMs[]): WallMs[] {
  const all = edges.flatMap((edge, i) => {
    const next = edges[i + 1];
    return [edge - SECOND_MS, edge, ...(next === undefined ? [] : [Math.floor((edge + next) / 2)])];
  });
  return [...new Set(all)].toSorted((a, b) => a - b);
}

/** Noon of each date with a year, and of the leap days for a yearly 29 February. */
function datedNoons({ timezone, eventNights, calendars, zones }: LightingStreet): WallMs[] {
  const calendar = createLocalCalendar(timezone);
  const spans = [...calendars.flatMap(({ rules }) => rules), ...zones.flatMap(({ seasons = [] }) => seasons)];
  const dates = [...eventNights.map(({ date }) => date), ...spans.flatMap(({ from, to }) => [from, to])];
  return dates.flatMap((date) => {
    const years = date === null ? [] : yearsOf(date);
    return years.map((year) => calendar.instantOf({ year, month: date?.month ?? 1, day: date?.day ?? 1, hour: NOON_HOUR, minute: 0 }));
  });
}

/** A leap day is a yearly date that the coming year may not have. Source: two leap years are at most eight years apart. */
function yearsOf({ year, month, day }: CalendarDate): readonly number[] {
  if (year !== null) return [year];
  return month === 2 && day === 29 ? LEAP_YEARS : [];
}
