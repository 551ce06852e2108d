/** Presence by hour of the night, from the sums of the nights. Pure. */
import type { ZoneTally } from '../energy-tally.ts';

/** Hours of the local time in the order of a night, from noon on. */
const NIGHT_HOURS: readonly number[] = Array.from({ length: 24 }, (_, at) => (at + 12) % 24);
/**
 * Less night than this in an hour says nothing about presence in it. Units: s. Source: assumed; one detection with its hold lasts a minute
 * or two. Confirmed by: presence at dusk and dawn in the nights of a street.
 */
const LEAST_NIGHT_S = 300;

/**
 * Returns, by hour of the local time (0 to 23), the minutes of an hour of night in which presence raised a zone. It is the mean of the
 * zones, weighted by their time of night. Null: hours with less than five minutes of night in all zones together, or not counted. Units:
 * min per hour.
 */
export function presenceByHour(zones: readonly Pick<ZoneTally, 'nightS' | 'presentS'>[]): readonly (number | null)[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const nightS = zones.reduce((sum, zone) => sum + (zone.nightS[hour] ?? 0), 0);
    const presentS = zones.reduce((sum, zone) => sum + (zone.presentS[hour] ?? 0), 0);
    return nightS < LEAST_NIGHT_S ? null : (60 * presentS) / nightS;
  });
}

/**
 * Returns the hours from the first to the last in which some row has a value, in order from noon on; empty if none has. `rows`: values by
 * hour of the local time (0 to 23).
 */
export function hoursToShow(rows: readonly (readonly (number | null)[])[]): readonly number[] {
  const isKnown = (hour: number): boolean => rows.some((row) => (row[hour] ?? null) !== null);
  const [first, last] = [NIGHT_HOURS.findIndex(isKnown), NIGHT_HOURS.findLastIndex(isKnown)];
  return first < 0 ? [] : NIGHT_HOURS.slice(first, last + 1);
}
