/** Reads a table of poles and lamps as spreadsheets save it: its rows by column, with their line numbers. Does not access the disk. */

import { CsvError, type CsvErrorCode, type InfoRecord, parse } from 'csv-parse/sync';
import { type Message, msg } from '../../core/message.ts';
import { didYouMean, nearest } from '../../core/suggestions.ts';

/**
 * The columns, named as in the cabinet, and their headings, French and English, without accents, blanks and case. Source: exports of
 * French lighting inventories (assumed), words of the cabinet.
 */
const HEADINGS = {
  pole: ['pole', 'poteau', 'mat', 'support', 'candelabre'],
  atM: ['atm', 'at', 'distance', 'distancem', 'position', 'positionm', 'pk', 'abscisse'],
  branch: ['branch', 'branche', 'antenne', 'ruelaterale'],
  line: ['line', 'ligne', 'bus'],
  unit: ['unit', 'unite', 'address', 'adresse', 'modbus', 'adressemodbus', 'modbusaddress'],
  profile: ['profile', 'profil', 'type', 'devicetype', 'typeappareil'],
  device: ['device', 'appareil', 'equipement', 'driver'],
  lamp: ['lamp', 'lampe', 'luminaire', 'lightpoint', 'pointlumineux', 'foyer'],
  point: ['point', 'grandeur', 'channel', 'canal'],
  ratedPowerW: ['ratedpowerw', 'ratedpower', 'power', 'powerw', 'puissance', 'puissancew', 'puissancenominale', 'watts'],
  minPct: ['minpct', 'min', 'mini', 'minimum'],
  maxPct: ['maxpct', 'max', 'maxi', 'maximum'],
  zone: ['zone', 'secteur'],
} satisfies Readonly<Record<string, readonly string[]>>;
type ImportColumn = keyof typeof HEADINGS;
type NumberColumn = 'atM' | 'unit' | 'ratedPowerW' | 'minPct' | 'maxPct';

/**
 * One row of the table: its texts and numbers by column, without empty and wrong cells. `line`: the line of the text where it ends, from 1.
 */
export interface ImportRow {
  readonly line: number;
  readonly texts: Readonly<Partial<Record<Exclude<ImportColumn, NumberColumn>, string>>>;
  readonly numbers: Readonly<Partial<Record<NumberColumn, number>>>;
}

/** A mistake. `line`: the line of the table. `column`: the heading or the key of the cabinet file; null if no single cell is wrong. */
export interface ImportFlaw {
  readonly line: number;
  readonly column: string | null;
  readonly message: Message;
}

/** The rows of a table and its mistakes. There are no rows if the table cannot be used. */
export interface ImportTable {
  /** All rows, also those with a flaw. */
  readonly rows: readonly ImportRow[];
  readonly flaws: readonly ImportFlaw[];
  /** Headings that resemble no known one; their columns are not read. */
  readonly ignored: readonly string[];
  /** The heading of a column in this table; null if the table does not have it. */
  heading(column: ImportColumn): string | null;
}

/** The range of each number. Source: the cabinet's schema. */
const NUMBERS: Readonly<Record<NumberColumn, { readonly min: number; readonly max: number; readonly isWhole: boolean }>> = {
  atM: { min: 0, max: 100_000, isWhole: false },
  unit: { min: 1, max: 247, isWhole: true },
  ratedPowerW: { min: 0.1, max: 2_000, isWhole: false },
  minPct: { min: 0, max: 100, isWhole: true },
  maxPct: { min: 0, max: 100, isWhole: true },
};
/** Source: ids in the cabinet's schema. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** The name of a profile or a quantity. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const IDS: ReadonlySet<ImportColumn> = new Set(['pole', 'branch', 'line', 'device', 'lamp', 'zone']);
/** Longest table. Units: rows. Source: four lines of 247 units, twice over. */
const MAX_ROWS = 2_000;

