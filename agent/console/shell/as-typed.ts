/** Rewrites commands in texts as they are typed in a session: without the program's name. Pure. */
import { COMMANDS } from '../commands.ts';

/**
 * Names of commands that are left out of the command tree of a session. Hidden commands are missing from it too, and some others are in it
 * but cannot run there.
 */
export const OUTSIDE: ReadonlySet<string> = new Set(['run', 'console', 'manual', 'setup', 'erase', 'backup', 'restore']);

/** Without `agent`: in a text it usually means the program, not the command. */
const words = (): readonly string[] => [
  'help',
  ...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? '').filter((word) => !OUTSIDE.has(word) && word !== 'agent')),
];

let mention: RegExp | undefined;

/**
 * Removes `luciole` before the commands of a session in a template: `config check` instead of `luciole config check`. It stays before
 * `agent` and before commands in `OUTSIDE`. Between a backtick and a placeholder it is always removed.
 */
export function asTyped(template: string): string {
  mention ??= new RegExp(`\\bluciole (?=(?:${words().join('|')})\\b)|(?<=\`)luciole (?=\\{)`, 'g');
  return template.replace(mention, '');
}
