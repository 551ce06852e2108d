/** What the text form of a report and of its plots share: texts for any terminal, and tables. Pure. */
import { msg } from '../../core/message.ts';
import type { ReportTable } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { paragraph, wrap } from '../text/text-lines.ts';
import { type TableColumn, tableLines } from '../text/text-table.ts';
import { cellText, isNumeric, saidText } from './report-words.ts';

/** Shown in tables and key figures of the text form for a value that is not known. */
export const NO_VALUE = '-';
/** Greatest width of a column of text in `textTable` if columns do not fit side by side; one that wraps may be wider. Units: columns. */
export const MOST_COLS = 24;

/** Language, width in columns and time zone (IANA name) of the text. */
export interface TextPage {
  readonly language: Language;
  readonly widthCols: number;
  readonly timezone: string;
}

/** Returns a text in one line: each run of blanks of any kind becomes one simple blank, and dashes `-`. Other characters are unchanged. */
export function plainBlanks(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\u2010-\u2015]/g, '-');
}

/** Blanks between two columns. */
const GAP_COLS = 2;
/** Longer titles of numbers continue on a further line. Units: columns. */
const TITLE_COLS = 11;

/**
 * Returns a table as lines, without its title; a sentence for one without rows. A table that is too wide becomes several ones, each with
 * the first column. `more`: a further column of text at its end, one for each row.
 */
export function textTable(table: ReportTable, page: TextPage, more: readonly string[] | null = null): readonly string[] {
  if (table.rows.length === 0) return paragraph(msg`No data.`, page);
  const shown = shownTable(table, page);
  if (more !== null) shown.columns.push({ titles: [], isNumber: false, cells: more });
  const [first, ...others] = shown.columns;
  if (first === undefined) return paragraph(msg`No data.`, page);
  const blocks: ShownColumn[][] = [[first]];
  for (const column of others) {
    const block = blocks.at(-1) ?? [];
    if (block.length > 1 && widthOf([...block, column]) > page.widthCols) blocks.push([first, column]);
    else block.push(column);
  }
  return blocks.flatMap((block, at) => [...(at === 0 ? [] : ['']), ...blockLines(block, page)]);
}

/** A column as texts. */
interface ShownColumn {
  readonly titles: readonly string[];
  readonly isNumber: boolean;
  readonly cells: readonly string[];
}

function shownTable({ columns, rows, total }: ReportTable, { language }: TextPage): { readonly columns: ShownColumn[] } {
  const shown = total === null ? rows : [...rows, total];
  return {
    columns: columns.map((column, at) => {
      const isNumber = isNumeric(at, column, rows);
      const titles = titleLines(plainBlanks(saidText(column.title, language)), column.unit, isNumber);
      return { titles, isNumber, cells: shown.map((row) => plainBlanks(cellText(row[at], column, language) ?? NO_VALUE)) };
    }),
  };
}

/** Width of these columns with the gaps between them. A column of text counts with at most `mostCols`, as it can wrap or be cut. */
function widthOf(columns: readonly ShownColumn[], mostCols = MOST_COLS): number {
  const widths = columns.map(({ titles, isNumber, cells }) => {
    const widest = [...titles, ...cells].reduce((most, text) => Math.max(most, text.length), 0);
    return isNumber ? widest : Math.min(widest, mostCols);
  });
  return widths.reduce((sum, width) => sum + width + GAP_COLS, -GAP_COLS);
}

function blockLines(columns: readonly ShownColumn[], page: TextPage): readonly string[] {
  const hasRoom = widthOf(columns, page.widthCols) <= page.widthCols;
  // A column that wraps takes all room that is left, so one of short texts does not.
  const last = columns.findLastIndex(({ isNumber, cells }) => !isNumber && cells.some((text) => text.length > MOST_COLS));
  const heads = columns.map(({ titles: [first = ''], isNumber }, at): TableColumn => {
    if (isNumber) return { title: msg`${first}`, align: 'right' };
    if (hasRoom) return { title: msg`${first}` };
    return at === last && at > 0 ? { title: msg`${first}`, wraps: true } : { title: msg`${first}`, maxCols: MOST_COLS };
  });
  const height = columns.reduce((most, { titles }) => Math.max(most, titles.length), 1);
  const further = Array.from({ length: height - 1 }, (_, line) => columns.map(({ titles }) => titles[line + 1] ?? ''));
  const rows = (columns[0]?.cells ?? []).map((_, at) => columns.map(({ cells }) => cells[at] ?? ''));
  return tableLines(heads, [...further, ...rows], page);
}

/** The unit of numbers is below their title. */
function titleLines(title: string, unit: string, isNumber: boolean): readonly string[] {
  if (!isNumber) return [unit === '' ? title : `${title} (${unit})`];
  return [...wrap(title, Math.max(TITLE_COLS, ...title.split(' ').map((word) => word.length))), ...(unit === '' ? [] : [unit])];
}
