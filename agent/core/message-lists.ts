/** Lists within messages. */
import { type Argument, counted, type Message, msg, NO_TEXT } from './message.ts';

/** Joins messages with commas; a single message stays as it is. */
export function listed(messages: readonly Message[]): Message {
  return messages.length === 1 ? (messages[0] ?? NO_TEXT) : messages.length === 0 ? NO_TEXT : msg`${messages}`;
}

/** Joins messages with semicolons; a single message stays as it is. */
export function inTurn(messages: readonly Message[]): Message {
  return messages.length === 0 ? NO_TEXT : messages.reduce((before, next) => msg`${before}; ${next}`);
}

/** At most `most` of these names; the rest is given as a number. */
export function firstOf(names: readonly string[], most: number): Argument {
  const [more, shown] = [names.length - most, names.slice(0, most)];
  return more > 0 ? counted(more, msg`${shown} and one more`, msg`${shown} and ${more} more`) : names;
}