/** Decodes the bytes of a spreadsheet: UTF-16 little-endian, UTF-8, or the Windows code page of western Europe (1252). Errors: none. */
export function decodeTable(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Reads a CSV text, separated by semicolons, tabs or commas. Returns rows and flaws; a wrong cell is left out of its row. Errors: none. */
export function readTable(text: string): ImportTable {
  const records = recordsOf(text);
  if ('flaw' in records) return { rows: [], flaws: [records.flaw], ignored: [], heading: () => null };
  const [head, ...body] = records.all;
  if (head === undefined)
    return {
      rows: [],
      flaws: [flaw(1, null, msg`the table is empty: the first line names the columns`)],
      ignored: [],
      heading: () => null,
    };
  const { columns, flaws, ignored } = readHead(head);
  const heading = (column: ImportColumn): string | null => head.cells[columns.indexOf(column)] ?? null;
  if (body.length > MAX_ROWS) flaws.push(flaw(head.line, null, msg`${body.length} rows; at most ${MAX_ROWS} at once`));
  const rows = flaws.length > 0 ? [] : body.map((record) => readRow(record, columns, heading, flaws));
  return { rows, flaws, ignored, heading };
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Semicolons where the comma is the decimal sign, tabs where cells were pasted. */
function delimiterOf(text: string): string {
  const head = text.split(/\r?\n/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return [';', '\t', ','].find((sign) => head.includes(sign)) ?? ',';
}

/** The library's error codes as text for people. */
const SYNTAX: Readonly<Partial<Record<CsvErrorCode, Message>>> = {
  CSV_QUOTE_NOT_CLOSED: msg`a quote (") is opened and never closed: close it, or remove it`,
  CSV_INVALID_CLOSING_QUOTE: msg`text follows a closing quote ("): quote the whole cell, and write "" for a quote in it`,
  INVALID_OPENING_QUOTE: msg`there is a quote (") within a cell: quote the whole cell, and write "" for a quote in it`,
};

function recordsOf(text: string): { readonly all: readonly CsvRecord[] } | { readonly flaw: ImportFlaw } {
  try {
    const parsed = parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as { readonly info: InfoRecord; readonly record: readonly string[] }[];
    return { all: parsed.map(({ info, record }) => ({ line: info.lines, cells: record })) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { flaw: flaw(Number(error['lines'] ?? 1), null, SYNTAX[error.code] ?? msg`no table: ${error.message}`) };
  }
}

function readHead({ line, cells }: CsvRecord): { columns: (ImportColumn | null)[]; flaws: ImportFlaw[]; ignored: string[] } {
  const flaws: ImportFlaw[] = [];
  const ignored: string[] = [];
  const columns = cells.map((cell): ImportColumn | null => {
    const word = plainWord(cell);
    const column = (Object.keys(HEADINGS) as ImportColumn[]).find((each) => HEADINGS[each].includes(word)) ?? null;
    if (column !== null) return column;
    const near = nearest(word, Object.values(HEADINGS).flat());
    if (near === undefined) ignored.push(cell);
    else
      flaws.push(
        flaw(line, cell, msg`unknown heading${didYouMean(word, Object.values(HEADINGS).flat())} Use that name, or rename the column`),
      );
    return null;
  });
  for (const [i, column] of columns.entries()) {
    const first = columns.indexOf(column);
    if (column !== null && first < i)
      flaws.push(flaw(line, cells[i] ?? '', msg`means the same as the heading "${cells[first] ?? ''}": leave one of them out`));
  }
  if (!columns.some((column) => column === 'pole' || column === 'device' || column === 'lamp'))
    flaws.push(
      flaw(line, null, msg`no column names an object: one must be pole, lamp or device (poteau, luminaire, appareil); found ${cells}`),
    );
  return { columns, flaws, ignored };
}

/** For example `Puissance (W)` becomes `puissancew`. */
function plainWord(heading: string): string {
  return heading
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

function readRow(
  { line, cells }: CsvRecord,
  columns: readonly (ImportColumn | null)[],
  heading: (column: ImportColumn) => string | null,
  flaws: ImportFlaw[],
): ImportRow {
  const texts: Partial<Record<string, string>> = {};
  const numbers: Partial<Record<string, number>> = {};
  if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell !== ''))
    flaws.push(flaw(line, null, msg`${cells.length} cells, but ${columns.length} headings: is there a separator within a cell?`));
  for (const [i, column] of columns.entries()) {
    const cell = cells[i] ?? '';
    if (column === null || cell === '') continue;
    if (column in NUMBERS) {
      const number = numberIn(cell, column as NumberColumn);
      if (typeof number === 'number') numbers[column] = number;
      else flaws.push(flaw(line, heading(column), number.refused));
    } else if (IDS.has(column) && !ID.test(cell)) {
      flaws.push(
        flaw(
          line,
          heading(column),
          msg`found ${JSON.stringify(cell)}; allowed: 1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`,
        ),
      );
    } else if (!IDS.has(column) && !WORD.test(cell)) {
      flaws.push(
        flaw(line, heading(column), msg`found ${JSON.stringify(cell)}; allowed: a name, as luciole profile list and show give it`),
      );
    } else texts[column] = cell;
  }
  return { line, texts, numbers };
}

function numberIn(cell: string, column: NumberColumn): number | { readonly refused: Message } {
  const { min, max, isWhole } = NUMBERS[column];
  const number = /^[+-]?\d+(?:[.,]\d+)?$/.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN;
  if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number;
  return {
    refused: isWhole
      ? msg`found ${JSON.stringify(cell)}; allowed: a whole number from ${min} to ${max}, without its unit`
      : msg`found ${JSON.stringify(cell)}; allowed: a number from ${min} to ${max}, without its unit`,
  };
}

function flaw(line: number, column: string | null, message: Message): ImportFlaw {
  return { line, column, message };
}
