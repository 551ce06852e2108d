/**
 * Which entry of a panel's schedule applies at an instant. Pure.
 *
 * An entry belongs to the day on which its time begins, so `22:00` to `02:00` on Fridays ends on Saturday at 02:00.
 */
import type { StepTime } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import { DAY_MS, MINUTE_MS } from '../core/durations.ts';
import type { PanelEntry } from '../core/panel-config.ts';
import { isDayOf, type NightDay } from '../lighting/calendar.ts';
import type { LocalCalendar } from '../lighting/local-time.ts';
import { HORIZON_DEG } from '../lighting/night.ts';
import { createSunChanges, isNight, type SunPosition, sunAltitudeDeg } from '../lighting/sun.ts';

/**
 * The entry of a panel's schedule that applies, from `sinceMs` to before `untilMs`; an earlier entry of the file may replace it meanwhile.
 * `number` counts from 1, as in the file. `text`: as in the file, with the names of values in braces.
 */
export interface AppliedEntry {
  readonly number: number;
  readonly text: string;
  readonly sinceMs: WallMs;
  readonly untilMs: WallMs;
}

/** The schedule of one panel. */
export interface PanelSchedule {
  /** The first entry, in the order of the file, that applies at an instant; null if none does. */
  at(nowMs: WallMs): AppliedEntry | null;
}

const NOON_HOUR = 12;
const MINUTES_PER_HOUR = 60;

/**
 * Creates the schedule of a panel from its `entries`. Their times are local times of `calendar`, or follow sunrise or sunset at `site`. The
 * sunset of a day is the one from its noon to the next noon, its sunrise the one from the noon before: near the polar circle each may be
 * on the other side of midnight. Without its sunrise or sunset an entry does not apply.
 */
export function createPanelSchedule(site: SunPosition, calendar: LocalCalendar, entries: readonly PanelEntry[]): PanelSchedule {
  const changes = createSunChanges(site, HORIZON_DEG);

  /** A time of a day; null if the sun has none. */
  function instantOf(day: NightDay, time: StepTime): WallMs | null {
    if (time === 'dusk') return null;
    if ('hour' in time) return calendar.instantOf({ ...day, ...time });
    const isSunset = time.sun === 'sunset';
    const fromDay = isSunset ? day.day : day.day - 1;
    const [fromMs, toMs] = [fromDay, fromDay + 1].map((each) => calendar.instantOf({ ...day, day: each, hour: NOON_HOUR, minute: 0 }));
    if (fromMs === undefined || toMs === undefined) return null;
    for (let change = changes(fromMs); change !== null && change <= toMs; change = changes(change))
      if (isNight(sunAltitudeDeg(site, change), HORIZON_DEG) === isSunset) return change + time.offsetMin * MINUTE_MS;
    return null;
  }

  function spanOf({ at, until }: PanelEntry, day: NightDay): Pick<AppliedEntry, 'sinceMs' | 'untilMs'> | null {
    const [sinceMs, sameDayMs] = [instantOf(day, at), instantOf(day, until)];
    const untilMs = isNextDay({ at, until }, sinceMs, sameDayMs) ? instantOf({ ...day, day: day.day + 1 }, until) : sameDayMs;
    if (sinceMs === null || untilMs === null) return null;
    // The end of its own day is missing: that of the next day is its end only if it is the next such time.
    return sameDayMs === null && untilMs - sinceMs > DAY_MS ? null : { sinceMs, untilMs };
  }

  return {
    at(nowMs) {
      const { year, month, day } = calendar.localAt(nowMs);
      const days = [
        { year, month, day },
        { year, month, day: day - 1 },
        { year, month, day: day + 1 },
      ];
      for (const [index, entry] of entries.entries()) {
        const spans = days.filter((each) => isDayOf(entry.days, each)).map((each) => spanOf(entry, each));
        const span = spans.find((each) => each !== null && each.sinceMs <= nowMs && nowMs < each.untilMs);
        if (span) return { number: index + 1, text: entry.text, ...span };
      }
      return null;
    },
  };
}

/**
 * Whether an entry ends on the day after it begins. Two clock times are compared as written: in spring the clock skips an hour, so both may be one
 * instant, and the entry has no length on that day.
 */
function isNextDay({ at, until }: Pick<PanelEntry, 'at' | 'until'>, sinceMs: WallMs | null, sameDayMs: WallMs | null): boolean {
  if (at !== 'dusk' && until !== 'dusk' && 'hour' in at && 'hour' in until)
    return until.hour * MINUTES_PER_HOUR + until.minute <= at.hour * MINUTES_PER_HOUR + at.minute;
  return sinceMs === null || sameDayMs === null || sameDayMs <= sinceMs;
}
