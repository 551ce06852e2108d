/**
 * The row of the command table by which the agent's log is read along. A session shows it between its commands with `log on`.
 *
 * Owns this row and the reading of its level. Called by the command table and by the shell.
 */
import { LOG_SEVERITIES, type LogSeverity } from '../../../core/ports.ts';
import { agentCommand, type Command, type OptionSpec, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { LocalArgs } from '../../terminal/terminal.ts';
import { parseDuration } from '../../text/duration.ts';
import { nearest } from '../../text/suggest.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { type LogWatched, type ToldLine, watchLog } from './log-watch.ts';

export const LEVEL_OPTION: OptionSpec = {
  name: 'level',
  value: 'LEVEL',
  summary: 'no lines below: debug, info, warning, alarm (default: info)',
  choices: LOG_SEVERITIES,
};

/** Errors: throws ConsoleError 'usage'. */
export function readLevel({ level = 'info' }: LocalArgs): LogSeverity {
  const typed = String(level).toLowerCase();
  const found = LOG_SEVERITIES.find((each) => each === typed);
  if (found !== undefined) return found;
  const near = nearest(typed, LOG_SEVERITIES);
  throw new ConsoleError(
    'usage',
    `bad level "${typed}": ${near === undefined ? `it is ${LOG_SEVERITIES.join(', ')}` : `did you mean ${near}?`}`,
  );
}

/** Also asked by a session that shows the log. */
export const LOG_WATCH = agentCommand<{ level: LogSeverity; forMs: number | null }, LogWatched, ToldLine>({
  name: 'log watch',
  role: 'technician',
  group: 'Agent:',
  summary: "the agent's log as it is written, until Ctrl-C",
  // A session that shows the log asks for it again each time that the agent comes back.
  isSelfNoted: true,
  arguments: [],
  options: [LEVEL_OPTION, { name: 'for', value: 'DURATION', summary: 'end by itself after this, as 30s or 5m' }, JSON_OPTION],
  examples: ['luciole log watch', 'luciole log watch --level warning --for 5m', 'luciole log watch --level debug --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ level: readLevel(args), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: ({ logFeed }, args, job) => {
    if (logFeed === null) throw new ConsoleError('failed', 'the log of this run cannot be read along');
    return watchLog(logFeed, args, job);
  },
  render: async (result, page) => (await import('./log-page.ts')).renderLogEnd(result, page),
  progress: { isLasting: true, load: async () => (await import('./log-page.ts')).renderLogLine },
});

export const LOG_COMMANDS: readonly Command[] = [LOG_WATCH];
