/** Columns of text that fit the page, without rules, suitable for a slow line and a log. Pure. */
import type { Message, Said } from '../../core/message.ts';
import { type Sheet, sheetOf, shownCols, wrap } from './text-lines.ts';
import { translate } from './translate.ts';

/** Title and layout of one column of a table. */
export interface TableColumn {
  readonly title: Message;
  /** Default: left. */
  readonly align?: 'left' | 'right';
  /**
   * Becomes narrower before the other columns do, down to 22 columns; shorter text takes that width too. In its table the other columns
   * wrap too, at blanks. At most one per table.
   */
  readonly wraps?: true;
  /** Longer text is wrapped at blanks if a column of the table has `wraps`, otherwise cut. Units: columns of text. */
  readonly maxCols?: number;
}

const GAP_COLS = 2;
/** Narrower sentences are not readable; other columns are narrowed first. */
const MIN_WRAP_COLS = 24;
/** Source: ECMA-48 §8.3.117, as `styleText` writes it. */
const ESC = '\x1b';
const COLOUR = new RegExp(`(${ESC}\\[[\\d;]*m)`, 'g');
const USUAL_COLOUR = `${ESC}[39m`;

/**
 * Returns the lines of a table for the width of the sheet, the titles first. Text that does not fit is wrapped or cut. `given`: the
 * columns. `cells`: one list per row.
 */
export function tableLines(given: readonly TableColumn[], cells: readonly (readonly Said[])[], sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  const rows = cells.map((row) => row.map((cell) => translate(language, cell)));
  const columns = given.map((column) => ({ ...column, title: translate(language, column.title) }));
  const colWidths = columnWidths(columns, rows, widthCols);
  const isWrapped = columns.some(({ wraps }) => wraps);
  return [columns.map(({ title }) => title), ...rows].flatMap((row, rowIndex) => {
    const shown = columns.map(({ wraps }, index) => {
      const cols = colWidths[index] ?? 0;
      const given = (row[index] ?? '').split('\n');
      const lines = wraps && rowIndex > 0 ? given.flatMap((line) => wrap(line, cols)) : given;
      return coloured(isWrapped ? lines.flatMap((line) => atBlanks(line, cols)) : lines).map((line) => cut(line, cols));
    });
    const height = Math.max(1, ...shown.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) =>
      columns
        .map(({ align }, index) => aligned(shown[index]?.[at] ?? '', colWidths[index] ?? 0, align))
        .join(' '.repeat(GAP_COLS))
        .trimEnd(),
    );
  });
}

/** Breaks a line at blanks. A word longer than the column is not broken; a line without a word has no lines. */
function atBlanks(text: string, widthCols: number): readonly string[] {
  const lines: string[] = [];
  let [line, lineCols] = ['', 0];
  for (const [, blank = '', word = ''] of text.matchAll(/(\s*)(\S*)/g)) {
    const cols = lineCols + shownCols(word) + (lineCols > 0 ? blank.length : 0);
    if (cols > widthCols) {
      if (lineCols > 0) lines.push(line);
      [line, lineCols] = [word, shownCols(word)];
    } else [line, lineCols] = [line + blank + word, cols];
  }
  return lineCols > 0 ? [...lines, line] : lines;
}

/** Ends a colour at the end of each line, and sets it again on the next. */
function coloured(lines: readonly string[]): readonly string[] {
  let open = '';
  return lines.map((text) => {
    const line = open + text;
    open = openColour(line);
    return open === '' ? line : line + USUAL_COLOUR;
  });
}

function openColour(text: string): string {
  const last = text.match(COLOUR)?.at(-1) ?? USUAL_COLOUR;
  return last === USUAL_COLOUR ? '' : last;
}

/** Returns the text as far as it fits; `~` marks a cut. */
function cut(text: string, widthCols: number): string {
  if (shownCols(text) <= widthCols) return text;
  let [kept, keptCols] = ['', 0];
  for (const piece of text.split(COLOUR)) {
    const isColour = piece.startsWith(ESC);
    if (keptCols >= widthCols - 1) break;
    kept += isColour ? piece : piece.slice(0, widthCols - 1 - keptCols);
    keptCols = shownCols(kept);
  }
  return `${kept}${openColour(kept) === '' ? '' : USUAL_COLOUR}~`;
}

function aligned(text: string, widthCols: number, align: TableColumn['align']): string {
  const blanks = ' '.repeat(Math.max(0, widthCols - shownCols(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** Returns columns as wide as their text; excess width is taken from the one that wraps, otherwise from the widest. */
function columnWidths(
  columns: readonly (Omit<TableColumn, 'title'> & { readonly title: string })[],
  rows: readonly (readonly string[])[],
  widthCols: number,
): number[] {
  const widths = columns.map(({ title, maxCols }, index) => {
    const widest = Math.max(title.length, ...rows.map((row) => shownCols(row[index] ?? '')));
    return Math.min(widest, maxCols ?? widest);
  });
  const wraps = columns.findIndex((column) => column.wraps);
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP_COLS, -GAP_COLS);
  if (wraps >= 0) widths[wraps] = Math.max(MIN_WRAP_COLS - GAP_COLS, (widths[wraps] ?? 0) - Math.max(0, total() - widthCols));
  while (total() > widthCols) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/**
 * Returns one line of CSV, without its line end; null is an empty field. Numbers have a decimal point. A text is not made safe for
 * spreadsheets, see `csvText`. Source: RFC 4180 §2.
 */
export function csvLine(fields: readonly (string | number | boolean | null)[], separator: ',' | ';' = ','): string {
  return fields
    .map((field) => {
      const text = field === null ? '' : String(field);
      return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(separator);
}

/**
 * Returns a text as a field for `csvLine`, for a CSV that people open in a spreadsheet. A text that begins like a formula, with `=`, `+`,
 * `-`, `@`, a tab or a carriage return, gets an apostrophe in front. Source: OWASP, CSV Injection.
 */
export function csvText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
