/** The lines of a trace: who asked for which level, since when and until when. Pure. */

import type { WallMs } from '../../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../../core/message.ts';
import { inTurn } from '../../../core/message-lists.ts';
import type { WhyLine } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatLevel, NOTHING, type Page } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { tableLines } from '../../text/text-table.ts';

/** Those that bear no name of the cabinet. */
const OWN_SOURCES: ReadonlySet<string> = new Set(['sun', 'wave', 'clock', 'start']);

/** Returns the trace as a table; `>` marks the lines that decided. */
export function traceLines(trace: readonly WhyLine[], page: Page): string[] {
  const rows = trace.map((line) => [
    line.applied ? '>' : '',
    wordOf(line.rank),
    line.levelPct === null ? NOTHING : formatLevel(line.levelPct),
    OWN_SOURCES.has(line.source) ? wordOf(line.source) : line.source,
    withDetails(line, page),
  ]);
  const columns = [
    { title: NO_TEXT },
    { title: msg`Rank` },
    { title: msg`Level`, align: 'right' },
    { title: msg`From`, maxCols: 18 },
    { title: msg`Reason`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

/** Since when, until when, and what would change it. */
function withDetails({ text, sinceMs, untilMs, changes = NO_TEXT }: WhyLine, page: Page): Message {
  const parts = [
    ...(sinceMs === undefined || sinceMs === null ? [] : [msg`since ${clockTime(sinceMs, page)}`]),
    ...(untilMs === null ? [] : [until(untilMs, page)]),
    ...(String(changes) === '' ? [] : [changes]),
  ];
  return parts.length === 0 ? text : msg`${text} (${inTurn(parts)})`;
}

function until(untilMs: WallMs, page: Page): Message {
  return untilMs > page.atMs ? msg`until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)}` : msg`over`;
}

/** Returns the lines that every one of these traces has, in the order of the first. */
export function sharedTrace(traces: readonly (readonly WhyLine[])[]): readonly WhyLine[] {
  const [first, ...others] = traces;
  const seenByOthers = others.map((trace) => new Set(trace.map(traceKey)));
  return (first ?? []).filter((line) => seenByOthers.every((keys) => keys.has(traceKey(line))));
}

/** Equal for lines that say the same. */
export function traceKey({ rank, source, levelPct, applied, text, untilMs }: WhyLine): string {
  return JSON.stringify([rank, source, levelPct, applied, String(text), untilMs]);
}
