/** What the steps of the guided commissioning share: questions, requests to the agent, and repetition of a step. */

import { askAgent, fetchAnswer } from '../../console/ask-agent.ts';
import type { AgentCommand } from '../../console/command-spec.ts';
import { COMMISSION_REPORT } from '../../console/commands/commission/commission-report.ts';
import { ConsoleError } from '../../console/console-error.ts';
import type { RawArgs } from '../../console/protocol/protocol.ts';
import type { LocalArgs, Terminal } from '../../console/terminal/terminal.ts';
import { translated } from '../../console/text/page.ts';
import { plainMessage } from '../../console/text/plain-text.ts';
import { errorText, wrap } from '../../console/text/text-lines.ts';
import type { AcceptanceReport } from '../../core/acceptance.ts';
import { type Message, msg, type Said } from '../../core/message.ts';

/** Questions, output and requests of one commissioning. */
export interface GuideTalk {
  readonly terminal: Terminal;
  /** Prints a text in the language of the terminal, wrapped to its width. */
  print(text: Said): void;
  /** Resolves with the typed line, without outer spaces. Errors: rejects with ConsoleError if the person stops. */
  ask(prompt: Message): Promise<string>;
  /** Resolves with whether the answer is yes. An empty line counts as yes, any other text as no. Errors: as `ask`. */
  agree(question: Message): Promise<boolean>;
  /** Resolves with the acceptance report of the running agent. Errors: rejects, for example if no agent answers. */
  report(): Promise<AcceptanceReport>;
  /**
   * Sends a command and prints its answer or refusal. Resolves with whether it reports success. Errors: rejects, for example if no agent
   * answers.
   */
  run(command: AgentCommand, args: RawArgs): Promise<boolean>;
  /**
   * Sends a command without output. Resolves with its result. Aborting `enough` ends the command, which may then reject. Errors: rejects
   * with ConsoleError.
   */
  quietly(command: AgentCommand, args: RawArgs, enough: AbortSignal): Promise<unknown>;
}

/** Said when the person leaves before the end. */
const STOPPED = msg`stopped; the results so far are stored: the next \`commission\` goes on from here`;

/**
 * Creates the questions, output and requests of a commissioning, for a terminal that can ask. `socket`: that of the agent, as on the
 * command line. Errors: throws ConsoleError 'usage' for a terminal that cannot ask.
 */
export function createGuideTalk({ socket }: LocalArgs, terminal: Terminal): GuideTalk {
  const { askLine } = terminal;
  if (askLine === undefined)
    throw new ConsoleError(
      'usage',
      msg`this asks a person, and there is no terminal; without a person: luciole commission scan, test, walk ZONE, report`,
    );
  const say = (said: Said): string => translated(typeof said === 'string' ? said : plainMessage(said, terminal.charset), terminal);
  const named = socket === undefined ? {} : { socket };
  const talk: GuideTalk = {
    terminal,
    print: (text) => terminal.out(`${wrap(say(text), terminal.widthCols).join('\n')}\n`),
    ask: async (prompt) => {
      const lines = wrap(say(prompt), terminal.widthCols - 2);
      const last = lines.pop() ?? '';
      if (lines.length > 0) terminal.out(`${lines.join('\n')}\n`);
      try {
        return (await askLine(`${last} `)).trim();
      } catch (error) {
        if (error instanceof ConsoleError) throw new ConsoleError('failed', STOPPED, { cause: error });
        throw error;
      }
    },
    agree: async (question) => isYesWord(await talk.ask(msg`${question} yes or no [yes]:`)),
    report: async () => (await fetchAnswer(COMMISSION_REPORT, {}, { ...named, terminal })).result as AcceptanceReport,
    run: async (command, args) => {
      try {
        return (await askAgent(command, { ...(args as LocalArgs), ...named }, terminal)) === 0;
      } catch (error) {
        if (!(error instanceof ConsoleError) || error.code === 'unreachable' || terminal.signal?.aborted === true) throw error;
        terminal.out(errorText(error.said, terminal));
        return false;
      }
    },
    quietly: async (command, args, enough) => (await fetchAnswer(command, args, { ...named, terminal, enough })).result,
  };
  return talk;
}

/** Runs a step until it succeeds, or the person goes on without that. Errors: as the step, and as `GuideTalk.ask`. */
export async function untilPassed(talk: GuideTalk, step: () => Promise<boolean>): Promise<void> {
  while (!(await step())) if (!isAgain(await talk.ask(msg`r: repeat this step; Enter: go on:`))) return;
}

function isAgain(typed: string): boolean {
  return typed.toLowerCase() === 'r';
}

function isYesWord(typed: string): boolean {
  return ['', 'y', 'yes', 'o', 'oui'].includes(typed.toLowerCase());
}
