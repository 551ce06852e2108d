/** Reads a table as spreadsheets save it: its rows by column, with their line numbers. The caller states the columns. Does not access the disk. */

import { CsvError, type CsvErrorCode, type InfoRecord, parse } from 'csv-parse/sync';
import { Message, msg } from '../../core/message.ts';
import { didYouMean, nearest } from '../../core/suggestions.ts';
import type { CsvTable, ImportedColumn, ImportFlaw, TableFormat, TableRow } from './table-format.ts';

/**
 * Reads a CSV text, separated by semicolons, tabs or commas. Returns rows and flaws; a wrong cell is left out of its row. Returns no rows
 * if the table as a whole cannot be used, for example for a wrong heading, too many rows or an open quote. Errors: none.
 */
export function readCsvTable<C extends string>(text: string, format: TableFormat<C>): CsvTable<C> {
  const read = recordsOf(text, format);
  const { head, body, flaw: syntax } = read;
  const unusable = (reason: ImportFlaw): CsvTable<C> => ({
    rows: [],
    flaws: [reason],
    ignored: [],
    skipped: new Map(),
    heading: () => null,
  });
  if (syntax !== null) return unusable(syntax);
  if (head === null) return unusable(flaw(1, null, msg`the table is empty: the first line names the columns`));
  const { columns, flaws, ignored } = head;
  const heading = (column: C): string | null => head.cells[columns.findIndex((each) => each?.name === column)] ?? null;
  if (read.count > format.maxRows) flaws.push(flaw(head.line, null, msg`${read.count} rows; at most ${format.maxRows} at once`));
  const { skipped } = read;
  if (flaws.length > 0) return { rows: [], flaws, ignored, skipped, heading };
  const rows = body.map((record) => readRow(record, columns, heading, flaws));
  return { rows, flaws, ignored, skipped, heading };
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A column of this table: its name, its word, and how its cells are read. Null for one that is not read. */
type ReadColumn<C> = (ImportedColumn & { readonly name: C; readonly word: string }) | null;

/** A first line with the separator, for spreadsheets. */
const SEPARATOR_LINE = /^\ufeff?sep=[;,\t](?=\r?\n)/i;

/** Comments and empty lines before the headings. Source: assumed; the shipped example has three. Confirmed by: a table of a customer with a longer preface. */
const HEAD_LINES = 1_000;

/** Semicolons where the comma is the decimal sign, tabs where cells were pasted. */
function delimiterOf(text: string): string {
  const head = text.split(/\r?\n/, HEAD_LINES).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return [';', '\t', ','].find((sign) => head.includes(sign)) ?? ',';
}

/** The library's error codes as text for people. */
const SYNTAX: Readonly<Partial<Record<CsvErrorCode, Message>>> = {
  CSV_QUOTE_NOT_CLOSED: msg`a quote (") is opened and never closed: close it, or remove it`,
  CSV_INVALID_CLOSING_QUOTE: msg`text follows a closing quote ("): quote the whole cell, and write "" for a quote in it`,
  INVALID_OPENING_QUOTE: msg`there is a quote (") within a cell: quote the whole cell, and write "" for a quote in it`,
};

/** The records of a table. `count`: rows below the head, those that are skipped too. `flaw`: why the text is no table; null if it is one. */
interface Records<C> {
  head: (CsvRecord & ReadHead<C>) | null;
  readonly body: CsvRecord[];
  count: number;
  readonly skipped: Map<string, number>;
  flaw: ImportFlaw | null;
}

/** Skips rows as they are parsed: of a whole city, one cabinet's rows are kept. */
function recordsOf<C extends string>(source: string, format: TableFormat<C>): Records<C> {
  const text = source.replace(SEPARATOR_LINE, '');
  const found: Records<C> = { head: null, body: [], count: 0, skipped: new Map(), flaw: null };
  const take = (cells: readonly string[], { lines: line }: Pick<InfoRecord, 'lines'>): null => {
    if (found.head === null) found.head = { line, cells, ...readHead({ line, cells }, format) };
    else {
      found.count += 1;
      if (found.count <= format.maxRows && isWanted({ line, cells }, found.head.columns, format, found.skipped))
        found.body.push({ line, cells });
    }
    return null;
  };
  try {
    parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      delimiter: delimiterOf(text),
      on_record: take,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      trim: true,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    found.flaw = flaw(Number(error['lines'] ?? 1), null, SYNTAX[error.code] ?? msg`no table: ${error.message}`);
  }
  return found;
}

interface ReadHead<C> {
  readonly columns: readonly ReadColumn<C>[];
  readonly flaws: ImportFlaw[];
  readonly ignored: readonly string[];
}

function readHead<C extends string>({ line, cells }: CsvRecord, format: TableFormat<C>): ReadHead<C> {
  const flaws: ImportFlaw[] = [];
  const ignored: string[] = [];
  const columns = cells.map((cell) => {
    const found = columnOf(cell, format);
    if (found instanceof Message) flaws.push(flaw(line, cell, found));
    else if (found === null) ignored.push(cell);
    return found instanceof Message ? null : found;
  });
  const names = columns.map((column) => column?.name ?? null);
  for (const [i, name] of names.entries()) {
    const first = names.indexOf(name);
    if (name !== null && first < i)
      flaws.push(flaw(line, cells[i] ?? '', msg`means the same as the heading "${cells[first] ?? ''}": leave one of them out`));
  }
  if (!names.some((name) => name !== null && format.objects.includes(name))) flaws.push(flaw(line, null, format.lacking(cells)));
  return { columns, flaws, ignored };
}

/** The column of a heading; null if it is not read; a message if it is nearly one that is. */
function columnOf<C extends string>(
  heading: string,
  { columns, wordOf, unread = [], refused = {} }: TableFormat<C>,
): ReadColumn<C> | Message {
  const word = wordOf(heading);
  const why = Object.hasOwn(refused, word) ? refused[word] : undefined;
  if (why !== undefined) return why;
  const entries = Object.entries(columns) as [C, ImportedColumn][];
  const found = entries.find(([, { headings }]) => headings.includes(word));
  if (found !== undefined) return { name: found[0], word, headings: found[1].headings, read: found[1].read };
  const known = entries.flatMap(([, { headings }]) => headings);
  if (word === '' || unread.includes(word) || nearest(word, known) === undefined) return null;
  return msg`unknown heading${didYouMean(word, known)} Use that name, or rename the column`;
}

/** A row without a text in the column of `only` is wanted. */
function isWanted<C extends string>(
  { cells }: CsvRecord,
  columns: readonly ReadColumn<C>[],
  { only }: TableFormat<C>,
  skipped: Map<string, number>,
): boolean {
  const text = only === undefined ? '' : (cells[columns.findIndex((column) => column?.name === only.column)] ?? '');
  if (text === '' || text === only?.text) return true;
  skipped.set(text, (skipped.get(text) ?? 0) + 1);
  return false;
}

/** Longest part of a cell in a message. Units: characters. Source: one line of a terminal of 80 columns. */
const SHOWN_CHARS = 60;

/** Returns a cell for use in a message. One of more than 60 characters is cut to 60, followed by `...`. */
export function shownCell(cell: string): string {
  return cell.length > SHOWN_CHARS ? `${cell.slice(0, SHOWN_CHARS)}...` : cell;
}

function readRow<C extends string>(
  { line, cells }: CsvRecord,
  columns: readonly ReadColumn<C>[],
  heading: (column: C) => string | null,
  flaws: ImportFlaw[],
): TableRow<C> {
  const values: Partial<Record<C, string | number>> = {};
  if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell !== ''))
    flaws.push(flaw(line, null, msg`${cells.length} cells, but ${columns.length} headings: is there a separator within a cell?`));
  for (const [i, column] of columns.entries()) {
    const cell = cells[i] ?? '';
    if (column === null || cell === '') continue;
    const value = column.read(cell, column.word);
    if (value instanceof Message)
      flaws.push(flaw(line, heading(column.name), msg`found ${JSON.stringify(shownCell(cell))}; allowed: ${value}`));
    else if (value !== undefined) values[column.name] = value;
  }
  return { line, values };
}

function flaw(line: number, column: string | null, message: Message): ImportFlaw {
  return { line, column, message };
}
