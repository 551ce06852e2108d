import type { DayTime, QuietHours, SoundConfig, SoundPlace } from '../../core/sound-config.ts';
import type { CalendarRule } from '../../core/zone-config.ts';
import { WEEKDAYS } from '../schema/weekdays.ts';

type Written = Readonly<Record<string, unknown>>;

/**
 * Returns the section `sound` in a form close to that of the cabinet file, with defaults; a value that is not set may be null.
 * `ruleWritten` must return a rule of a calendar in that form.
 */
export function soundWritten(
  { limits, tracks, programmes, calendars, places }: SoundConfig,
  ruleWritten: (rule: CalendarRule) => Written,
): Written {
  return {
    limits: { ...limits, quietHours: limits.quietHours.map(quietWritten) },
    tracks: tracks.map(({ place, ...track }) => ({ ...track, ...place })),
    programmes: programmes.map(({ id, steps }) => ({ id, steps: steps.map(stepWritten) })),
    calendars: calendars.map((calendar) => ({ ...calendar, rules: calendar.rules.map(ruleWritten) })),
    places: places.map(placeWritten),
  };
}

function placeWritten({ quietHours, volumes, announcements, ...place }: SoundPlace): Written {
  return {
    ...place,
    quietHours: quietHours.map(quietWritten),
    volumes: volumes.map(stepWritten),
    announcements: announcements.map(({ at, ...each }) => ({ ...each, at: at.map(dayTimeWritten) })),
  };
}

function stepWritten({ at, ...step }: { readonly at: DayTime }): Written {
  return { ...step, at: dayTimeWritten(at) };
}

function quietWritten({ from, until, weekdays }: QuietHours): Written {
  const names = weekdays?.map((weekday) => WEEKDAYS[weekday - 1]) ?? null;
  return { from: dayTimeWritten(from), until: dayTimeWritten(until), weekdays: names };
}

/** For example `22:00`, `dusk`, `sunset+30`. */
function dayTimeWritten(at: DayTime): string {
  if ('hour' in at) return `${String(at.hour).padStart(2, '0')}:${String(at.minute).padStart(2, '0')}`;
  return at.offsetMin === 0 ? at.sun : `${at.sun}${at.offsetMin < 0 ? '' : '+'}${at.offsetMin}`;
}
