/** `profile check` and `profile test`: the file of a device type, by itself and against a real unit. */
import type { BusRead, BusReadResult } from '../../../core/bus-tools.ts';
import { numberArg, textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { CONSOLE_EXIT, ConsoleError, EXIT_BAD_CONFIG } from '../../console-error.ts';
import { textOf } from '../../local-args.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { plain } from '../../text/plain-text.ts';
import { problemLines } from '../../text/problem-lines.ts';
import { UNITS } from './bus-args.ts';
import { BUS_READ } from './bus-read.ts';
import { renderChecked } from './profile-show-page.ts';
import { renderProfileTest, testSucceeded } from './profile-test-page.ts';
import { checkProfileFile, runProfileTrial } from './profile-trial.ts';

/** Resolves with the exit code. */
export async function runProfileCheck(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  const file = textOf(args['file']) ?? '';
  const { problems, profile } = checkProfileFile(file);
  if (args['json'] === true) screen.out(`${JSON.stringify({ problems, profile })}\n`);
  else screen.out(`${profile === null ? problemLines(problems, screen, isTerminal) : renderChecked(file, profile, screen)}\n`);
  return profile === null ? EXIT_BAD_CONFIG : 0;
}

/** The file is read here, its registers by the running agent, which alone may use the line. Errors: rejects with ConsoleError. */
export async function runProfileTest(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  if (args['line'] === undefined || args['unit'] === undefined)
    throw new ConsoleError('usage', 'say which line and unit: --line LINE --unit N');
  const [line, unit] = [textArg(args as RawArgs, 'line'), numberArg(args as RawArgs, 'unit', UNITS)];
  const { problems, profile } = checkProfileFile(textOf(args['file']) ?? '', 'trial');
  if (profile === null) {
    screen.out(`${args['json'] === true ? JSON.stringify({ problems }) : problemLines(problems, screen, isTerminal)}\n`);
    return EXIT_BAD_CONFIG;
  }
  const read = async ({ line, unit, table, address, count }: BusRead): Promise<BusReadResult> => {
    const asked = { line, unit: String(unit), table, address: String(address), count: String(count) };
    return (await fetchAnswer(BUS_READ, asked, { socket: args['socket'], terminal: screen })).result as BusReadResult;
  };
  const report = (done: number, total: number): void => screen.status?.show(translated(`${done} of ${total} points`, screen));
  try {
    const result = await runProfileTrial({ profile, line, unit, read, report });
    screen.status?.clear();
    screen.out(`${args['json'] === true ? JSON.stringify(result) : renderProfileTest(plain(result) as typeof result, screen)}\n`);
    return testSucceeded(result) ? 0 : CONSOLE_EXIT.failed;
  } finally {
    screen.status?.clear();
  }
}
