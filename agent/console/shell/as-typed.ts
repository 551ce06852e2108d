/** Commands as they are typed in a session: without the program's name. Pure. */
import { COMMANDS } from '../commands.ts';

/** Commands that take the whole process or its output; they do not exist in a session. */
export const OUTSIDE: ReadonlySet<string> = new Set(['run', 'console', 'manual', 'setup', 'erase', 'backup', 'restore']);

/** Without `agent`: in text it mostly means the program, not the command. */
const words = (): readonly string[] => [
  'help',
  ...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? '').filter((word) => !OUTSIDE.has(word) && word !== 'agent')),
];

let mention: RegExp | undefined;

/** Removes the program's name before commands; a line break after it stays. */
export function asTyped(text: string): string {
  mention ??= new RegExp(`(\`?)\\bluciole( |\\n *)(?=(?:${words().join('|')})\\b)`, 'g');
  return text.replace(mention, (_, quote: string, gap: string) => (gap === ' ' ? quote : `${gap}${quote}`)).replaceAll(/ +\n/g, '\n');
}
