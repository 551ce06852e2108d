/**
 * Converts instants to local time of a time zone and back, correct across every change of offset.
 *
 * The only use of Intl for calculations. The rules of the zone are those of the runtime.
 */
import type { WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';

/**
 * Local calendar date and time of day. Units: `month` 1..12, `hour` 0..23. A `day` below 1 or too high for the month is in the month before
 * or after.
 */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** Converts between instants and the local time of one time zone. */
export interface LocalCalendar {
  /** The local date and time at an instant; seconds are left out. */
  localAt(atMs: WallMs): LocalTime;
  /** The instant of a local time. A skipped time gives the change of the offset; of a time that occurs twice, the first counts. */
  instantOf(local: LocalTime): WallMs;
  /** As `instantOf`, but of a time that occurs twice, the second counts. */
  lastInstantOf(local: LocalTime): WallMs;
}

/**
 * Distance that is beyond any change of offset near a local time, on both sides. Units: ms. Source: Pacific/Apia skipped a whole day on 2011-12-30.
 */
const APART_MS = 36 * 60 * 60_000;

/** Creates the calendar of an IANA time zone. Errors: may throw RangeError for an unknown name. */
export function createLocalCalendar(timezone: string): LocalCalendar {
  const localAt = timezone === process.env['TZ'] ? localByDate : localByIntl(timezone);
  const offsetMs = (atMs: WallMs): number => asUtc(localAt(atMs)) - Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  return {
    localAt,
    instantOf: (local) => instantOf(asUtc(local), offsetMs, Math.min),
    lastInstantOf: (local) => instantOf(asUtc(local), offsetMs, Math.max),
  };
}

/**
 * In the time zone of the process, which a running agent sets to its cabinet's: the same rules, without the 7 MB that Intl never frees.
 * Source: measured, docs/adr/0014-memory.md; `test/agent/lighting/time.test.ts` compares both ways.
 */
function localByDate(atMs: WallMs): LocalTime {
  const at = new Date(atMs);
  return { year: at.getFullYear(), month: at.getMonth() + 1, day: at.getDate(), hour: at.getHours(), minute: at.getMinutes() };
}

/** Errors: as `createLocalCalendar`. */
function localByIntl(timezone: string): LocalCalendar['localAt'] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (atMs) => {
    const local = { year: 0, month: 0, day: 0, hour: 0, minute: 0 };
    for (const { type, value } of format.formatToParts(atMs)) if (type in local) local[type as keyof LocalTime] = Number(value);
    return local;
  };
}

/** Read as if it were UTC: a number that is only used for comparison. */
function asUtc({ year, month, day, hour, minute }: LocalTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

/** `chosen` selects one of two instants that show the same time. */
function instantOf(wanted: number, offsetMs: (atMs: WallMs) => number, chosen: (...both: WallMs[]) => WallMs): WallMs {
  const offsets = [offsetMs(wanted - APART_MS), offsetMs(wanted + APART_MS)];
  const exact = offsets.map((offset) => wanted - offset).filter((atMs) => atMs + offsetMs(atMs) === wanted);
  if (exact.length > 0) return chosen(...exact);
  const before = (atMs: WallMs): boolean => atMs + offsetMs(atMs) < wanted;
  let [low, high] = [wanted - APART_MS, wanted + APART_MS];
  while (high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / 2 / MINUTE_MS) * MINUTE_MS;
    if (before(middle)) low = middle;
    else high = middle;
  }
  return high;
}
