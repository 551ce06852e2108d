import { type Message, msg } from './message.ts';

/**
 * Returns a number of lost readings for display, such as `12`, `about 12` or `an unknown number`.
 * `readings`: the counted and the estimated ones. `estimates`: how many losses could not be counted.
 */
export function lostNumber(readings: number, estimates: number): Message {
  if (estimates === 0) return msg`${readings}`;
  return readings === 0 ? msg`an unknown number` : msg`about ${readings}`;
}
