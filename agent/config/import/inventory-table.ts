/**
 * The columns of an inventory: keys of a lamp, and their headings in the terms of EclExt and of the French arrêté of 27 December 2018.
 *
 * Source: names of attributes as two public programs quote EclExt v1.1; headings without such a name are words of the arrêté, article 5.
 */

import * as z from 'zod';
import { allowedInWords, type JsonSchema } from '../../core/json-schema.ts';
import type { LUMINAIRE_KEYS } from '../../core/luminaire.ts';
import { type Message, msg } from '../../core/message.ts';
import { lampSchema } from '../schema/schema.ts';
import { type CellValue, type ImportedColumn, numberOf, plainWord, type TableFormat } from './table-format.ts';

/** A key of a lamp in the cabinet file that an inventory can set. */
export type InventoryKey = (typeof LUMINAIRE_KEYS)[number] | 'ratedPowerW';
type InventoryColumn = InventoryKey | 'cabinet' | 'lamp';

/**
 * The columns in the order of an export. `title`: the heading of an export. `words`: other headings, as `TableFormat.wordOf` returns them.
 * `isShare`: the cabinet has percent. The table has a share of 1, or percent under a heading whose word ends in `pct`.
 */
export const INVENTORY_COLUMNS = {
  cabinet: { title: 'armoire', words: ['cabinet', 'coffret'] },
  lamp: { title: 'pointLumineux', words: ['luminaire', 'foyer', 'lampe', 'lamp', 'lightpoint'] },
  usage: { title: 'usage', words: [] },
  sourceType: { title: 'typeSource', words: ['typedesource', 'sourcetype'] },
  structure: { title: 'structure', words: [] },
  support: { title: 'support', words: [] },
  colourTemperatureK: {
    title: 'temperatureCouleur',
    words: ['temperaturedecouleur', 'temperaturedecouleurk', 'temperaturecouleurk', 'colourtemperaturek'],
  },
  ratedPowerW: { title: 'puissance', words: ['puissancew', 'puissancemaximale', 'puissancemaximalew', 'ratedpowerw'] },
  manufacturer: { title: 'fabricant', words: ['marque', 'manufacturer'] },
  model: { title: 'modele', words: ['model'] },
  lightHeightM: { title: 'hauteurFeu', words: ['hauteurdefeu', 'hauteurfeum', 'hauteurdefeum', 'lightheightm'] },
  sourceFluxLm: { title: 'fluxSource', words: ['fluxsourcelm', 'fluxdelasource', 'fluxdelasourcelm', 'sourcefluxlm'] },
  fluxCode3Pct: {
    title: 'cie3',
    isShare: true,
    words: ['cie3pct', 'codeflux3pct', 'codefluxcie3pct', 'codedefluxcie3pct', 'codedefluxcien3pct', 'fluxcode3pct'],
  },
  ulrNominalPct: { title: 'ulrNominal', isShare: true, words: ['ulrnominalpct'] },
  ulrInstalledPct: { title: 'ulrInstalle', isShare: true, words: ['ulrinstallepct', 'ulrinstalledpct'] },
  headInstalledOn: {
    title: 'datePremiereInstallation',
    // The third is a spelling of a published data set.
    words: ['datedinstallation', 'dateinstallation', 'datepremieinstallation', 'datedepose', 'headinstalledon'],
  },
} satisfies Readonly<Record<InventoryColumn, { readonly title: string; readonly words: readonly string[]; readonly isShare?: true }>>;

/** Attributes of EclExt that have no key here. */
const UNREAD = [
  ...['statut', 'eclairagepublic', 'photometrie', 'fluxluminaire', 'inclinaisonmax', 'inclinaisoninstallee', 'validede', 'validejusque'],
  ...['extinctionnuit', 'estadaptatif', 'profilnocturne', 'eclairageadaptatif', 'x', 'y', 'id', 'geometrie', 'geom', 'commune'],
];
const WHICH_ULR = msg`which one, and in which unit? Write ulrNominal or ulrInstalle (a share from 0 to 1), or one of them with (%)`;
const WHICH_FLUX = msg`of the source or of the luminaire? Write fluxSource or fluxLuminaire`;
const CIE3_IN_PERCENT = msg`write cie3 for a share from 0 to 1, or cie3 (%)`;
const REFUSED: Readonly<Record<string, Message>> = {
  ulr: WHICH_ULR,
  ulrpct: WHICH_ULR,
  ulor: WHICH_ULR,
  ulorpct: WHICH_ULR,
  flux: WHICH_FLUX,
  fluxlm: WHICH_FLUX,
  fluxlumineux: WHICH_FLUX,
  codeflux3: CIE3_IN_PERCENT,
  codefluxcie3: CIE3_IN_PERCENT,
  codedefluxcie3: CIE3_IN_PERCENT,
  codedefluxcien3: CIE3_IN_PERCENT,
};
/** Longest inventory. Units: rows. Source: Angers has up to 53,000 light points. */
const MAX_ROWS = 100_000;
/** The code of EclExt for an unknown value. */
const UNKNOWN_CODE = 'XX';

