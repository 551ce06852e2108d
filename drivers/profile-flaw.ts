/**
 * One mistake in a profile, by its path, before its line and column are known.
 */
import { didYouMean } from '../agent/core/suggestions.ts';

export interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly atKey?: true;
}

/** Longest list of names in a message, so that it stays one line on a terminal. */
const NAMES_SHOWN = 8;

/** `there is no point "lvel"; did you mean "level"?`, or the list of points. */
export function unknownPoint(name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  if (near !== '') return `there is no point "${name}"${near}`;
  const rest = known.length - NAMES_SHOWN;
  const shown = known.slice(0, NAMES_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `there is no point "${name}"; there are: ${shown === '' ? 'none' : shown}`;
}
