/**
 * The instants of a local day: clock times and sun events, from midnight to midnight.
 *
 * Pure: evaluated from the instant, so a missed tick, a clock step or a restart changes nothing.
 */
import type { WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import type { ClockTime, DayTime } from '../core/sound-config.ts';
import { createLocalCalendar, type LocalTime } from '../lighting/local-time.ts';
import { createNights } from '../lighting/night.ts';
import type { SunPosition } from '../lighting/sun.ts';

/** Altitude of the sun at dusk and dawn. Units: degrees. Source: civil twilight. */
const CIVIL_DEG = -6;
const NOON_HOUR = 12;
const MIDNIGHT = { hour: 0, minute: 0 };
/** Cached instants: those of three days of the largest programme. Decisions need the same ones each second. */
const MAX_KNOWN = 512;

/** A date in the time zone of the site; `month` is 1 to 12. */
export type LocalDate = Pick<LocalTime, 'year' | 'month' | 'day'>;

/** The local dates of a site and the instants of its times of day, as `createDayTimes` creates them. */
export interface DayTimes {
  /** The local date of an instant. */
  dateAt(atMs: WallMs): LocalDate;
  /**
   * The instant of this time for a date; null for a sun event that does not occur. That of a sun event may be on a neighbouring date. The
   * first instant if a clock time occurs twice; the change of the clock if it is skipped in spring.
   */
  instantOf(at: DayTime, date: LocalDate): WallMs | null;
  /** When this clock time occurs on a date for the last time: in autumn one hour occurs twice. A skipped time as in `instantOf`. */
  lastInstantOf(at: ClockTime, date: LocalDate): WallMs;
  /** The instant at which a date begins. */
  startOf(date: LocalDate): WallMs;
}

/** Creates the functions for local dates and times of day at a site. Errors: may throw RangeError for an unknown time zone. */
export function createDayTimes(site: SunPosition & { readonly timezone: string }): DayTimes {
  const calendar = createLocalCalendar(site.timezone);
  const nights = createNights(site, { sunBelowDeg: CIVIL_DEG, onOffsetMin: 0, offOffsetMin: 0 }, calendar);
  const known = new Map<string, WallMs | null>();
  let today: { readonly date: LocalDate; readonly fromMs: WallMs; readonly toMs: WallMs } | null = null;

  const computed = (at: DayTime, date: LocalDate): WallMs | null => {
    if (!('sun' in at)) return calendar.instantOf({ ...date, hour: at.hour, minute: at.minute });
    // A night belongs to the noon before it: the evening of a date is in its own night, the morning in the one before.
    const isEvening = at.sun === 'sunset' || at.sun === 'dusk';
    const night = nights.at(calendar.instantOf({ ...date, hour: isEvening ? NOON_HOUR : 0, minute: 0 }));
    const atMs = nights.event(night, at.sun);
    return atMs === null ? null : atMs + at.offsetMin * MINUTE_MS;
  };
  const cached = (key: string, compute: () => WallMs | null): WallMs | null => {
    if (known.size >= MAX_KNOWN && !known.has(key)) known.clear();
    const found = known.has(key) ? (known.get(key) ?? null) : compute();
    known.set(key, found);
    return found;
  };
  const keyOf = (at: DayTime, { year, month, day }: LocalDate): string => `${year}-${month}-${day} ${formatDayTime(at)}`;
  const instantOf = (at: DayTime, date: LocalDate): WallMs | null => cached(keyOf(at, date), () => computed(at, date));
  const lastInstantOf = (at: ClockTime, date: LocalDate): WallMs =>
    cached(`last ${keyOf(at, date)}`, () => calendar.lastInstantOf({ ...date, ...at })) ?? 0;
  const startOf = (date: LocalDate): WallMs => instantOf(MIDNIGHT, date) ?? 0;
  return {
    instantOf,
    lastInstantOf,
    startOf,
    dateAt(atMs) {
      if (today !== null && atMs >= today.fromMs && atMs < today.toMs) return today.date;
      const { year, month, day } = calendar.localAt(atMs);
      const date = { year, month, day };
      today = { date, fromMs: startOf(date), toMs: startOf(shiftedDate(date, 1)) };
      return date;
    },
  };
}

/** Returns the date this number of calendar days later; a negative number: earlier. */
export function shiftedDate({ year, month, day }: LocalDate, days: number): LocalDate {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Returns the weekday of a date: 1 for Monday to 7 for Sunday. */
export function weekdayOf({ year, month, day }: LocalDate): number {
  return ((new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7) + 1;
}

/** Returns a time as in the configuration: `21:45`, `dusk`, or `sunset+30` for 30 min after sunset. */
export function formatDayTime(at: DayTime): string {
  if (!('sun' in at)) return `${String(at.hour).padStart(2, '0')}:${String(at.minute).padStart(2, '0')}`;
  return at.offsetMin === 0 ? at.sun : `${at.sun}${at.offsetMin > 0 ? '+' : ''}${at.offsetMin}`;
}