const DATES = msg`a day, month or year: 2019-06-14, 14/06/2019, 20190614, 2019-06, 06/2019 or 2019`;

/** Returns the format of an inventory. Rows that name another cabinet than `cabinetId` are skipped; rows that name none are read. */
export function inventoryFormat(cabinetId: string): TableFormat<InventoryColumn> {
  const entries = Object.keys(INVENTORY_COLUMNS).map((name) => [name, columnNamed(name as InventoryColumn)] as const);
  return {
    columns: Object.fromEntries(entries) as Record<InventoryColumn, ImportedColumn>,
    objects: ['lamp'],
    lacking: (cells) => msg`no column names the light point: one must be pointLumineux (or luminaire, foyer, lamp); found ${cells}`,
    maxRows: MAX_ROWS,
    // A percent sign tells two units apart.
    wordOf: (heading) => plainWord(heading.replaceAll('%', 'pct')),
    unread: UNREAD,
    refused: REFUSED,
    only: { column: 'cabinet', text: cabinetId },
  };
}

function columnNamed(name: InventoryColumn): ImportedColumn {
  const { title, words } = INVENTORY_COLUMNS[name];
  const isShare = 'isShare' in INVENTORY_COLUMNS[name];
  const headings = [plainWord(title), ...words];
  if (name === 'cabinet' || name === 'lamp') return { headings, read: (cell) => cell };
  const read = readerOf(name);
  return { headings, read: (cell, word) => (isShare && !word.endsWith('pct') ? shareIn(cell) : read(cell)) };
}

function readerOf(key: InventoryKey): (cell: string) => CellValue | Message {
  const schema = lampSchema.shape[key];
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  const isNumber = json.type === 'number' || json.type === 'integer';
  const allowed = isNumber ? msg`${allowedInWords(json)}, without its unit` : allowedInWords(json);
  return (cell) => {
    if (json.enum !== undefined && cell.toUpperCase() === UNKNOWN_CODE) return undefined;
    const value = isNumber
      ? numberOf(cell)
      : json.enum !== undefined
        ? cell.toUpperCase()
        : key === 'headInstalledOn'
          ? isoDate(cell)
          : cell;
    return schema.safeParse(value).success ? value : key === 'headInstalledOn' ? DATES : allowed;
  };
}

function shareIn(cell: string): number | Message {
  const share = numberOf(cell);
  return share >= 0 && share <= 1 ? asPercent(share) : msg`a share from 0 to 1; for percent add (%) to the heading`;
}

/** Digits of a share that survive the way to percent and back. Source: ECMA-262, a number holds 15 decimal digits exactly. */
const DIGITS = 15;

function asPercent(share: number): number {
  return Number((share * 100).toPrecision(DIGITS));
}

/** Returns a percentage as a share: 0.5 for 50. It is rounded to 15 significant digits; its range is not checked. */
export function asShare(percent: number): number {
  return Number((percent / 100).toPrecision(DIGITS));
}

/** The dates of spreadsheets and of geographic data as `2019-06-14`. Any other text is returned unchanged. */
function isoDate(cell: string): string {
  const day = cell.replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '');
  const french = /^(?:(\d{1,2})\/)?(\d{1,2})\/(\d{4})$/.exec(day);
  const packed = /^(\d{4})(\d{2})(\d{2})$/.exec(day);
  const parts = french === null ? packed?.slice(1) : [french[3], french[2], french[1]];
  return parts === undefined ? day : parts.flatMap((part) => (part === undefined ? [] : [part.padStart(2, '0')])).join('-');
}
