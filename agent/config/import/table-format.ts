/** Describes a kind of table that is imported: its columns, how their cells are read, and what is found. Pure. */

import type { Message } from '../../core/message.ts';

/**
 * A mistake in a table, or a place of the cabinet file that cannot be edited. `line`: the line of the table. `column`: the
 * heading, or the key of the cabinet file; null if no column is named.
 */
export interface ImportFlaw {
  readonly line: number;
  readonly column: string | null;
  readonly message: Message;
}

/** The value of a cell; undefined where the cell states that it is not known. */
export type CellValue = string | number | undefined;

/** One column. `headings`: its names as `TableFormat.wordOf` returns them. */
export interface ImportedColumn {
  readonly headings: readonly string[];
  /**
   * Reads a cell that is not empty. `word`: the heading of the column in this table, as `TableFormat.wordOf` returns it. Returns a Message
   * with what is allowed if the cell cannot be read.
   */
  read(cell: string, word: string): CellValue | Message;
}

/** The columns of a kind of table, and which of its rows are read. */
export interface TableFormat<C extends string> {
  readonly columns: Readonly<Record<C, ImportedColumn>>;
  /** At least one of these columns must be in the table. If none is, `lacking` returns the message for its headings. */
  readonly objects: readonly C[];
  readonly lacking: (headings: readonly string[]) => Message;
  /** Most rows below the headings, including those that are skipped; a longer table is a flaw and has no rows. */
  readonly maxRows: number;
  /** The word of a heading that is looked up in `headings`. */
  readonly wordOf: (heading: string) => string;
  /** Words of headings that are not read, even if they resemble a known one. */
  readonly unread?: readonly string[];
  /** Words of headings that are refused, with what to write instead. */
  readonly refused?: Readonly<Record<string, Message>>;
  /** Rows with another text in this column are skipped, also where they are wrong. Rows without a text there are read. */
  readonly only?: { readonly column: C; readonly text: string };
}

/** One row: values of its cells by column. Empty, wrong and unknown ones are absent. `line`: the line of the text where it ends, from 1. */
export interface TableRow<C extends string> {
  readonly line: number;
  readonly values: Readonly<Partial<Record<C, string | number>>>;
}

/** The rows of a table and its mistakes. There are no rows if the table cannot be used. */
export interface CsvTable<C extends string> {
  /** All rows, also those with a flaw, but not those that are skipped. */
  readonly rows: readonly TableRow<C>[];
  readonly flaws: readonly ImportFlaw[];
  /** Headings of columns that are not read. */
  readonly ignored: readonly string[];
  /** The texts in the column of `TableFormat.only` for which rows were skipped, each with the number of these rows up to `maxRows`. */
  readonly skipped: ReadonlyMap<string, number>;
  /** The heading of a column in this table; null if none was found. */
  heading(column: C): string | null;
}

/**
 * Decodes the bytes of a table: UTF-16 with a byte order mark, otherwise valid UTF-8, otherwise the Windows code page 1252.
 * Errors: none.
 */
export function decodeTable(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Returns the letters a to z and the digits of a heading, without accents, in lower case: `Puissance (W)` becomes `puissancew`. */
export function plainWord(heading: string): string {
  return heading
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** Returns the number in a cell: digits, perhaps with a sign and a decimal point or comma. NaN for other texts, such as `1e3` or `5 W`. */
export function numberOf(cell: string): number {
  return /^[+-]?\d+(?:[.,]\d+)?$/.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN;
}
