/**
 * The section `sound:` of a cabinet: the places with a player, what they play and when, and the limits that only the site may set.
 *
 * Part of `cabinet.ts`: validated, with every default filled in, and immutable.
 */
import type { Calendar, SunEvent } from './zone-config.ts';

/** The sound of a cabinet: the limits of the site, the recordings, what is played when, and the places. */
export interface SoundConfig {
  readonly limits: SoundLimits;
  readonly tracks: readonly SoundTrack[];
  readonly programmes: readonly SoundProgramme[];
  /** Their rules name programmes of this section. They apply to a calendar day, from midnight to midnight. */
  readonly calendars: readonly Calendar[];
  readonly places: readonly SoundPlace[];
}

/** Limits of the site for sound. */
export interface SoundLimits {
  /** Highest allowed volume of everything but an emergency. Units: % of the player's range. */
  readonly maxVolumePct: number;
  /** Volume of an emergency. Units: % of the player's range. */
  readonly emergencyVolumePct: number;
  /** Nothing but an emergency sounds during these hours. */
  readonly quietHours: readonly QuietHours[];
  /**
   * Most announcements accepted in any hour at one place, scheduled ones included. An emergency is not counted. A restart of the agent
   * begins a new count.
   */
  readonly announcementsPerH: number;
  /** The senders that may start an emergency announcement; another sender cannot end one either. */
  readonly emergencyBy: readonly SoundSender[];
}

/** A sender of sound requests: a technician at the cabinet's console, or the platform. */
export type SoundSender = 'technician' | 'platform';

/**
 * A span of local time, from `from` to before `until`; it may cross midnight. `weekdays`: the days on which it begins, 1 Monday to 7
 * Sunday; null: each day.
 */
export interface QuietHours {
  readonly from: ClockTime;
  readonly until: ClockTime;
  readonly weekdays: readonly number[] | null;
}

/** A local time of day, from 00:00 to 23:59. */
export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
}

/**
 * A time of day: a local clock time, or `offsetMin` minutes after a sun event of that day (negative: before). Dusk and dawn are the civil
 * ones. A day without the sun event does not have the time.
 */
export type DayTime = ClockTime | { readonly sun: Exclude<SunEvent, 'middle'>; readonly offsetMin: number };

/**
 * A recording in the player: a number in the order of the medium (`track`), or a file of a folder. `maxS`: a recording that plays once
 * counts as ended about this time after its start, if no end was seen before. Units: s.
 */
export interface SoundTrack {
  readonly id: string;
  readonly place: { readonly track: number } | { readonly folder: number; readonly file: number };
  readonly maxS: number;
}

/** What a place plays over a day; silence before the first step. */
export interface SoundProgramme {
  readonly id: string;
  /** In the order of the day. A step that the sun puts at or after a later one, or whose sun event is missing, is left out on that day. */
  readonly steps: readonly SoundStep[];
}

/** From `at` until the next step or midnight, the tracks of `play` in their order, again and again; an empty list is silence. */
export interface SoundStep {
  readonly at: DayTime;
  readonly play: readonly string[];
}

/**
 * An announcement of the configuration: the track `play`, due once a day at each of the times in `at`. It may be left out, for example in
 * quiet hours, during a stop, or above `announcementsPerH`.
 */
export interface ScheduledAnnouncement {
  readonly id: string;
  readonly play: string;
  readonly at: readonly DayTime[];
}

/** A place with sound: its player and amplifiers, what it plays and when, and its own limits. */
export interface SoundPlace {
  readonly id: string;
  /** The device of the player. */
  readonly player: string;
  /** The relays that supply the amplifiers: 1 is on. Empty if they are always on. */
  readonly amplifiers: readonly { readonly device: string; readonly point: string }[];
  /** From the relays on to the first sound, and from the last sound to the relays off. Units: s. */
  readonly warmUpS: number;
  readonly offDelayS: number;
  /** Further limits of this place, not of an emergency; they only tighten those of the site. Null or empty: none. */
  readonly maxVolumePct: number | null;
  readonly quietHours: readonly QuietHours[];
  /**
   * Volume by time of day: the latest step counts, before the first step that of the evening before. Empty: the highest allowed volume. A
   * requested volume has priority.
   */
  readonly volumes: readonly { readonly at: DayTime; readonly volumePct: number }[];
  /** Id of the usual programme. */
  readonly programme: string;
  /** Id of the calendar that selects another programme for some days; null: always `programme`. */
  readonly calendar: string | null;
  readonly announcements: readonly ScheduledAnnouncement[];
}

/**
 * Names of the points by which a sound place uses its player. `state`, `volume`, `track` and `file` must be writable; the others are
 * optional. `volume` is in % of the full volume. `files`: number of files on the medium. `finished`: number of the last track that ended.
 */
export const PLAYER_POINTS = {
  state: 'state',
  volume: 'volume',
  track: 'track',
  file: 'file',
  files: 'files',
  finished: 'finished',
  error: 'error',
} as const;
/** The values of a player's point `state`. Source: DFRobot, DFPlayer Mini manual, reply to 0x42; the numbers are those on the wire. */
export const PLAYER_STATE = { stopped: 0, playing: 1, paused: 2 } as const;

/**
 * The values of a player's point `error`. `busy`: busy, or the frame was not understood. `noSuchTrack`: no such recording. `other`: another
 * fault.
 */
export const PLAYER_ERROR = { busy: 1, noSuchTrack: 2, other: 3 } as const;

/** Distance of two folders in the value of the point `file`. Source: more than the 255 files that a folder can have, and easy to read. */
export const FILES_PER_FOLDER = 1_000;

/** Returns the value of the point `file` for a file of a folder: 2005 is file 5 of folder 2. */
export function fileValue({ folder, file }: { readonly folder: number; readonly file: number }): number {
  return folder * FILES_PER_FOLDER + file;
}
