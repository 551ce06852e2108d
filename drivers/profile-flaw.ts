/**
 * One mistake in a profile, by its path, before its line and column are known.
 */
import { type Message, msg } from '../agent/core/message.ts';
import { didYouMean, listNames } from '../agent/core/suggestions.ts';

/** One mistake in a profile: the path of the value in the file, and the message for its author. */
export interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: Message;
  /** Report the line and column of the key instead of those of its value. */
  readonly atKey?: true;
}

/** Returns the message for a point name that is not among `known`, with a similar name or else the first known ones. */
export function unknownPoint(name: string, known: readonly string[]): Message {
  return msg`there is no point "${name}"${didYouMean(name, known, msg`; there are: ${listNames(known)}`)}`;
}
