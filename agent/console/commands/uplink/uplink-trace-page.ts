/** Renders `luciole uplink trace`: packets and events of the session, one per line. Pure. */
import type { TraceEntry } from '../../../core/uplink-tools.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, columnTime, count, formatNumber, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';

/** What `uplink trace` answers; a watch that ended shows nothing again. */
export interface TraceAnswer {
  readonly entries: readonly TraceEntry[];
  readonly followed: { readonly seen: number; readonly missed: number; readonly durationMs: number } | null;
}

/** Beyond this the day is told as well. Units: ms. */
const HALF_DAY_MS = 43_200_000;

/** Shape: `22:41:07.045 -> publish       512 B  spBv1.0/angers/DDATA/c1/L01`; events in words, indented where they go on. */
export function renderEntry(entry: TraceEntry, page: Page): string {
  return row(entry, clockTime(entry.atMs, { ...page, atMs: entry.atMs }), page);
}

/** The entries kept, or the last words of a watch that ended by itself. */
export function renderTrace({ entries, followed }: TraceAnswer, page: Page): string {
  if (followed !== null) {
    const { seen, missed, durationMs } = followed;
    const lost = missed === 0 ? '' : `; ${missed} more not shown: this terminal is too slow`;
    return paragraph(`${formatNumber(seen)} ${seen === 1 ? 'entry' : 'entries'} in ${formatDuration(durationMs)}${lost}`, page).join('\n');
  }
  if (entries.length === 0) return translated('nothing has happened yet', page);
  const hasDay = entries.some(({ atMs }) => Math.abs(page.atMs - atMs) > HALF_DAY_MS);
  const lines = entries.map((entry) =>
    row(entry, translated(columnTime(entry.atMs, page.timezone, { hasDay, hasSeconds: true }), page).padStart(hasDay ? 15 : 8), page),
  );
  const packets = entries.filter(({ kind }) => kind !== 'event');
  const bytes = packets.reduce((sum, entry) => sum + entry.bytes, 0);
  const sum = `${count(packets.length, 'packet')} with ${formatNumber(bytes)} bytes, ${count(entries.length - packets.length, 'event')}; -> sent, <- received`;
  return [...lines, '', ...paragraph(sum, page)].join('\n');
}

const ARROW: Readonly<Record<TraceEntry['kind'], string>> = { sent: '->', received: '<-', event: '**' };

/** Source: 131,072 at most come in. */
const BYTES_COLS = 6;

/** Source: `publish`, the only one with a topic. */
const NAME_COLS = 7;

function row({ atMs, kind, text, topic, bytes }: TraceEntry, time: string, page: Page): string {
  const { widthCols } = page;
  const head = `${time}.${String(Math.floor(atMs % 1_000)).padStart(3, '0')} ${ARROW[kind]} `;
  if (kind === 'event') {
    const [first = '', ...rest] = paragraph(text, { ...page, widthCols: widthCols - head.length });
    return [`${head}${first}`, ...rest.map((line) => `${' '.repeat(head.length)}${line}`)].join('\n');
  }
  if (topic === null) return `${head}${text}`;
  const line = `${head}${text.padEnd(NAME_COLS)} ${formatNumber(bytes).padStart(BYTES_COLS)} B  ${topic}`;
  return line.length <= widthCols ? line : `${line.slice(0, widthCols - 1)}~`;
}
