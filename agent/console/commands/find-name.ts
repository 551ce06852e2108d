/** Finds names as people type them: in any case, or with a wrong letter. Pure. */

import { nearest } from '../../core/suggestions.ts';
import { ConsoleError } from '../console-error.ts';

/** The name meant, in its own case; undefined when it is none or could be two. */
function pickName(typed: string, known: readonly string[]): string | undefined {
  if (known.includes(typed)) return typed;
  const alike = known.filter((name) => name.toLowerCase() === typed.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** Errors: throws ConsoleError 'unknown-name' with the nearest, or with the command that names them all. */
export function findName(typed: string, known: readonly string[], { noun, listedBy }: { noun: string; listedBy: string }): string {
  const found = pickName(typed, known);
  if (found !== undefined) return found;
  throw new ConsoleError('unknown-name', `no ${noun} ${JSON.stringify(typed)}; ${nameHint(typed, known, listedBy)}`);
}

/** The end of a sentence about a name that is none. */
export function nameHint(typed: string, known: readonly string[], listedBy: string): string {
  const near = nearest(typed, known);
  return near === undefined ? `\`${listedBy}\` names them all` : `did you mean ${near}?`;
}
