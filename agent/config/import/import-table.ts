/** Reads a table of poles and lamps as spreadsheets save it: its rows by column, with their line numbers. Does not access the disk. */

import { type Message, msg } from '../../core/message.ts';
import { readCsvTable } from './csv-table.ts';
import { type CsvTable, type ImportedColumn, numberOf, plainWord } from './table-format.ts';

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
 * One row of the table: its texts and numbers by column, without empty and wrong cells. `line`: the line of the text where the row ends,
 * from 1.
 */
export interface ImportRow {
  readonly line: number;
  readonly texts: Readonly<Partial<Record<Exclude<ImportColumn, NumberColumn>, string>>>;
  readonly numbers: Readonly<Partial<Record<NumberColumn, number>>>;
}

/** The rows of a table and its mistakes. There are no rows if the table cannot be used. */
export interface ImportTable extends Pick<CsvTable<ImportColumn>, 'flaws' | 'ignored' | 'heading'> {
  /** All rows, also those with a flaw. */
  readonly rows: readonly ImportRow[];
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

/**
 * Reads a table of poles, devices and lamps: a CSV text, separated by semicolons, tabs or commas. Returns rows and flaws; a wrong cell is
 * left out of its row. Errors: none.
 */
export function readTable(text: string): ImportTable {
  const { rows, flaws, ignored, heading } = readCsvTable(text, {
    columns: Object.fromEntries(Object.keys(HEADINGS).map((name) => [name, columnNamed(name as ImportColumn)])) as Record<
      ImportColumn,
      ImportedColumn
    >,
    objects: ['pole', 'device', 'lamp'],
    lacking: (cells) => msg`no column names an object: one must be pole, lamp or device (poteau, luminaire, appareil); found ${cells}`,
    maxRows: MAX_ROWS,
    wordOf: plainWord,
  });
  return { rows: rows.map(({ line, values }) => ({ line, ...byKind(values) })), flaws, ignored, heading };
}

function byKind(values: Readonly<Partial<Record<ImportColumn, string | number>>>): Pick<ImportRow, 'texts' | 'numbers'> {
  const entries = Object.entries(values);
  return {
    texts: Object.fromEntries(entries.filter(([name]) => !(name in NUMBERS))),
    numbers: Object.fromEntries(entries.filter(([name]) => name in NUMBERS)),
  } as Pick<ImportRow, 'texts' | 'numbers'>;
}

function columnNamed(name: ImportColumn): ImportedColumn {
  const headings = HEADINGS[name];
  if (name in NUMBERS) return { headings, read: (cell) => numberIn(cell, name as NumberColumn) };
  if (IDS.has(name))
    return {
      headings,
      read: (cell) => (ID.test(cell) ? cell : msg`1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`),
    };
  return { headings, read: (cell) => (WORD.test(cell) ? cell : msg`a name, as luciole profile list and show give it`) };
}

function numberIn(cell: string, column: NumberColumn): number | Message {
  const { min, max, isWhole } = NUMBERS[column];
  const number = numberOf(cell);
  if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number;
  return isWhole ? msg`a whole number from ${min} to ${max}, without its unit` : msg`a number from ${min} to ${max}, without its unit`;
}
