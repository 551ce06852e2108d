/** `log watch`: shows the agent's log as it is written. A session shows it between commands after `log on`. */

import { count } from '../../../core/counts.ts';
import { counted, Message, msg } from '../../../core/message.ts';
import { LOG_SEVERITIES, type LogFeed, type LogLine, type LogSeverity } from '../../../core/ports.ts';
import { nearest } from '../../../core/suggestions.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job, OptionSpec } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { LocalArgs } from '../../terminal/terminal.ts';
import { formatDuration, parseDuration } from '../../text/duration.ts';
import { clockTime, type Page, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph, shownCols, wrap } from '../../text/text-lines.ts';
import { eventText } from '../cabinet/events.ts';
import { untilOver, type Watched } from '../until-over.ts';

/** The option `--level`: the lowest severity of the log lines that are shown. `log watch` prints `log-watched` first, at any level. */
export const LEVEL_OPTION: OptionSpec = {
  name: 'level',
  value: 'LEVEL',
  summary: msg`no lines below: debug, info, warning, alarm (default: info)`,
  choices: LOG_SEVERITIES,
};

/**
 * `log watch`: sends new lines of the agent's log, from a severity up, to the client; those for which it is too slow are only counted. With
 * `--for` it ends by itself and answers with a summary.
 */
export const LOG_WATCH = agentCommand<{ level: LogSeverity; forMs: number | null }, Watched, ShownLogLine>({
  name: 'log watch',
  role: 'technician',
  group: 'Agent:',
  summary: msg`the agent's log as it is written, until Ctrl-C`,
  // A session that shows the log sends this request again each time the agent restarts.
  isSelfNoted: true,
  options: [LEVEL_OPTION, { name: 'for', value: 'DURATION', summary: msg`end by itself after this, as 30s or 5m` }],
  examples: ['luciole log watch', 'luciole log watch --level warning --for 5m', 'luciole log watch --level debug --json'],
  read: (args) => ({ level: readLevel(args), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: ({ logFeed }, args, job) => {
    if (logFeed === null) throw new ConsoleError('failed', msg`the log of this run cannot be followed`);
    return watchLog(logFeed, args, job);
  },
  render: renderLogEnd,
  progress: { isLasting: true, load: async () => renderLogLine },
});

/**
 * Returns the typed level, the lowest severity to show; `info` if none was typed. Capital letters are accepted. Errors: throws ConsoleError
 * 'usage' for an unknown level.
 */
export function readLevel({ level = 'info' }: LocalArgs): LogSeverity {
  const typed = String(level).toLowerCase();
  const found = LOG_SEVERITIES.find((each) => each === typed);
  if (found !== undefined) return found;
  const near = nearest(typed, LOG_SEVERITIES);
  throw new ConsoleError(
    'usage',
    near === undefined ? msg`bad level "${typed}": it is one of ${LOG_SEVERITIES}` : msg`bad level "${typed}": did you mean ${near}?`,
  );
}

/** First line for each client: it shows that the log is being read. */
const BEGUN = 'log-watched';

/** Sends every line until the time ends or the client disconnects. */
async function watchLog(feed: LogFeed, { level, forMs }: { level: LogSeverity; forMs: number | null }, job: Job): Promise<Watched> {
  const { clock, report } = job;
  const startMono = clock.monoMs();
  let seen = 0;
  let missed = 0;
  let missedNow = 0;
  const listener = (line: LogLine): void => {
    // Use the cabinet's clock: the log's clock does not follow a rehearsal.
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
    // Do not count the first line, which only shows that the log is being read.
    return { seen: Math.max(0, seen - 1), missed, durationMs: Math.round(clock.monoMs() - startMono) };
  });
}

/** A log line as sent to one client. Its `atMs` is by the cabinet's clock. */
export interface ShownLogLine extends LogLine {
  /** Number of lines lost between the line sent before and this one. */
  readonly missed: number;
}

/**
 * Rows per log line; the rest is in the journal. Source: assumed; a row takes 80 ms at 9600 baud. Confirmed by: the longest lines in a week
 * of logs.
 */
const MAX_ROWS = 3;
/** Indent below the severity. */
const INDENT = ' '.repeat(9);

/** Renders a log line in a few rows; a longer text is cut. If lines were lost before it, one more row above states how many. */
export function renderLogLine(line: ShownLogLine, page: Page): string {
  return [...(line.missed === 0 ? [] : [leftOut(line.missed, page)]), ...logRows(line, page)].join('\n');
}

/** Returns the line that stands for `lines` log lines that are not shown: `! 3 lines left out`, in the language of the page. */
export function leftOut(lines: number, page: Pick<Page, 'language'>): string {
  return `! ${translated(counted(lines, msg`${lines} line left out`, msg`${lines} lines left out`), page)}`;
}

/** Renders a log line in three rows at most: local time, severity, name, and fields or the text of an event. A longer text is cut. */
export function logRows(line: LogLine, page: Page): readonly string[] {
  const { atMs, severity, name, fields, repeated } = line;
  const time = clockTime(atMs, { ...page, atMs });
  const what = [name, ...(Object.keys(fields).length === 0 ? [] : [whatOf(line, page)])].join(': ');
  const again = repeated === 0 ? '' : ` (${translated(counted(repeated, msg`${repeated} time more`, msg`${repeated} times more`), page)})`;
  const rows = wrap(`${stateWord(severity, page)} ${what}${again}`, page.widthCols - INDENT.length);
  const shown = rows.slice(0, MAX_ROWS).map((row, at) => `${at === 0 ? `${time} ` : INDENT}${row}`);
  const last = shown.at(-1) ?? '';
  return rows.length > MAX_ROWS
    ? [...shown.slice(0, -1), `${last.slice(0, last.length - Math.max(0, shownCols(last) - page.widthCols + 2))} ~`]
    : shown;
}

/** Returns the sentence of an event; the fields of any other line. */
function whatOf({ severity, fields }: LogLine, page: Page): string {
  const { source, text, ended, ...rest } = fields;
  if (typeof source !== 'string' || !(typeof text === 'string' || text instanceof Message)) return fieldsText(fields);
  // A notice has no duration, so its end is not shown.
  const isOver = ended === true && severity !== 'info';
  return [
    `${source} ${eventText({ source, text: text instanceof Message ? text : msg`${text}` }, page)}`,
    ...(isOver ? [`(${translated(wordOf('over'), page)})`] : []),
    fieldsText(rest),
  ]
    .join(' ')
    .trimEnd();
}

function fieldsText(fields: LogLine['fields']): string {
  return Object.entries(fields)
    .map(([name, field]) => [name, field instanceof Message ? String(field) : field] as const)
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');
}

/** Renders the summary of `log watch`: how long it ran, the lines that were sent (`seen`), and those that were not (`missed`). */
export function renderLogEnd({ seen, missed, durationMs }: Watched, page: Page): string {
  const sum = msg`${count(seen, 'line')} of the log in ${formatDuration(durationMs)}`;
  return paragraph(missed === 0 ? sum : msg`${sum}; ${missed} more not shown: this terminal is too slow`, page).join('\n');
}
