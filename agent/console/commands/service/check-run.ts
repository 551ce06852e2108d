/** `check`: reads and checks a cabinet file as the agent does at its start. */

import { checkConfig } from '../../../config/load/load-site.ts';
import { count } from '../../../core/counts.ts';
import type { Problem } from '../../../core/errors.ts';
import { msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import { EXIT_BAD_CONFIG } from '../../console-error.ts';
import { configFileOf, type LocalArgs, type Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { problemLines } from '../../text/text-lines.ts';

/**
 * `check`: checks a cabinet file and prints its warnings and problems. Resolves with 0, or 78 if the file cannot be used. `isTerminal`: a
 * person reads the output.
 */
export async function runCheck(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  const { out } = screen;
  const configFile = configFileOf(args);
  const { problems, warnings, counts } = await checkConfig({ configFile, hasPorts: args['no-ports'] !== true });
  const word = translated(wordOf('warning'), screen);
  if (args['json'] === true)
    out(`${JSON.stringify(withTexts([...withSeverity(warnings, 'warning'), ...withSeverity(problems, 'error')]))}\n`);
  else if (warnings.length + problems.length > 0)
    out(`${problemLines([...warnings.map((warning) => asWarning(warning, word)), ...problems], screen, isTerminal)}\n`);
  if (problems.length > 0 || counts === null) return EXIT_BAD_CONFIG;
  if (args['json'] === true) return 0;
  const sum = [count(counts.lamps, 'lamp'), count(counts.lines, 'line'), count(counts.zones, 'zone')];
  const found = warnings.length === 0 ? sum : [...sum, count(warnings.length, 'warning')];
  out(`${translated(msg`${configFile}: ok, ${found}`, screen)}\n`);
  return 0;
}

function withSeverity(problems: readonly Problem[], severity: 'warning' | 'error'): readonly object[] {
  return problems.map((problem) => ({ ...problem, severity }));
}

/** Returns `file:line:column: warning: path: message`, the compiler format that editors parse. */
function asWarning(problem: Problem, word: string): Problem {
  return { ...problem, path: problem.path === '' ? word : `${word}: ${problem.path}` };
}
