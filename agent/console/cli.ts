/**
 * Runs one command line of `luciole`: words in, text and an exit code out.
 *
 * It reads no environment and no stream; `Terminal` provides both.
 */
import { withTexts } from '../core/message-wire.ts';
import { askAgent } from './ask-agent.ts';
import { readCommandLine } from './command-line.ts';
import { commandNodes } from './command-tree.ts';
import { COMMANDS, FAMILIES } from './commands.ts';
import { CONSOLE_EXIT, ConsoleError } from './console-error.ts';
import { failedReply } from './protocol/protocol.ts';
import type { LocalActions, Terminal } from './terminal/terminal.ts';
import { errorText } from './text/text-lines.ts';

/** Commands of a session have no effect outside one. */
const FIRST_WORDS = commandNodes(
  COMMANDS.filter(({ kind }) => kind !== 'shell'),
  FAMILIES,
);

const SESSION_NAMES = COMMANDS.filter(({ kind, name, isHidden }) => kind === 'shell' && !isHidden && name !== 'help').map(
  ({ name }) => name,
);

/**
 * Runs one command line, prints its answer, help or error on the terminal, and resolves with the exit code. `words`: without the program's
 * own name. `actions`: the functions of the local commands.
 *
 * Errors: a ConsoleError becomes an exit code; rejects with any other error.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal, actions: LocalActions): Promise<number> {
  try {
    return await carryOut(words, terminal, actions);
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    if (words.includes('--json')) terminal.out(`${JSON.stringify(withTexts({ error: failedReply(null, error).error }))}\n`);
    else {
      await terminal.speak?.();
      terminal.err(errorText(error.said, terminal));
    }
    return CONSOLE_EXIT[error.code];
  }
}

async function carryOut(words: readonly string[], terminal: Terminal, actions: LocalActions): Promise<number> {
  const read = readCommandLine(FIRST_WORDS, words, SESSION_NAMES);
  // The agent has no language.
  if (read.kind !== 'act' || read.command.name !== 'run') await terminal.speak?.();
  switch (read.kind) {
    case 'act':
      return read.command.kind === 'local' ? actions[read.command.name](read.args) : askAgent(read.command, read.args, terminal);
    case 'version':
      terminal.out(`${terminal.version}\n`);
      return 0;
    case 'help': {
      const { helpPage } = await import('./command-line-help.ts');
      (read.isAsked ? terminal.out : terminal.err)(helpPage(read.node, terminal));
      return read.isAsked ? 0 : CONSOLE_EXIT.usage;
    }
    case 'wrong':
      terminal.err(errorText(read.message, terminal));
      return CONSOLE_EXIT.usage;
  }
}
