/** Finds names as people type them: in any case, or with a wrong letter. Pure. */
import { nearest } from '../../core/suggestions.ts';
import { ConsoleError } from '../console-error.ts';

/** Returns the known name that matches in any case; undefined when none does, or two do. */
function pickName(typed: string, known: readonly string[]): string | undefined {
  if (known.includes(typed)) return typed;
  const alike = known.filter((name) => name.toLowerCase() === typed.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** Returns the known name. Errors: throws ConsoleError 'unknown-name' with the nearest name, or with the command that lists them. */
export function findName(typed: string, known: readonly string[], { noun, listedBy }: { noun: string; listedBy: string }): string {
  const found = pickName(typed, known);
  if (found !== undefined) return found;
  throw new ConsoleError('unknown-name', `no ${noun} ${JSON.stringify(typed)}; ${nameHint(typed, known, listedBy)}`);
}

/** Returns advice for an unknown name: the nearest known one, or the command that lists them. */
export function nameHint(typed: string, known: readonly string[], listedBy: string): string {
  const near = nearest(typed, known);
  return near === undefined ? `\`${listedBy}\` names them all` : `did you mean ${near}?`;
}
