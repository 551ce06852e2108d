import { type Message, msg } from '../core/message.ts';

/** Formats the texts of a decision trace to fit their line. */

/** Longest text of a trace line. Units: characters. Source: core/words.ts, one line of an 80-column console with rank and level. */
const MAX_CHARS = 60;

/** Returns the text, cut where a long id or reason would break the line. */
export function sentence(text: Message): Message {
  return text.length <= MAX_CHARS ? text : msg`${text.slice(0, MAX_CHARS - 3)}...`;
}

/** Formats a duration for people: `4 s`, `12 min`, `3 h`. Units: ms in. */
export function spell(durationMs: number): string {
  const s = Math.round(durationMs / 1_000);
  if (s < 120) return `${s} s`;
  return s < 7_200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3_600)} h`;
}
