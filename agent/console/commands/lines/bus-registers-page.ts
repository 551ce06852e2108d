/** Renders `luciole bus registers`, `bus read` and `bus write`: address, decimal and hex, for comparison with a manual. Pure. */

import type { BusReadResult, BusWriteResult, RegistersProgress, RegistersResult } from '../../../core/bus-tools.ts';
import { type Countable, count } from '../../../core/counts.ts';
import { counted, type Message, msg } from '../../../core/message.ts';
import type { Table } from '../../../core/profile.ts';
import { formatTook } from '../../text/duration.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { hexWord, valuesFit } from './bus-args.ts';

const NOUNS: Readonly<Record<Table, Countable>> = {
  coil: 'coil',
  discrete: 'discrete',
  holding: 'holding register',
  input: 'input register',
};
/** Values per row. Source: eight of 7 columns after the address fit 80. */
const ROW_WORDS = 8;

/** Renders the progress line of `bus registers`: percent, rounded down, and the addresses that were tried, of all. */
export function renderRegistersProgress({ done, total }: RegistersProgress, page: Page): string {
  const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
  return translated(msg`${percent} %, ${done} of ${total} addresses`, page);
}

/** Renders the result of `bus registers`: the values found, or what to try. `asked`: the requested addresses, both ends included. */
export function renderRegisters(
  { unit, table, runs, requests, durationMs }: RegistersResult,
  page: Page,
  asked: { from: number; to: number },
): string {
  const rows = runs.flatMap(({ address, words }) => inRows(words).map((row, index) => [...addressOf(address + index * ROW_WORDS), row]));
  const columns = [{ title: msg`Address`, align: 'right' }, { title: msg`Hex` }, { title: msg`Values, decimal` }] as const;
  const found = runs.reduce((sum, { words }) => sum + words.length, 0);
  const [what, asks, took] = [count(found, NOUNS[table]), count(requests, 'request'), formatTook(durationMs)];
  const sum = counted(
    found,
    msg`unit ${unit}: ${what} answers from ${asked.from} to ${asked.to}; ${asks}, ${took}`,
    msg`unit ${unit}: ${what} answer from ${asked.from} to ${asked.to}; ${asks}, ${took}`,
  );
  const advice = found > 0 ? [] : labelled(msg`None`, msg`try another --table, or a wider --from and --to`, page);
  return [...(rows.length === 0 ? [] : [...tableLines(columns, rows, page), '']), ...labelled(msg`Found`, sum, page), ...advice].join('\n');
}

/**
 * Renders the result of `bus read`: each value, and for registers also its hex, signed and text form. Decoded values and the frames follow,
 * if it has any.
 */
export function renderRead(result: BusReadResult, page: Page): string {
  const { unit, line, table, address, words, values, turnaroundMs } = result;
  const rows = words.map((word, index) => [
    ...addressOf(address + index),
    formatNumber(word),
    ...(isBits(table) ? [] : [hexWord(word), signed(word), letters(word)]),
  ]);
  const registers = [{ title: msg`Hex` }, { title: msg`Signed`, align: 'right' }, { title: msg`Text` }] as const;
  const columns = [
    { title: msg`Address`, align: 'right' },
    { title: msg`Hex` },
    { title: msg`Value`, align: 'right' },
    ...(isBits(table) ? [] : registers),
  ] as const;
  const decoded = values.map(({ quantity, value, unit: of }) => [quantity, value === null ? NOTHING : String(value), of]);
  const meaning = [{ title: msg`Means`, maxCols: 36 }, { title: msg`Value`, align: 'right' }, { title: msg`Unit` }] as const;
  return [
    ...paragraph(msg`unit ${unit} on line ${line}, table ${table}, answered in ${formatNumber(turnaroundMs, 1)} ms`, page),
    '',
    ...tableLines(columns, rows, page),
    ...(decoded.length === 0 ? [] : ['', ...tableLines(meaning, decoded, page)]),
    ...bytesOf(result, page),
  ].join('\n');
}

/** Returns the bytes as in the example of a profile; not wrapped, so that they can be copied. */
function bytesOf({ request, response }: BusReadResult, page: Page): string[] {
  return request === undefined || response === undefined
    ? []
    : ['', translated(msg`request: ${request}`, page), translated(msg`response: ${response}`, page)];
}

/**
 * Renders the result of `bus write`: values before, written and read back, the outcome and warnings. A notice follows if the agent itself
 * writes a level to these registers.
 */
export function renderWrite(result: BusWriteResult, page: Page): string {
  const { table, address, values, before, after } = result;
  const rows = values.map((value, index) => [
    ...addressOf(address + index),
    ...[before?.[index], value, after?.[index]].map(withHex(table)),
  ]);
  const columns = [
    { title: msg`Address`, align: 'right' },
    { title: msg`Hex` },
    { title: msg`Before` },
    { title: msg`Written` },
    { title: msg`After` },
  ] as const;
  return [
    ...paragraph(writtenText(result), page),
    '',
    ...tableLines(columns, rows, page),
    '',
    ...labelled(msg`Result`, ending(result), page),
    ...(result.warnings ?? []).flatMap((warning) => labelled(msg`Warning`, warning, page)),
    ...putBack(result, page),
  ].join('\n');
}

function writtenText({ table, unit, line, isBroadcast }: BusWriteResult): Message {
  if (table === 'coil') return isBroadcast ? msg`coils of every unit on line ${line}` : msg`coils of unit ${unit} on line ${line}`;
  return isBroadcast ? msg`holding registers of every unit on line ${line}` : msg`holding registers of unit ${unit} on line ${line}`;
}

/** Returns a notice if the agent itself controls this level. */
function putBack({ lamps = [] }: BusWriteResult, page: Page): string[] {
  const [first] = lamps;
  if (first === undefined) return [];
  const back =
    lamps.length === 1
      ? msg`the agent writes its own level to lamp ${first} again within seconds; to keep one: luciole override ${first}`
      : msg`the agent writes its own levels to ${lamps.length} lamps again within seconds; to keep one: luciole override ${first}`;
  return labelled(msg`Level`, back, page);
}

function ending(result: BusWriteResult): Message {
  if (result.isBroadcast) return msg`sent to all; no unit answers a broadcast, so read one unit to check`;
  if (result.after === null) return msg`written, but it could not be read back; read it to check`;
  return valuesFit(result)
    ? msg`written and read back`
    : msg`the unit keeps another value: see its manual for limits, and whether it may be written`;
}

function inRows(words: readonly number[]): string[] {
  const rows = Array.from({ length: Math.ceil(words.length / ROW_WORDS) }, (_, row) => words.slice(row * ROW_WORDS, (row + 1) * ROW_WORDS));
  return rows.map((row) => row.map((word) => String(word).padStart(5)).join('  '));
}

function addressOf(address: number): [decimal: string, hex: string] {
  return [String(address), hexWord(address)];
}

function withHex(table: string): (word: number | undefined) => string {
  return (word) => (word === undefined ? NOTHING : isBits(table) ? String(word) : `${word} (${hexWord(word)})`);
}

/** Returns the same bits as a signed number if it differs. */
function signed(word: number): string {
  return word > 0x7fff ? String(word - 0x10000) : '';
}

/** Returns two characters per register if both are printable. */
function letters(word: number): string {
  const pair = String.fromCharCode(word >> 8, word & 0xff);
  return /^[\x21-\x7e]{2}$/.test(pair) ? pair : '';
}

function isBits(table: string): boolean {
  return table === 'coil' || table === 'discrete';
}
