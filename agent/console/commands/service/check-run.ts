/** `check`: reads and checks a cabinet file as the agent does at its start. */

import { checkConfig } from '../../../config/load/load-site.ts';
import { count } from '../../../core/counts.ts';
import type { Problem } from '../../../core/errors.ts';
import { type Message, msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import type { LawGap } from '../../../core/run-options.ts';
import { CONSOLE_EXIT, EXIT_BAD_CONFIG } from '../../console-error.ts';
import { configFileOf, type LocalArgs, type Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph, problemLines } from '../../text/text-lines.ts';

/**
 * `check`: checks a cabinet file and prints its warnings and problems. Resolves with 0, with 78 if there is a problem, or otherwise with 1
 * if `--law` finds missing data. `isTerminal`: a person reads the output.
 */
export async function runCheck(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  const { out } = screen;
  const configFile = configFileOf(args);
  const withLaw = args['law'] === true;
  const { problems, warnings, counts, lawGaps = [] } = await checkConfig({ configFile, hasPorts: args['no-ports'] !== true, withLaw });
  const word = translated(wordOf('warning'), screen);
  if (args['json'] === true)
    out(
      `${JSON.stringify(withTexts([...withSeverity(warnings, 'warning'), ...withSeverity(lawGaps, 'law'), ...withSeverity(problems, 'error')]))}\n`,
    );
  else if (warnings.length + lawGaps.length + problems.length > 0)
    out(`${problemLines([...[...warnings, ...lawGaps].map((warning) => asWarning(warning, word)), ...problems], screen, isTerminal)}\n`);
  if (problems.length > 0 || counts === null) return EXIT_BAD_CONFIG;
  const code = lawGaps.length > 0 ? CONSOLE_EXIT.failed : 0;
  if (args['json'] === true) return code;
  const sum = [count(counts.lamps, 'lamp'), count(counts.lines, 'line'), count(counts.zones, 'zone')];
  const found = warnings.length === 0 ? sum : [...sum, count(warnings.length, 'warning')];
  out(`${translated(msg`${configFile}: ok, ${found}`, screen)}\n`);
  if (withLaw) out(`${paragraph(lawText(counts.lamps, lawGaps), screen).join('\n')}\n`);
  return code;
}

function lawText(lamps: number, gaps: readonly LawGap[]): Message {
  const complete = lamps - gaps.length;
  return msg`Article 5 of the French arrêté of 27 December 2018: ${complete} of ${count(lamps, 'lamp')} complete`;
}

function withSeverity(problems: readonly Problem[], severity: 'warning' | 'law' | 'error'): readonly object[] {
  return problems.map((problem) => ({ ...problem, severity }));
}

/** Returns `file:line:column: warning: path: message`, the compiler format that editors parse. */
function asWarning(problem: Problem, word: string): Problem {
  return { ...problem, path: problem.path === '' ? word : `${word}: ${problem.path}` };
}
