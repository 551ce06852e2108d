/**
 * `luciole inventory export`: the inventory of a cabinet's luminaires as a CSV table in the terms of EclExt, or as JSON. No cell begins like a
 * formula: the schema of the cabinet refuses such texts.
 */

import { asShare, INVENTORY_COLUMNS } from '../../../config/import/inventory-table.ts';
import { loadCabinet } from '../../../config/load/load.ts';
import type { Cabinet, Lamp } from '../../../core/cabinet.ts';
import { count } from '../../../core/counts.ts';
import { ConfigError } from '../../../core/errors.ts';
import { msg } from '../../../core/message.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { replaceFile } from '../../../core/replace-file.ts';
import { ConsoleError, EXIT_BAD_CONFIG } from '../../console-error.ts';
import { configFileOf, type ExpectRoom, type LocalArgs, type Terminal, textOf } from '../../terminal/terminal.ts';
import { paragraph, problemLines } from '../../text/text-lines.ts';
import { csvLine } from '../../text/text-table.ts';

type InventoryValues = Readonly<Record<keyof typeof INVENTORY_COLUMNS, string | number | null>>;
const COLUMNS = Object.entries(INVENTORY_COLUMNS) as [
  keyof typeof INVENTORY_COLUMNS,
  { readonly title: string; readonly isShare?: true },
][];
/** With it, spreadsheets read a file as UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';
/** Decimals of the longest number that the schema allows, as 1e-13 of a share. */
const MOST_DECIMALS = 20;
/** Readable by others, as an export of readings is. */
const MODE = 0o644;

/**
 * `inventory export`: writes the inventory of the cabinet file, as CSV or JSON, to a file or to the output. An existing file is replaced.
 * Resolves with 0, or 78 if the cabinet file cannot be used.
 *
 * `expectRoom`: checks whether the disk has room for the file.
 *
 * Errors: rejects, for example with ConsoleError 'failed' if the output file cannot be written.
 */
export async function exportInventory(args: LocalArgs, terminal: Terminal, expectRoom: ExpectRoom): Promise<number> {
  const cabinet = cabinetOf(configFileOf(args), terminal);
  if (cabinet === null) return EXIT_BAD_CONFIG;
  const text = args['json'] === true ? `${JSON.stringify(inventoryOf(cabinet))}\n` : inventoryCsv(cabinet, args['point'] === true);
  const to = textOf(args['to']);
  if (to === null) {
    terminal.out(text);
    return 0;
  }
  const bytes = args['json'] === true ? text : `${BYTE_ORDER_MARK}${text}`;
  await expectRoom(to, Buffer.byteLength(bytes));
  write(to, bytes);
  terminal.out(`${paragraph(msg`Wrote ${count(cabinet.lamps.length, 'lamp')} to ${to}`, terminal).join('\n')}\n`);
  return 0;
}

/**
 * Returns the inventory of a cabinet as CSV, one row for each lamp, without a byte order mark. `hasPoint`: commas and decimal points;
 * otherwise semicolons and decimal commas. Shape: the headings are those of `INVENTORY_COLUMNS`; shares are shares of 1.
 */
export function inventoryCsv(cabinet: Pick<Cabinet, 'id' | 'lamps'>, hasPoint: boolean): string {
  const separator = hasPoint ? ',' : ';';
  const cell = (value: string | number | null): string =>
    typeof value === 'number' ? plainNumber(value).replace('.', hasPoint ? '.' : ',') : (value ?? '');
  const rows = inventoryOf(cabinet).map((values) =>
    COLUMNS.map(([key, { isShare }]) => cell(isShare === true && typeof values[key] === 'number' ? asShare(values[key]) : values[key])),
  );
  return [COLUMNS.map(([, { title }]) => title), ...rows].map((cells) => `${csvLine(cells, separator)}\r\n`).join('');
}

/** One entry for each lamp; null for what is not known. Units: as the keys of the cabinet file; shares in %. */
function inventoryOf({ id, lamps }: Pick<Cabinet, 'id' | 'lamps'>): readonly InventoryValues[] {
  return lamps.map((lamp) => Object.fromEntries(COLUMNS.map(([key]) => [key, fieldOf(key, lamp, id)])) as InventoryValues);
}

function fieldOf(key: keyof typeof INVENTORY_COLUMNS, { id, ratedPowerW, luminaire }: Lamp, cabinetId: string): string | number | null {
  if (key === 'cabinet') return cabinetId;
  if (key === 'lamp') return id;
  return key === 'ratedPowerW' ? ratedPowerW : (luminaire?.[key] ?? null);
}

/** Without an exponent, which tables do not have. */
function plainNumber(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(MOST_DECIMALS).replace(/\.?0+$/, '') : text;
}

function cabinetOf(configFile: string, terminal: Terminal): Cabinet | null {
  try {
    return loadCabinet(configFile, (file) => readRegularFile(file).toString('utf8')).cabinet;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    terminal.err(`${problemLines(error.problems, terminal, false)}\n`);
    return null;
  }
}

function write(file: string, text: string): void {
  try {
    replaceFile(file, text, { mode: MODE, backup: null });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be written (${String(error.code)}): choose another place with --to`, {
      cause: error,
    });
  }
}
