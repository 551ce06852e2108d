/** `bus watch`: shows every transaction of a line. */

import type { BusTransaction } from '../../../core/bus-tools.ts';
import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { formatDuration, parseDuration } from '../../text/duration.ts';
import { clockTime, formatNumber, type Page, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';
import { reportUntilOver, type Watched } from '../until-over.ts';
import { findLine, LINE_ARGUMENT, onBus } from './bus-args.ts';

/** `bus watch`: sends ended transactions of a line to the client. With `--for` it ends by itself and answers with a summary. */
export const BUS_WATCH = agentCommand<{ line: string; forMs: number | null }, LineWatched, BusTransaction>({
  name: 'bus watch',
  role: 'technician',
  group: 'Lines:',
  summary: msg`every transaction, until Ctrl-C`,
  arguments: [LINE_ARGUMENT],
  options: [{ name: 'for', value: 'DURATION', summary: msg`end by itself after this, as 30s or 5m` }],
  examples: ['luciole bus watch street', 'luciole bus watch street --for 30s', 'luciole bus watch street --for 5m --json'],
  read: (args) => ({ line: textArg(args, 'line'), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: (view, args, job) => {
    const line = findLine(view, args.line);
    return onBus(async () => ({
      line,
      ...(await reportUntilOver<BusTransaction>(job, args.forMs, (listener) => view.bus.watch(line, listener))),
    }));
  },
  render: renderWatchEnd,
  progress: { isLasting: true, load: async () => renderTransaction },
});

/** The answer of `bus watch`: its line, and how many of its transactions were sent to the client. */
export interface LineWatched extends Watched {
  readonly line: string;
}

/** Source: the longest lane, `telemetry`. With the longest result of 16 columns the row is 80 wide. */
const LANE_COLS = 9;

/** Source: `write holding 65535+123`. */
const WHAT_COLS = 23;

/** Renders an ended transaction in one line: local time of its end, unit, request, turnaround in ms, lane and result. */
export function renderTransaction({ atMs, unit, lane, what, turnaroundMs, error }: BusTransaction, page: Page): string {
  const time = `${clockTime(atMs, { ...page, atMs })}.${String(Math.floor(atMs % 1_000)).padStart(3, '0')}`;
  const said = translated(what, page);
  const words = said.length > WHAT_COLS ? `${said.slice(0, WHAT_COLS - 1)}~` : said.padEnd(WHAT_COLS);
  const took = formatNumber(turnaroundMs, 1).padStart(6);
  const result = error === null ? stateWord('ok', page) : stateWord('failed', page, error);
  return `${time} ${`#${unit}`.padEnd(4)} ${words} ${took} ms  ${translated(wordOf(lane), page).padEnd(LANE_COLS)}  ${result}`;
}

/** Renders the summary of `bus watch`: how many transactions were sent to the client and how many were not, and the duration. */
export function renderWatchEnd({ line, seen, missed, durationMs }: LineWatched, page: Page): string {
  const sum = msg`${count(seen, 'transaction')} on line ${line} in ${formatDuration(durationMs)}`;
  return paragraph(missed === 0 ? sum : msg`${sum}; ${missed} more not shown: this terminal is too slow`, page).join('\n');
}
