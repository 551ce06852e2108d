/** Renders `luciole bus registers`, `bus read` and `bus write`: address, decimal and hex, to compare with a manual. Pure. */

import type { BusReadResult, BusWriteResult, RegistersProgress, RegistersResult } from '../../../core/bus-tools.ts';
import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import { formatTook } from '../../text/duration.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { hexWord, valuesFit } from './bus-args.ts';

/** Values in one row. Source: eight of 7 columns after the address fit 80. */
const ROW_WORDS = 8;

/** The line that is drawn over and over while registers are looked for. */
export function renderRegistersProgress({ done, total }: RegistersProgress, page: Page): string {
  return translated(`${total > 0 ? Math.floor((100 * done) / total) : 0} %, ${done} of ${total} addresses`, page);
}

/** Every run of registers that answers, with its values. */
export function renderRegisters(
  { unit, table, runs, requests, durationMs }: RegistersResult,
  page: Page,
  asked: { from: number; to: number },
): string {
  const rows = runs.flatMap(({ address, words }) => inRows(words).map((row, index) => [...addressOf(address + index * ROW_WORDS), row]));
  const columns = [{ title: msg`Address`, align: 'right' }, { title: msg`Hex` }, { title: msg`Values, decimal` }] as const;
  const found = runs.reduce((sum, { words }) => sum + words.length, 0);
  const noun = isBits(table) ? table : `${table} register`;
  const sum = `unit ${unit}: ${count(found, noun)} answer from ${asked.from} to ${asked.to}; ${count(requests, 'request')}, ${formatTook(durationMs)}`;
  const advice = found > 0 ? [] : labelled('None', 'try another --table, or a wider --from and --to', page);
  return [...(rows.length === 0 ? [] : [...tableLines(columns, rows, page), '']), ...labelled('Found', sum, page), ...advice].join('\n');
}

/** Each register, then what the unit's profile makes of them. */
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
    ...paragraph(`unit ${unit} on line ${line}, table ${table}, answered in ${formatNumber(turnaroundMs, 1)} ms`, page),
    '',
    ...tableLines(columns, rows, page),
    ...(decoded.length === 0 ? [] : ['', ...tableLines(meaning, decoded, page)]),
    ...bytesOf(result, page),
  ].join('\n');
}

/** As an example of a profile has them; not wrapped, so that they can be copied. */
function bytesOf({ request, response }: BusReadResult, page: Page): string[] {
  return request === undefined || response === undefined
    ? []
    : ['', translated(`request: ${request}`, page), translated(`response: ${response}`, page)];
}

/** What stood there, what was written, what stands there now. */
export function renderWrite(result: BusWriteResult, page: Page): string {
  const { unit, line, table, address, values, before, after } = result;
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
  const whose = unit === 0 ? 'every unit' : `unit ${unit}`;
  return [
    ...paragraph(`${table === 'coil' ? 'coils' : 'holding registers'} of ${whose} on line ${line}`, page),
    '',
    ...tableLines(columns, rows, page),
    '',
    ...labelled('Result', ending(result), page),
    ...(result.warnings ?? []).flatMap((warning) => labelled('Warning', warning, page)),
    ...putBack(result, page),
  ].join('\n');
}

/** What to know of a level that the agent keeps. */
function putBack({ lamps = [] }: BusWriteResult, page: Page): string[] {
  const [first] = lamps;
  if (first === undefined) return [];
  const whose = lamps.length === 1 ? `lamp ${first}` : count(lamps.length, 'lamp');
  return labelled('Level', `of ${whose}: the agent writes its own back within seconds; to keep one: luciole override ${first}`, page);
}

function ending(result: BusWriteResult): string {
  if (result.unit === 0) return 'sent to all; nobody answers a broadcast, so read one unit to see';
  if (result.after === null) return 'written, but it could not be read back; read it to see';
  return valuesFit(result)
    ? 'written and read back'
    : 'the unit keeps another value: see its manual for limits, and whether it may be written';
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

/** The same bits as a signed number, where that is another one. */
function signed(word: number): string {
  return word > 0x7fff ? String(word - 0x10000) : '';
}

/** Two letters a register, where both can be printed. */
function letters(word: number): string {
  const pair = String.fromCharCode(word >> 8, word & 0xff);
  return /^[\x21-\x7e]{2}$/.test(pair) ? pair : '';
}

function isBits(table: string): boolean {
  return table === 'coil' || table === 'discrete';
}
