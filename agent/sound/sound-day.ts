/**
 * What a place plays by its programme at an instant, how loud, and which announcements are due. Pure.
 */
import type { WallMs } from '../core/clock.ts';
import type { DayTime, SoundConfig, SoundPlace } from '../core/sound-config.ts';
import { ruleOf } from '../lighting/calendar.ts';
import { type DayTimes, formatDayTime, type LocalDate, shiftedDate } from './day-times.ts';

/** A part of a day with one list of tracks, from `sinceMs` to before `untilMs`. `programme`: the id of the programme. */
export interface SoundStretch {
  readonly programme: string;
  /** `21:30`, `dusk`; `00:00` for the silence before the first step. */
  readonly name: string;
  /** The ids of the tracks, played in order, again and again; empty for silence. */
  readonly play: readonly string[];
  readonly sinceMs: WallMs;
  readonly untilMs: WallMs;
}

/** An announcement of the configuration that is due. `key`: identifies it at this time. `id`: its id there. `play`: id of its track. */
export interface DueAnnouncement {
  readonly key: string;
  readonly id: string;
  readonly play: string;
  readonly dueMs: WallMs;
}

type SoundDayConfig = Pick<SoundConfig, 'programmes' | 'calendars'>;

/**
 * Returns the stretch of the day that an instant is in, by the programme of the place for that date. It is silent from midnight to the
 * first step, whatever played before midnight.
 */
export function stretchAt(config: SoundDayConfig, place: SoundPlace, atMs: WallMs, times: DayTimes): SoundStretch {
  const date = times.dateAt(atMs);
  const programme = programmeOn(config, place, date);
  const steps = config.programmes.find(({ id }) => id === programme)?.steps ?? [];
  const placed = inOrder(steps, date, times);
  const current = placed.findLast(({ startMs }) => startMs <= atMs);
  const midnightMs = times.startOf(shiftedDate(date, 1));
  const untilMs = Math.min(placed.find(({ startMs }) => startMs > atMs)?.startMs ?? midnightMs, midnightMs);
  if (current === undefined) return { programme, name: '00:00', play: [], sinceMs: times.startOf(date), untilMs };
  return { programme, name: formatDayTime(current.step.at), play: current.step.play, sinceMs: current.startMs, untilMs };
}

/**
 * Returns the volume of the place by the latest step that has begun, of this date or else of the date before. A step that the sun puts at
 * or after a later one of `volumes` is left out. Null if no step has begun, for example if its sun event does not occur. Units: %.
 */
export function dayVolumePct({ volumes }: SoundPlace, atMs: WallMs, times: DayTimes): number | null {
  const date = times.dateAt(atMs);
  const today = inOrder(volumes, date, times).findLast(({ startMs }) => startMs <= atMs);
  const found = today ?? inOrder(volumes, shiftedDate(date, -1), times).findLast(({ startMs }) => startMs <= atMs);
  return found?.step.volumePct ?? null;
}

/**
 * Returns the announcements of the place that are due now, or were due less than `graceMs` ago. Oldest first. Shape: `graceMs` is above 0
 * and at most an hour.
 */
export function dueAnnouncements(place: SoundPlace, atMs: WallMs, graceMs: number, times: DayTimes): readonly DueAnnouncement[] {
  const today = times.dateAt(atMs);
  // Hours before sunrise may fall on the evening before, and hours after sunset on the morning after.
  const due = [-1, 0, 1].flatMap((days) =>
    place.announcements.flatMap(({ id, play, at }) =>
      at.flatMap((time): DueAnnouncement[] => {
        const dueMs = times.instantOf(time, shiftedDate(today, days));
        const isDue = dueMs !== null && dueMs <= atMs && atMs < dueMs + graceMs;
        return isDue ? [{ key: `${id}@${dueMs}`, id, play, dueMs }] : [];
      }),
    ),
  );
  return due.toSorted((a, b) => a.dueMs - b.dueMs);
}

function programmeOn({ calendars }: SoundDayConfig, place: SoundPlace, date: LocalDate): string {
  const calendar = calendars.find(({ id }) => id === place.calendar);
  const rule = calendar === undefined ? null : ruleOf(calendar, date);
  return rule?.programme ?? place.programme;
}

/**
 * The steps of a date with their times, in the order of the file. A step that the sun puts at or after a later step is left out: music from
 * dusk on must not begin again after the silence of the evening.
 */
function inOrder<Step extends { readonly at: DayTime }>(
  steps: readonly Step[],
  date: LocalDate,
  times: DayTimes,
): readonly { readonly step: Step; readonly startMs: WallMs }[] {
  const placed = steps.flatMap((step) => {
    const startMs = times.instantOf(step.at, date);
    return startMs === null ? [] : [{ step, startMs }];
  });
  return placed.filter(({ startMs }, i) => placed.slice(i + 1).every((later) => later.startMs > startMs));
}
