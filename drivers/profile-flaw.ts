/**
 * One thing wrong in a profile, before it is known where in the file that stands.
 *
 * Owns the shape and how names are listed in it. Used by the checks of this folder.
 */

export interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Longest list of names in a message, so that it stays one line on a terminal. */
const NAMES_SHOWN = 8;

/** `there is no point "x"; there are: a, b`. */
export function unknownPoint(name: string, known: readonly string[]): string {
  const rest = known.length - NAMES_SHOWN;
  const shown = known.slice(0, NAMES_SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `there is no point "${name}"; there are: ${shown === '' ? 'none' : shown}`;
}
