/**
 * Columns of text that fit the page, without rules: what a slow line and a log both bear.
 *
 * Owns the widths of columns. Knows nothing of what it lays out. Called by the renderers.
 */
import Table from 'cli-table3';
import { translate } from './language.ts';
import { type Sheet, sheetOf, shownCols, wrap } from './text-lines.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Its cells are words or sentences, told in the language of the sheet; else they are names and numbers. */
  readonly isTold?: true;
  /** Takes what width is left and breaks its text over several lines; at most one a table. */
  readonly wraps?: true;
  /** Longer text is cut and ends in `~`, or wrapped in a table that wraps. */
  readonly maxCols?: number;
}

const GAP_COLS = 2;
/** Narrower than this a sentence is no longer readable; other columns give way first. */
const MIN_WRAP_COLS = 24;
const BARE = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((name) => [name, '']),
);

/** A table's lines, title line first, none wider than the sheet; titles are told in its language, cells where their column says so. */
export function tableLines(given: readonly Column[], cells: readonly (readonly string[])[], sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  const rows = cells.map((row) => row.map((cell, index) => (given[index]?.isTold ? translate(language, cell) : cell)));
  const columns = given.map((column) => ({ ...column, title: translate(language, column.title) }));
  const colWidths = columnWidths(columns, rows, widthCols);
  const lined = (cell: string, index: number): string =>
    columns[index]?.wraps
      ? cell
          .split('\n')
          .flatMap((line) => wrap(line, (colWidths[index] ?? widthCols) - GAP_COLS))
          .join('\n')
      : cell;
  const table = new Table({
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP_COLS },
    colWidths,
    colAligns: columns.map(({ align }) => align ?? 'left'),
    wordWrap: columns.some(({ wraps }) => wraps),
    truncate: '~',
  });
  table.push(
    columns.map(({ title }) => title),
    ...rows.map((row) => row.map(lined)),
  );
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Columns as wide as their text; what is too much is taken from the one that wraps, else from the widest. */
function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[], widthCols: number): number[] {
  const widths = columns.map(({ title, maxCols }, index) => {
    const widest = Math.max(title.length, ...rows.map((row) => shownCols(row[index] ?? '')));
    return Math.min(widest, maxCols ?? widest) + GAP_COLS;
  });
  const wraps = columns.findIndex((column) => column.wraps);
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) - GAP_COLS;
  if (wraps >= 0) widths[wraps] = Math.max(MIN_WRAP_COLS, (widths[wraps] ?? 0) - Math.max(0, total() - widthCols));
  while (total() > widthCols) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
