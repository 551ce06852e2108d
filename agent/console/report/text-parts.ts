/** What the text form of a report and of its plots share: texts for any terminal, and tables. Pure. */
import { msg } from '../../core/message.ts';
import type { ReportTable } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { paragraph, wrap } from '../text/text-lines.ts';
import { type TableColumn, tableLines } from '../text/text-table.ts';
import { cellText, isNumeric, saidText } from './report-words.ts';

/** Shown for a value that is not known. */
export const NO_VALUE = '-';
/** A column of text is not wider than this, except one that wraps. Units: columns. */
export const MOST_COLS = 24;

/** Language, width and time zone of the text. */
export interface TextPage {
  readonly language: Language;
  readonly widthCols: number;
  readonly timezone: string;
}

/** Returns a text in one line, with simple blanks and dashes, which every terminal shows. */
export function plainBlanks(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\u2010-\u2015]/g, '-');
}

/** Longer titles of numbers continue on a further line. Units: columns. */
const TITLE_COLS = 11;

/** Returns a table as lines; a sentence for one without rows. `more`: a further column of text at its end, one for each row. */
export function textTable({ columns, rows, total }: ReportTable, page: TextPage, more: readonly string[] | null = null): readonly string[] {
  if (rows.length === 0) return paragraph(msg`No data.`, page);
  const numeric = columns.map((column, at) => isNumeric(at, column, rows));
  const widest = columns.findLastIndex((_, at) => !numeric[at]);
  const shown = [...rows, ...(total === null ? [] : [total])];
  const titles = columns.map(({ title, unit }, at) => titleLines(plainBlanks(saidText(title, page.language)), unit, numeric[at] === true));
  const heads = titles.map(([first = ''], at): TableColumn => {
    if (numeric[at]) return { title: msg`${first}`, align: 'right' };
    return at === widest && at > 0 && more === null ? { title: msg`${first}`, wraps: true } : { title: msg`${first}`, maxCols: MOST_COLS };
  });
  const height = titles.reduce((most, lines) => Math.max(most, lines.length), 1);
  const further = Array.from({ length: height - 1 }, (_, line) => titles.map((lines) => lines[line + 1] ?? ''));
  const cells = shown.map((row) => columns.map((column, at) => plainBlanks(cellText(row[at], column, page.language) ?? NO_VALUE)));
  if (more === null) return tableLines(heads, [...further, ...cells], page);
  return tableLines(
    [...heads, { title: msg`${''}` }],
    [...further.map((line) => [...line, '']), ...cells.map((row, at) => [...row, more[at] ?? ''])],
    page,
  );
}

/** The unit of numbers is below their title. */
function titleLines(title: string, unit: string, isNumber: boolean): readonly string[] {
  if (!isNumber) return [unit === '' ? title : `${title} (${unit})`];
  return [...wrap(title, Math.max(TITLE_COLS, ...title.split(' ').map((word) => word.length))), ...(unit === '' ? [] : [unit])];
}
