/** Renders lines of the agent's log in `log watch` and in a session: time, severity, event, source. Pure. */
import type { LogLine } from '../../../core/ports.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, count, type Page, stateWord, translated } from '../../text/page.ts';
import { paragraph, shownCols, wrap } from '../../text/text-lines.ts';
import { eventText } from '../cabinet/events-page.ts';
import type { Watched } from '../until-over.ts';

/** A log line as it is sent to one reader. */
export interface ShownLogLine extends LogLine {
  /** Lines before this one that the reader was too slow for. */
  readonly missed: number;
}

/** A line takes no more; the rest is in the journal. Source: assumed; a quarter of a second at 9600 baud a row. */
const MAX_ROWS = 3;
/** Under the severity. */
const INDENT = ' '.repeat(9);

/** Shape: `22:41:07 warning device-silent: L03 does not answer`, with more rows indented. */
export function renderLogLine(line: ShownLogLine, page: Page): string {
  return [...(line.missed === 0 ? [] : [leftOut(line.missed, page)]), ...logRows(line, page)].join('\n');
}

/** The text in place of lines that were not shown. */
export function leftOut(lines: number, page: Pick<Page, 'language'>): string {
  return `! ${translated(lines === 1 ? '1 line left out' : `${lines} lines left out`, page)}`;
}

export function logRows(line: LogLine, page: Page): readonly string[] {
  const { atMs, severity, name, fields, repeated } = line;
  const time = clockTime(atMs, { ...page, atMs });
  const what = [name, ...(Object.keys(fields).length === 0 ? [] : [whatOf(line, page)])].join(': ');
  const again = repeated === 0 ? '' : ` (${translated(`${repeated} times more`, page)})`;
  const rows = wrap(`${stateWord(severity, page)} ${what}${again}`, page.widthCols - INDENT.length);
  const shown = rows.slice(0, MAX_ROWS).map((row, at) => `${at === 0 ? `${time} ` : INDENT}${row}`);
  const last = shown.at(-1) ?? '';
  return rows.length > MAX_ROWS
    ? [...shown.slice(0, -1), `${last.slice(0, last.length - Math.max(0, shownCols(last) - page.widthCols + 2))} ~`]
    : shown;
}

/** Of an event its own sentence; of all else the fields. */
function whatOf({ severity, fields }: LogLine, page: Page): string {
  const { source, text, ended, ...rest } = fields;
  if (typeof source !== 'string' || typeof text !== 'string') return fieldsText(fields);
  // A notice is over at once, so its end is not shown.
  const isOver = ended === true && severity !== 'info';
  return [`${source} ${eventText({ source, text }, page)}`, ...(isOver ? [`(${translated('over', page)})`] : []), fieldsText(rest)]
    .join(' ')
    .trimEnd();
}

function fieldsText(fields: LogLine['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');
}

/** The last words of a watch that ended by itself. */
export function renderLogEnd({ seen, missed, durationMs }: Watched, page: Page): string {
  const lost = missed === 0 ? '' : `; ${missed} more not shown: this terminal is too slow`;
  return paragraph(`${count(seen, 'line')} of the log in ${formatDuration(durationMs)}${lost}`, page).join('\n');
}
