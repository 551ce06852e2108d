/** A log of a real cabinet's meter, cut into days from noon to noon, and the lost lamps and loads by day that the bench adds to it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { quantile } from '../../agent/core/quantile.ts';
import { LoadWatch, type MeterMinute } from '../../agent/diagnosis/night-load/load-watch.ts';
import { NIGHT_MIN, type NightTrace } from '../../agent/diagnosis/night-load/night-trace.ts';

/** One night of the log with the daytime before and after it. Units: minutes of the log. */
export interface LoggedDay {
  readonly minutes: readonly MeterMinute[];
  /** The night as the watch records it. */
  readonly night: NightTrace;
  /** The median power from 20 to 60 minutes after switch-on. Units: W. */
  readonly fullW: number;
}

/** Reads the log. Shape: `minute,watts,volts` with a header line, gzipped; empty for a gap. Errors: as `readFileSync` and `gunzipSync`. */
export function loggedMinutes(file: string): readonly MeterMinute[] {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((line) => {
    const [minute, watts, volts] = line.split(',').map((text) => (text === '' ? Number.NaN : Number(text)));
    return { atMin: minute ?? Number.NaN, utcOffsetMin: 0, watts: watts ?? Number.NaN, volts: volts ?? Number.NaN };
  });
}

/** Cuts the log into its nights, each with half of the daytime before and after it. */
export function loggedDays(minutes: readonly MeterMinute[]): readonly LoggedDay[] {
  const nights = recordedNights(minutes);
  const ends = nights.map(({ onMin, length }, index) => {
    const next = nights[index + 1]?.onMin ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(next) ? (onMin + length + next) / 2 : next;
  });
  return nights.map((night, index) => {
    const [from, to] = [index === 0 ? Number.NEGATIVE_INFINITY : (ends[index - 1] ?? 0), ends[index] ?? 0];
    const own = minutes.filter(({ atMin }) => atMin >= from && atMin < to);
    const warm = own.filter(({ atMin, watts }) => atMin >= night.onMin + 20 && atMin < night.onMin + 60 && !Number.isNaN(watts));
    return {
      minutes: own,
      night,
      fullW: quantile(
        warm.map(({ watts }) => watts),
        0.5,
      ),
    };
  });
}

/** Each night is recorded by a new watch: one that had learned would leave out a night in which it alarms. */
function recordedNights(minutes: readonly MeterMinute[]): readonly NightTrace[] {
  let watch = new LoadWatch();
  const nights: NightTrace[] = [];
  for (const minute of minutes) {
    watch.step(minute);
    const [night] = watch.memory().nights;
    if (night === undefined) continue;
    nights.push(night);
    watch = new LoadWatch();
  }
  return nights;
}

/** Removes a lamp from a minute on: its power is `lampW` at full power, and follows dimming and voltage as the others do. */
export function withoutLamp(day: LoggedDay, lampW: number, fromMin: number): MeterMinute[] {
  return day.minutes.map((minute) => (minute.atMin < fromMin ? minute : { ...minute, watts: minute.watts * (1 - lampW / day.fullW) }));
}

/** Adds a load for some minutes. */
export function withLoad(day: LoggedDay, loadW: number, fromMin: number, forMin: number): MeterMinute[] {
  return day.minutes.map((minute) =>
    minute.atMin < fromMin || minute.atMin >= fromMin + forMin ? minute : { ...minute, watts: minute.watts + loadW },
  );
}

/** Minutes of the day whose power was logged and above half of the lowest of the night (`isLit`), or which are dark. */
export function loggedTimes({ minutes, night }: LoggedDay, isLit: boolean): readonly number[] {
  const end = night.onMin + Math.min(night.length, NIGHT_MIN);
  return minutes
    .filter(
      ({ atMin, watts }) => !Number.isNaN(watts) && (atMin >= night.onMin && atMin < end) === isLit && (isLit ? watts > 0 : watts === 0),
    )
    .map(({ atMin }) => atMin);
}
