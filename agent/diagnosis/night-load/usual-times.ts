/** When a meter's lamps usually come on and go off, from its last nights. */
import type { NightProfile } from './expected-load.ts';

/** Switching may be so much earlier or later than in one of the last nights. Units: minutes. Source: assumed; an hour of summer time and a week of season. Confirmed by: switching times of a year at high latitude. */
const SLACK_MIN = 75;
/** Times of older nights are out of date. Units: minutes. Source: assumed; two weeks of season are within the slack at 60 degrees north. Confirmed by: as above. */
const VALID_MIN = 14 * 1_440;
const DAY_MIN = 1_440;

/** A span of time, both ends included. Units: minutes since 1970, UTC. */
export interface MinuteSpan {
  readonly fromMin: number;
  readonly toMin: number;
}

/**
 * Returns the span in which the lamps may come on, from the times of the recent nights, moved by whole days. The newest is moved near to
 * `nearMin`, the others near to the newest. The slack on each side is more than an hour. Null if no night is recent enough. `nights`:
 * oldest first. Units: as `MinuteSpan`.
 */
export function usualOn(nights: readonly NightProfile[], nearMin: number): MinuteSpan | null {
  const times = recent(nights, nearMin).map((night) => night.onMin);
  return spanOf(movedNear(times, nearMin));
}

/**
 * Returns the span in which lamps that came on at `onMin` may go off, with a slack as in `usualOn`. Null if no night is recent enough.
 * `nights`: oldest first. Units: as `MinuteSpan`.
 */
export function usualOff(nights: readonly NightProfile[], onMin: number): MinuteSpan | null {
  const lasts = recent(nights, onMin);
  const byLength = lasts.map(({ level }) => onMin + level.length);
  const byClock = lasts.map((night) => night.onMin + night.level.length);
  return spanOf([...byLength, ...movedNear(byClock, byLength.at(-1) ?? onMin)]);
}

function recent(nights: readonly NightProfile[], nowMin: number): readonly NightProfile[] {
  return nights.filter(({ onMin }) => nowMin - onMin < VALID_MIN);
}

/** The same times of the day near `nearMin`. They stay together: the newest moves to the nearest day, the others to the newest. */
function movedNear(times: readonly number[], nearMin: number): readonly number[] {
  const newest = nearest(times.at(-1) ?? nearMin, nearMin);
  return times.map((time) => nearest(time, newest));
}

/** The same time of the day, on the day that is nearest. */
function nearest(timeMin: number, nearMin: number): number {
  return timeMin + DAY_MIN * Math.round((nearMin - timeMin) / DAY_MIN);
}

function spanOf(times: readonly number[]): MinuteSpan | null {
  if (times.length === 0) return null;
  return { fromMin: Math.min(...times) - SLACK_MIN, toMin: Math.max(...times) + SLACK_MIN };
}
