/** Converts the section `sound` of a checked document into the form of the agent. Pure. */
import type { ClockTime, DayTime, QuietHours, SoundConfig, SoundTrack } from '../../core/sound-config.ts';
import type { SunEvent } from '../../core/zone-config.ts';
import { completeCalendars } from './complete-lighting.ts';
import type { CabinetDocument } from './schema.ts';
import { WEEKDAYS } from './weekdays.ts';

type SoundDocument = NonNullable<CabinetDocument['sound']>;

/**
 * Returns the section with parsed times and dates; null for a cabinet without sound. A missing `emergencyVolumePct` is `maxVolumePct`.
 * Shape: the document fits its schema.
 */
export function completeSound({ sound, holidays }: CabinetDocument): SoundConfig | null {
  if (sound === undefined || sound === null) return null;
  const { limits, places, programmes, calendars } = sound;
  return {
    limits: {
      ...limits,
      emergencyVolumePct: limits.emergencyVolumePct ?? limits.maxVolumePct,
      quietHours: limits.quietHours.map(completeQuiet),
    },
    tracks: sound.tracks.map(completeTrack),
    programmes: programmes.map(({ id, steps }) => ({ id, steps: steps.map(({ at, play }) => ({ at: parseDayTime(at), play })) })),
    calendars: completeCalendars({ calendars, holidays }),
    places: places.map(completePlace),
  };
}

function completePlace(place: SoundDocument['places'][number]): SoundConfig['places'][number] {
  return {
    ...place,
    maxVolumePct: place.maxVolumePct ?? null,
    quietHours: place.quietHours.map(completeQuiet),
    volumes: place.volumes.map(({ at, volumePct }) => ({ at: parseDayTime(at), volumePct })),
    calendar: place.calendar ?? null,
    announcements: place.announcements.map((each) => ({ ...each, at: each.at.map(parseDayTime) })),
  };
}

/** A track has a number, or a folder and a file, if all checks passed. */
function completeTrack({ id, track, folder = 1, file = 1, maxS }: SoundDocument['tracks'][number]): SoundTrack {
  return { id, maxS, place: track === undefined ? { folder, file } : { track } };
}

function completeQuiet({ from, until, weekdays }: SoundDocument['limits']['quietHours'][number]): QuietHours {
  const numbers = weekdays?.map((name) => WEEKDAYS.indexOf(name) + 1) ?? null;
  return { from: parseClockTime(from), until: parseClockTime(until), weekdays: numbers };
}

/** Parses `22:00`. The text must have passed the schema. */
function parseClockTime(text: string): ClockTime {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
}

/** Parses `22:00`, `dusk`, `sunset+30`. The text must have passed the schema. Units: the offset is in minutes. */
function parseDayTime(text: string): DayTime {
  const [, sun, minutes] = /^([a-z]+)([+-]\d+)?$/.exec(text) ?? [];
  if (sun === undefined) return parseClockTime(text);
  return { sun: sun as Exclude<SunEvent, 'middle'>, offsetMin: Number(minutes ?? 0) };
}
