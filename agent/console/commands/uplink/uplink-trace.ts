/** `uplink trace`: shows recent events and packets, or follows new ones. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { TraceEntry } from '../../../core/uplink-tools.ts';
import { agentCommand, numberArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatDuration, parseDuration } from '../../text/duration.ts';
import { clockTime, columnTime, formatNumber, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';
import { reportUntilOver } from '../until-over.ts';
import { uplinkToolsOf } from './uplink.ts';

/** Entries to show: default as many as fit a screen, maximum all that are kept. */
const LAST = { min: 1, max: 400, usual: 22 };
/**
 * Duration of a watch. Units: ms. Source: assumed; output to an unattended terminal must end. Confirmed by: length of watches in audit
 * logs.
 */
const FOLLOW_MS = { usual: 60_000, max: 3_600_000 };

/** `uplink trace`: answers with the newest events and packets of the uplink, or with `--follow` sends new ones to the client for a time. */
export const UPLINK_TRACE = agentCommand<{ last: number; followMs: number | null }, TraceAnswer, TraceEntry>({
  name: 'uplink trace',
  role: 'technician',
  group: 'Uplink:',
  summary: msg`recent events and packets, without their contents`,
  options: [
    { name: 'last', value: 'COUNT', summary: msg`so many entries, 1 to 400 (default: 22)` },
    { name: 'follow', value: null, summary: msg`each as it happens, until Ctrl-C or for a while` },
    { name: 'for', value: 'DURATION', summary: msg`with --follow, end after this, at most 1h (default: 60s)` },
  ],
  examples: ['luciole uplink trace', 'luciole uplink trace --follow --for 5m', 'luciole uplink trace --last 400 --json'],
  read: (args) => ({ last: numberArg(args, 'last', LAST), followMs: readFollow(args) }),
  answer: async (view, { last, followMs }, job) => {
    const tools = uplinkToolsOf(view);
    if (followMs === null) return { entries: tools.trace().slice(-last), followed: null };
    return { entries: [], followed: await reportUntilOver<TraceEntry>(job, followMs, (listener) => tools.watch(listener)) };
  },
  render: renderTrace,
  progress: { isLasting: true, load: async () => renderEntry },
});

function readFollow({ follow, for: duration }: RawArgs): number | null {
  if (follow !== true) {
    if (duration !== undefined) throw new ConsoleError('usage', msg`--for goes with --follow`);
    return null;
  }
  if (duration === undefined) return FOLLOW_MS.usual;
  const ms = parseDuration(String(duration));
  if (ms > FOLLOW_MS.max) throw new ConsoleError('usage', msg`bad --for "${String(duration)}": 1h at most`);
  return ms;
}

/**
 * The answer of `uplink trace`. `entries`: the newest, as many as requested, oldest first. `followed`: null without `--follow`; otherwise
 * the numbers of entries sent to the client (`seen`) and not sent (`missed`) during the watch. `entries` is then empty.
 */
export interface TraceAnswer {
  readonly entries: readonly TraceEntry[];
  readonly followed: { readonly seen: number; readonly missed: number; readonly durationMs: number } | null;
}

/** For older entries the day is shown too. Units: ms. */
const HALF_DAY_MS = 43_200_000;

/** Renders one entry of the trace: a packet in one line, or an event, as a sentence or the name of a phase, in one or more lines. */
export function renderEntry(entry: TraceEntry, page: Page): string {
  return row(entry, clockTime(entry.atMs, { ...page, atMs: entry.atMs }), page);
}

/** Renders the entries, with local times, and a summary, or a note if there are no entries; after `--follow` only a summary. */
export function renderTrace({ entries, followed }: TraceAnswer, page: Page): string {
  if (followed !== null) {
    const { seen, missed, durationMs } = followed;
    const sum = msg`${count(seen, 'entry')} in ${formatDuration(durationMs)}`;
    return paragraph(missed === 0 ? sum : msg`${sum}; ${missed} more not shown: this terminal is too slow`, page).join('\n');
  }
  if (entries.length === 0) return translated(msg`nothing has happened yet`, page);
  const hasDay = entries.some(({ atMs }) => Math.abs(page.atMs - atMs) > HALF_DAY_MS);
  const lines = entries.map((entry) =>
    row(entry, translated(columnTime(entry.atMs, page.timezone, { hasDay, hasSeconds: true }), page).padStart(hasDay ? 15 : 8), page),
  );
  const packets = entries.filter(({ kind }) => kind !== 'event');
  const bytes = packets.reduce((sum, entry) => sum + entry.bytes, 0);
  const sum = msg`${count(packets.length, 'packet')} with ${formatNumber(bytes)} bytes, ${count(entries.length - packets.length, 'event')}; -> sent, <- received`;
  return [...lines, '', ...paragraph(sum, page)].join('\n');
}

const ARROW: Readonly<Record<TraceEntry['kind'], string>> = { sent: '->', received: '<-', event: '**' };

/** Source: an incoming packet has at most 131,072 bytes. */
const BYTES_COLS = 6;

/** Source: `publish`, the only type with a topic. */
const NAME_COLS = 7;

function row({ atMs, kind, text, topic, bytes }: TraceEntry, time: string, page: Page): string {
  const { widthCols } = page;
  const head = `${time}.${String(Math.floor(atMs % 1_000)).padStart(3, '0')} ${ARROW[kind]} `;
  if (kind === 'event') {
    const [first = '', ...rest] = paragraph(typeof text === 'string' ? wordOf(text) : text, {
      ...page,
      widthCols: widthCols - head.length,
    });
    return [`${head}${first}`, ...rest.map((line) => `${' '.repeat(head.length)}${line}`)].join('\n');
  }
  if (topic === null) return `${head}${String(text)}`;
  const line = `${head}${String(text).padEnd(NAME_COLS)} ${formatNumber(bytes).padStart(BYTES_COLS)} B  ${topic}`;
  return line.length <= widthCols ? line : `${line.slice(0, widthCols - 1)}~`;
}
