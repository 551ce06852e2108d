/** `log watch`: the agent's log as it is written. A session shows it between its commands with `log on`. */
import { LOG_SEVERITIES, type LogFeed, type LogLine, type LogSeverity } from '../../../core/ports.ts';
import { nearest } from '../../../core/suggestions.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job, OptionSpec } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { LocalArgs } from '../../terminal/terminal.ts';
import { parseDuration } from '../../text/duration.ts';
import { untilOver, type Watched } from '../until-over.ts';
import type { ShownLogLine } from './log-page.ts';

export const LEVEL_OPTION: OptionSpec = {
  name: 'level',
  value: 'LEVEL',
  summary: 'no lines below: debug, info, warning, alarm (default: info)',
  choices: LOG_SEVERITIES,
};

/** Also asked by a session that shows the log. */
export const LOG_WATCH = agentCommand<{ level: LogSeverity; forMs: number | null }, Watched, ShownLogLine>({
  name: 'log watch',
  role: 'technician',
  group: 'Agent:',
  summary: "the agent's log as it is written, until Ctrl-C",
  // A session that shows the log asks for it again each time that the agent comes back.
  isSelfNoted: true,
  options: [LEVEL_OPTION, { name: 'for', value: 'DURATION', summary: 'end by itself after this, as 30s or 5m' }],
  examples: ['luciole log watch', 'luciole log watch --level warning --for 5m', 'luciole log watch --level debug --json'],
  read: (args) => ({ level: readLevel(args), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: ({ logFeed }, args, job) => {
    if (logFeed === null) throw new ConsoleError('failed', 'the log of this run cannot be read along');
    return watchLog(logFeed, args, job);
  },
  render: async (result, page) => (await import('./log-page.ts')).renderLogEnd(result, page),
  progress: { isLasting: true, load: async () => (await import('./log-page.ts')).renderLogLine },
});

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

/** The first line for each reader: it shows at once that the log is read. */
const BEGUN = 'log-watched';

/** Sends every line until the time is over or the reader is gone. */
async function watchLog(feed: LogFeed, { level, forMs }: { level: LogSeverity; forMs: number | null }, job: Job): Promise<Watched> {
  const { clock, report } = job;
  const startMono = clock.monoMs();
  let seen = 0;
  let missed = 0;
  let missedNow = 0;
  const listener = (line: LogLine): void => {
    // By the cabinet's clock: that of the log knows of no rehearsal.
    if (report({ ...line, atMs: clock.wallMs(), missed: missedNow } satisfies ShownLogLine)) {
      seen++;
      missedNow = 0;
    } else {
      missed++;
      missedNow++;
    }
  };
  listener({ atMs: clock.wallMs(), severity: 'info', name: BEGUN, fields: { from: level }, repeated: 0 });
  const stop = feed.listen(level, listener);
  return untilOver(job, forMs, () => {
    stop();
    // The first line only shows that the log is read.
    return { seen: Math.max(0, seen - 1), missed, durationMs: Math.round(clock.monoMs() - startMono) };
  });
}
