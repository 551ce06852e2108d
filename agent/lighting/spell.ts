import { type Message, msg } from '../core/message.ts';

/**
 * Formats a duration for people, rounded: in seconds below 2 minutes, in minutes below 2 hours, otherwise in hours. For example `4 s`,
 * `12 min`, `3 h`. Units: `durationMs` ms.
 */
export function spell(durationMs: number): Message {
  const s = Math.round(durationMs / 1_000);
  if (s < 120) return msg`${s} s`;
  return s < 7_200 ? msg`${Math.round(s / 60)} min` : msg`${Math.round(s / 3_600)} h`;
}
