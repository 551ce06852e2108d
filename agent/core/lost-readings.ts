import { type Message, msg } from './message.ts';

/**
 * A number of lost readings, for people. `estimates`: losses in it that could not be counted.
 *
 * Zero readings of a loss that was not counted are an unknown number, and never none.
 */
export function lostNumber(readings: number, estimates: number): Message {
  if (estimates === 0) return msg`${readings}`;
  return readings === 0 ? msg`an unknown number` : msg`about ${readings}`;
}
