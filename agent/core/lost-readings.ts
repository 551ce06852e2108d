import { type Message, msg } from './message.ts';

/**
 * A number of lost readings, for display. `estimates`: number of included losses that could not be counted.
 *
 * If only uncounted losses are included, zero readings means an unknown number, not none.
 */
export function lostNumber(readings: number, estimates: number): Message {
  if (estimates === 0) return msg`${readings}`;
  return readings === 0 ? msg`an unknown number` : msg`about ${readings}`;
}
