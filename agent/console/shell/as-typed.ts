/** Commands as they are typed in a session: without the program's name. Pure. */
import { COMMANDS } from '../commands.ts';

/** They take the whole process, or its output, and are nothing in a session. */
export const OUTSIDE: ReadonlySet<string> = new Set(['run', 'console', 'manual', 'setup', 'erase']);

/** `agent` is more often the thing than the command. */
const words = (): readonly string[] => [
  'help',
  ...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? '').filter((word) => !OUTSIDE.has(word) && word !== 'agent')),
];

let mention: RegExp | undefined;

/** Where a line was broken behind the name, the break stays. */
export function asTyped(text: string): string {
  mention ??= new RegExp(`(\`?)\\bluciole( |\\n *)(?=(?:${words().join('|')})\\b)`, 'g');
  return text.replace(mention, (_, quote: string, gap: string) => (gap === ' ' ? quote : `${gap}${quote}`)).replaceAll(/ +\n/g, '\n');
}
