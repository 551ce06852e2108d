/** Lists within messages. */
import { type Argument, counted, type Message, msg, NO_TEXT } from './message.ts';

/** Joins messages with commas. A single message is returned as it is; an empty list gives NO_TEXT. */
export function listed(messages: readonly Message[]): Message {
  return messages.length === 1 ? (messages[0] ?? NO_TEXT) : messages.length === 0 ? NO_TEXT : msg`${messages}`;
}

/** Joins messages with semicolons. A single message is returned as it is; an empty list gives NO_TEXT. */
export function inTurn(messages: readonly Message[]): Message {
  return messages.length === 0 ? NO_TEXT : messages.reduce((before, next) => msg`${before}; ${next}`);
}

/** Returns the first `most` names, for an argument of a message; if there are others, also their number: `L1, L2 and 3 more`. */
export function firstOf(names: readonly string[], most: number): Argument {
  const [more, shown] = [names.length - most, names.slice(0, most)];
  return more > 0 ? counted(more, msg`${shown} and one more`, msg`${shown} and ${more} more`) : names;
}
