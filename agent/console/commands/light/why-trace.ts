/**
 * Renders the parts of `why` that present and past share: the instant, and the trace of who requested which level, from when to when. Pure.
 */

import type { WallMs } from '../../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../../core/message.ts';
import { inTurn } from '../../../core/message-lists.ts';
import type { WhyLine } from '../../../core/recorded-why.ts';
import type { WhyView } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, columnTime, formatLevel, fullTime, NOTHING, type Page } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { twinOf } from '../time-range.ts';

/** Sources that are not names of the cabinet. */
const OWN_SOURCES: ReadonlySet<string> = new Set(['sun', 'wave', 'clock', 'start']);

/** Length of the minute part of `2026-10-25T01:00:00.000Z`. */
const UTC_MINUTE_CHARS = 16;

/**
 * Returns lines with the requested instant, and with the other one if its local time occurs twice. None if `atMs` is undefined, which means
 * now.
 */
export function requestedAt(atMs: WhyView['atMs'], page: Page): string[] {
  if (atMs === undefined) return [];
  const twin = twinOf(atMs, page.timezone);
  const clock = columnTime(atMs, page.timezone, { hasDay: false, hasSeconds: false });
  const other = `${new Date(twin ?? 0).toISOString().slice(0, UTC_MINUTE_CHARS)}Z`;
  const text = msg`${clock} occurs twice; for the other one use --at ${other}`;
  return [...labelled(msg`At`, fullTime(atMs, page.timezone), page), ...(twin === null ? [] : labelled(msg`Or`, text, page))];
}

/**
 * Returns the trace as the lines of a table with titles: rank, level, source, and the reason with its times. `>` marks a line that affected
 * the level.
 */
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
    { title: msg`Source`, maxCols: 18 },
    { title: msg`Reason`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

/** Adds since when, until when, and what would change it. */
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

/** Returns those lines of the first trace whose `traceKey` is in each of the other traces; an empty list without a trace. */
export function sharedTrace(traces: readonly (readonly WhyLine[])[]): readonly WhyLine[] {
  const [first, ...others] = traces;
  const seenByOthers = others.map((trace) => new Set(trace.map(traceKey)));
  return (first ?? []).filter((line) => seenByOthers.every((keys) => keys.has(traceKey(line))));
}

/**
 * Returns a key that is equal for two lines with the same `rank`, `source`, `levelPct`, `applied`, text and end. Other fields are not
 * compared.
 */
export function traceKey({ rank, source, levelPct, applied, text, untilMs }: WhyLine): string {
  return JSON.stringify([rank, source, levelPct, applied, String(text), untilMs]);
}
