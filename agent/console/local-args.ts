/** Arguments of the commands that the program carries out itself. */
import type { LocalArgs } from './terminal/terminal.ts';

const USUAL_CONFIG = '/etc/luciole/cabinet.yaml';

/** The cabinet that was named, else that of the environment, else the usual one. */
export function configFileOf(args: LocalArgs): string {
  return textOf(args['file']) ?? (process.env['LUCIOLE_CONFIG'] || USUAL_CONFIG);
}

/** Null for what is not given, or empty. */
export function textOf(value: LocalArgs[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
