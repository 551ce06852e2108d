/** The lines of a trace: who asked for which level, since when and until when. Pure. */

import type { WallMs } from '../../../core/clock.ts';
import { msg, NO_TEXT } from '../../../core/message.ts';
import type { WhyLine } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatLevel, NOTHING, type Page, translated } from '../../text/page.ts';
import { tableLines } from '../../text/text-table.ts';

/** Those that bear no name of the cabinet. */
const OWN_SOURCES: ReadonlySet<string> = new Set(['sun', 'wave', 'clock', 'start']);

/** Returns the trace as a table; `>` marks the lines that decided. */
export function traceLines(trace: readonly WhyLine[], page: Page): string[] {
  const rows = trace.map((line) => [
    line.applied ? '>' : '',
    translated(line.rank, page),
    line.levelPct === null ? NOTHING : formatLevel(line.levelPct),
    OWN_SOURCES.has(line.source) ? translated(line.source, page) : line.source,
    translated(`${line.text}${details(line, page)}`, page),
  ]);
  const columns = [
    { title: NO_TEXT },
    { title: msg`Rank` },
    { title: msg`Asks`, align: 'right' },
    { title: msg`From`, maxCols: 18 },
    { title: msg`Says`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

/** Since when, until when, and what would change it. */
function details({ sinceMs, untilMs, changes }: WhyLine, page: Page): string {
  const parts = [
    ...(sinceMs === undefined || sinceMs === null ? [] : [`since ${clockTime(sinceMs, page)}`]),
    ...(untilMs === null ? [] : [until(untilMs, page)]),
    ...(changes === undefined || changes === '' ? [] : [changes]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function until(untilMs: WallMs, page: Page): string {
  return untilMs > page.atMs ? `until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)}` : 'over';
}

/** Returns the lines that every one of these traces has, in the order of the first. */
export function sharedTrace(traces: readonly (readonly WhyLine[])[]): readonly WhyLine[] {
  const [first, ...others] = traces;
  const seenByOthers = others.map((trace) => new Set(trace.map(traceKey)));
  return (first ?? []).filter((line) => seenByOthers.every((keys) => keys.has(traceKey(line))));
}

/** Equal for lines that say the same. */
export function traceKey({ rank, source, levelPct, applied, text, untilMs }: WhyLine): string {
  return JSON.stringify([rank, source, levelPct, applied, text, untilMs]);
}
