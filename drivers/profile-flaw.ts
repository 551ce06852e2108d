/**
 * One mistake in a profile, by its path, before its line and column are known.
 */
import { type Message, msg } from '../agent/core/message.ts';
import { didYouMean, listNames } from '../agent/core/suggestions.ts';

export interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: Message;
  /** Report the place of the key instead of its value. */
  readonly atKey?: true;
}

/** `there is no point "lvel"; did you mean "level"?`, or the list of points. */
export function unknownPoint(name: string, known: readonly string[]): Message {
  return msg`there is no point "${name}"${didYouMean(name, known, msg`; there are: ${listNames(known)}`)}`;
}
