/** What only the program itself can do, refused: for tests of everything else. */
import { COMMANDS } from '../../../agent/console/commands.ts';
import type { LocalActions } from '../../../agent/console/terminal/terminal.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('the program itself does this'));

/** One action for each local command; each rejects. */
export const NO_ACTIONS = Object.fromEntries(
  COMMANDS.flatMap(({ kind, name }) => (kind === 'local' ? [[name, refuse]] : [])),
) as unknown as LocalActions;
