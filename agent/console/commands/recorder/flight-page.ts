/** Rows of a recording and of `bus sniff` as text: one line each. */
import { msg, type Said } from '../../../core/message.ts';
import type { FlightRow } from '../../../core/recorder-tools.ts';
import { clockTime, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';

/** Width of the kind of a frame. Source: the longest, `exception`. */
const KIND_COLS = 9;
/** Width of a gap: up to 99 s. */
const GAP_COLS = 8;
const US_PER_MS = 1_000;
const US_PER_S = 1_000_000;
const MARK = { sent: '>', received: '<', discarded: 'x' } as const;

/** Renders a row of a recording or of `bus sniff`, without the name of its line. A row wider than the page is cut and ends in `~`. */
export function renderRow(row: FlightRow, page: Page): string {
  const text = wholeRow(row, page);
  return text.length > page.widthCols ? `${text.slice(0, page.widthCols - 1)}~` : text;
}

/**
 * Renders a row of a recording or of `bus sniff` as one line of text without a limit of width. `hasLine` adds the name of the line to a row
 * that has one.
 */
export function wholeRow(row: FlightRow, page: Page, hasLine = false): string {
  const time = `${clockTime(row.atMs, { ...page, atMs: row.atMs })}.${microseconds(row.atMs)}`;
  const line = hasLine && 'line' in row ? `${row.line} ` : '';
  return `${time} ${line}${contentOf(row, page)}`;
}

/** The six digits after the second. */
function microseconds(atMs: number): string {
  return String(Math.floor(atMs * US_PER_MS) % US_PER_S).padStart(6, '0');
}

function contentOf(row: FlightRow, page: Page): string {
  if (row.what === 'frame') return frameText(row, page);
  const [mark, said] = otherText(row);
  return `${mark} ${translated(said, page)}`;
}

function frameText({ direction, unit, kind, isForeign, gapUs, bytes }: Extract<FlightRow, { what: 'frame' }>, page: Page): string {
  const named = `${translated(wordOf(kind), page)}${isForeign ? '*' : ''}`.padEnd(KIND_COLS + 1);
  const gap = (gapUs === null ? '' : String(gapUs)).padStart(GAP_COLS);
  const hex = bytes.toUpperCase().replace(/..(?=.)/g, '$& ');
  return `${MARK[direction]} ${(unit === null ? '' : `#${unit}`).padEnd(4)} ${named} ${gap}  ${hex}`;
}

function otherText(row: Exclude<FlightRow, { what: 'frame' }>): readonly [mark: string, said: Said] {
  switch (row.what) {
    case 'end':
      return ['=', msg`#${row.unit} ${wordOf(row.result)}, ${wordOf(row.lane)}`];
    case 'dropped':
      return ['x', msg`${row.count} bytes dropped unread`];
    case 'port':
      return ['-', row.serial === null ? msg`port ${wordOf(row.state)}` : msg`port ${wordOf(row.state)}, ${row.serial.baud} baud`];
    case 'decision':
      return ['*', msg`${row.lamp} ${row.levelPct} %, ${wordOf(row.rank)}`];
    default:
      return ['!', row.isEnd ? msg`${row.code} ${row.source}: over` : msg`${row.code} ${row.source}: ${row.text}`];
  }
}
