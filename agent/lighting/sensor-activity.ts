/** Counts the detections of a sensor over the last hour. Pure. */
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import type { SensorState } from './lighting.ts';

type Activity = NonNullable<SensorState['activity']>;

/** The hour is stored in sixths: six numbers instead of one per detection. */
const SIXTH_MS = HOUR_MS / 6;
/**
 * A sensor counts as busy until it has fallen to this share of its limit. Source: assumed; a sensor at the limit would start and end an event every
 * ten minutes. Confirmed by: busy events in a month of logs of a cabinet.
 */
const CALM_SHARE = 0.5;

/**
 * Returns the activity of about the last hour after `count` more detections. `overMs`: the time in which they happened; if it is more than
 * an hour, only the share of one hour is added. Units: ms.
 */
export function afterActivity(before: Activity, count: number, atMono: MonoMs, overMs = 0): Activity {
  const sixth = Math.floor(atMono / SIXTH_MS);
  const added = count / Math.max(1, overMs / HOUR_MS);
  const recent = ofLastHour(before, atMono);
  const last = recent.at(-1);
  if (last?.sixth !== sixth) return [...recent, { sixth, count: added }];
  return [...recent.slice(0, -1), { sixth, count: last.count + added }];
}

/**
 * Whether a sensor counts as busy now: it becomes busy above `maxPerH` detections in about the last hour, and stays busy while there are
 * more than half as many.
 */
export function isNowBusy(wasBusy: boolean, activity: Activity, maxPerH: number, nowMono: MonoMs): boolean {
  const perH = ofLastHour(activity, nowMono).reduce((sum, { count }) => sum + count, 0);
  return perH > (wasBusy ? maxPerH * CALM_SHARE : maxPerH);
}

function ofLastHour(activity: Activity, nowMono: MonoMs): Activity {
  const oldest = Math.floor(nowMono / SIXTH_MS) - 5;
  return activity.every(({ sixth }) => sixth >= oldest) ? activity : activity.filter(({ sixth }) => sixth >= oldest);
}
