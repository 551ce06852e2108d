/**
 * Checks of the points of a profile that a schema cannot do: overlapping registers, missing bits, impossible writes.
 *
 * Pure.
 */
import { type Message, msg } from '../agent/core/message.ts';
import type { PointProfile, PointWrite, Profile } from '../agent/core/profile.ts';
import { rawFor, registersOf, WRITABLE } from './modbus/codec.ts';
import { writePlace } from './modbus/modbus-driver.ts';
import { hasCharacter, textRegisters } from './modbus/text-codec.ts';
import type { FilePath } from './profile-expand.ts';
import { type Flaw, unknownPoint } from './profile-flaw.ts';

/** Source: Modbus Application Protocol V1.1b3 §4.4: 65,536 addresses per table. */
const ADDRESSES = 0x1_0000;

/** Returns the flaws of the points, each at its place in the file; only the first one of a place. */
export function pointFlaws({ points, transport }: Profile, paths: readonly FilePath[]): Flaw[] {
  const flaws = points.flatMap((point, index) => {
    const path = paths[index] ?? [];
    const before = points.slice(0, index);
    const common = [...nameFlaws(point, before, path), ...flagFlaws(point, path)];
    if (transport === 'uart') return common;
    const ofRegister = [...registerFlaws(point, before, path), ...invalidFlaws(point, path), ...bitFlaws(point, path)];
    return [...common, ...ofRegister, ...textFlaws(point, path), ...writeFlaws(point, points, path)];
  });
  return firstOfEachPlace(flaws);
}

/** A mistake in a repeated part is reported once, not once per repetition. */
function firstOfEachPlace(flaws: readonly Flaw[]): Flaw[] {
  const seen = new Set<string>();
  return flaws.filter(({ path }) => {
    const place = path.join('.');
    return !seen.has(place) && seen.add(place);
  });
}

function nameFlaws(point: PointProfile, before: readonly PointProfile[], path: FilePath): Flaw[] {
  const flaws: Flaw[] = [];
  if (before.some(({ id }) => id === point.id)) flaws.push({ path: [...path, 'id'], message: msg`"${point.id}" is listed twice` });
  if (point.range !== null && point.range[0] >= point.range[1])
    flaws.push({ path: [...path, 'range'], message: msg`the first number must be below the second` });
  for (const raw of Object.keys(point.enum ?? {}))
    if (!/^-?\d+$/.test(raw)) flaws.push({ path: [...path, 'enum', raw], message: msg`"${raw}" is no raw value; name whole numbers` });
  return flaws;
}

function registerFlaws(point: PointProfile, before: readonly PointProfile[], path: FilePath): Flaw[] {
  const { table, type, address } = point;
  const flaws: Flaw[] = [];
  if (isBits(table) !== (type === 'bit')) flaws.push({ path: [...path, 'type'], message: wrongTable(table, type) });
  if (address + registersOf(point) > ADDRESSES)
    flaws.push({ path: [...path, 'address'], message: msg`${point.id} reaches beyond address ${ADDRESSES - 1}` });
  const other = before.find((earlier) => overlaps(earlier, point));
  if (other !== undefined) flaws.push({ path: [...path, 'address'], message: msg`overlaps ${other.id} (${other.table} ${other.address})` });
  return flaws;
}

function isBits(table: PointProfile['table']): boolean {
  return table === 'coil' || table === 'discrete';
}

function wrongTable(table: PointProfile['table'], type: PointProfile['type']): Message {
  return isBits(table) ? msg`table ${table} holds bits, found type ${type}` : msg`table ${table} holds registers, found type ${type}`;
}

/** Points may share a register only if each uses another bit of it. */
function overlaps(a: PointProfile, b: PointProfile): boolean {
  const isShared =
    a.bit !== null && b.bit !== null && a.bit !== b.bit && a.address === b.address && a.type === b.type && a.wordOrder === b.wordOrder;
  return !isShared && a.table === b.table && a.address < b.address + registersOf(b) && b.address < a.address + registersOf(a);
}

/** A pattern that never occurs would let invalid values pass as values. */
function invalidFlaws(point: PointProfile, path: FilePath): Flaw[] {
  const { type, invalid } = point;
  const last = type === 'bit' ? 1n : 2n ** BigInt(16 * registersOf(point)) - 1n;
  return invalid.flatMap((raw, index) => {
    const isWhole = typeof raw === 'string' || Number.isInteger(raw);
    if (isWhole && BigInt(raw) >= 0n && BigInt(raw) <= last) return [];
    const hex = `0x${last.toString(16).toUpperCase()}`;
    const message = msg`${raw} never occurs: write the pattern as it is in the frame, 0 to ${hex}`;
    return [{ path: [...path, 'invalid', index], message }];
  });
}

/** Number of bits of the value that can be named; 0 for a number without bits. */
function widthBits(point: Pick<PointProfile, 'type' | 'bit' | 'text'>): number {
  const { type, bit } = point;
  if (type === 'bit' || bit !== null) return 1;
  return type === 'f32' || type === 'text' ? 0 : 16 * registersOf(point);
}

function bitFlaws(point: PointProfile, path: FilePath): Flaw[] {
  const { bit, type, write, transform, scale, offset } = point;
  const flaws: Flaw[] = [];
  const width = widthBits({ ...point, bit: null });
  if (bit !== null && (type === 'bit' || bit >= width)) flaws.push({ path: [...path, 'bit'], message: beyond(bit, type, width) });
  if (bit !== null && write !== null)
    flaws.push({ path: [...path, 'write'], message: msg`one bit of a register cannot be written: its neighbours would be lost` });
  if (transform === 'dali-log' && (type !== 'u16' || scale !== 1 || offset !== 0 || bit !== null))
    flaws.push({ path: [...path, 'transform'], message: msg`dali-log takes a whole u16 without scale and offset` });
  return flaws;
}

function flagFlaws(point: PointProfile, path: FilePath): Flaw[] {
  const width = widthBits(point);
  return point.flags.flatMap(({ bit, id }, index) => {
    const at = [...path, 'flags', index];
    const flaws = sharedBitFlaws(point.flags, index, at);
    if (bit !== null && bit >= width) flaws.push({ path: [...at, 'bit'], message: beyond(bit, point.type, width) });
    else if (bit !== null && isConverted(point))
      flaws.push({ path: [...at, 'bit'], message: msg`a register of flags has no scale, offset or transform` });
    if (point.flags.findIndex((flag) => flag.id === id) !== index)
      flaws.push({ path: [...at, 'id'], message: msg`"${id}" is listed twice` });
    return flaws;
  });
}

/** Each bit has one meaning; a value that is used as a whole has no meaning per bit. */
function sharedBitFlaws(flags: PointProfile['flags'], index: number, at: FilePath): Flaw[] {
  const bit = flags[index]?.bit ?? null;
  const first = flags.findIndex((flag) => flag.bit === bit);
  if (first !== index) return [{ path: bit === null ? at : [...at, 'bit'], message: sharedBit(bit, flags[first]?.id ?? '') }];
  const [{ bit: firstBit, id } = { bit, id: '' }] = flags;
  if ((firstBit === null) === (bit === null)) return [];
  const message =
    bit === null
      ? msg`this one has no bit, so it is the value as a whole, and "${id}" has one: give every flag its bit, or take the value as a whole`
      : msg`"${id}" has no bit, so it is the value as a whole, and this one has: give every flag its bit, or take the value as a whole`;
  return [{ path: at, message }];
}

function sharedBit(bit: number | null, id: string): Message {
  return bit === null
    ? msg`"${id}" has no bit either: give each flag its own`
    : msg`bit ${bit} is already "${id}": each flag has its own bit`;
}

/** Whether the bits of the value differ from those of the register. */
function isConverted({ bit, scale, offset, transform }: PointProfile): boolean {
  return bit === null && (scale !== 1 || offset !== 0 || transform !== 'none');
}

function beyond(bit: number, type: string, width: number): Message {
  if (width <= 1) return width === 0 ? msg`type ${type} has no bits` : msg`this point is one bit already; leave bit out`;
  return msg`bit ${bit} is beyond type ${type}, which has bits 0 to ${width - 1}`;
}

function writeFlaws(point: PointProfile, points: readonly PointProfile[], path: FilePath): Flaw[] {
  const { type, write, semantic } = point;
  if (write === null) return [];
  const { table, address } = writePlace(point);
  const names = points.map(({ id }) => id);
  const flaws: Flaw[] = [];
  if (table !== 'coil' && table !== 'holding') flaws.push({ path: [...path, 'write'], message: msg`table ${table} cannot be written` });
  else if (write.table !== null && isBits(table) !== (type === 'bit'))
    flaws.push({ path: [...path, 'write', 'table'], message: wrongTable(table, type) });
  if (address >= ADDRESSES) flaws.push({ path: [...path, 'write'], message: msg`${point.id} reaches beyond address ${ADDRESSES - 1}` });
  if (write.min > write.max) flaws.push({ path: [...path, 'write'], message: msg`min is above max` });
  if (write.verify !== null && !names.includes(write.verify))
    flaws.push({ path: [...path, 'write', 'verify'], message: unknownPoint(write.verify, names) });
  flaws.push(...switchFlaws(write, points, path));
  if (type === 'text') return flaws;
  if (WRITABLE[type] === undefined)
    return [
      ...flaws,
      { path: [...path, 'type'], message: msg`type ${type} cannot be written, only ${[...Object.keys(WRITABLE), 'text']}` },
    ];
  const misfits = (['min', 'max'] as const).filter((limit) => !canEncode(point, write[limit]));
  flaws.push(...misfits.map((limit) => ({ path: [...path, 'write', limit], message: msg`${write[limit]} does not fit into ${type}` })));
  if (flaws.length === 0 && semantic === 'level' && (write.min !== 0 || write.max !== 100))
    flaws.push({ path: [...path, 'write'], message: msg`a level is written from 0 to 100 %: use scale or transform for the raw values` });
  return flaws;
}

/** Source: Modbus Application Protocol V1.1b3 §6.12: 123 registers in one write. */
const MAX_WRITE_REGISTERS = 123;

/** What only a text point has, and what it cannot have. */
function textFlaws({ type, text = null, semantic, poll, write }: PointProfile, path: FilePath): Flaw[] {
  if ((type === 'text') !== (semantic === 'text'))
    return [{ path: [...path, 'semantic'], message: msg`type text and semantic text belong together` }];
  if (type !== 'text')
    return text === null ? [] : [{ path: [...path, 'text'], message: msg`only a point of type text has this; found type ${type}` }];
  if (text === null) return [{ path: [...path, 'type'], message: msg`a text needs \`text:\` with at least its length` }];
  const flaws: Flaw[] = [];
  if (text.encoding === 'utf16' && text.perRegister === 2)
    flaws.push({ path: [...path, 'text', 'perRegister'], message: msg`a register has one character of utf16; write perRegister: 1` });
  if (textRegisters(text) > MAX_WRITE_REGISTERS)
    flaws.push({
      path: [...path, 'text', 'length'],
      message: msg`needs ${textRegisters(text)} registers; one write has ${MAX_WRITE_REGISTERS}`,
    });
  if (!hasCharacter(text, text.replacement))
    flaws.push({ path: [...path, 'text', 'replacement'], message: msg`"${text.replacement}" is not one of the characters of this panel` });
  if (text.pad !== 'nul' && !hasCharacter({ ...text, characters: null }, text.pad))
    flaws.push({ path: [...path, 'text', 'pad'], message: msg`"${text.pad}" is not a character of ${text.encoding}` });
  if (write?.readBack === false && poll !== 'never')
    flaws.push({ path: [...path, 'poll'], message: msg`a point without readBack is not polled: write poll: never` });
  return flaws;
}

function switchFlaws({ switchedBy }: PointWrite, points: readonly PointProfile[], path: FilePath): Flaw[] {
  if (switchedBy === null) return [];
  const coil = points.find(({ id }) => id === switchedBy);
  const at = [...path, 'write', 'switchedBy'];
  if (coil === undefined)
    return [
      {
        path: at,
        message: unknownPoint(
          switchedBy,
          points.map(({ id }) => id),
        ),
      },
    ];
  return coil.table === 'coil'
    ? []
    : [{ path: at, message: msg`"${switchedBy}" is in table ${coil.table}; a channel is switched by a coil` }];
}

function canEncode(point: PointProfile, value: number): boolean {
  const [min, max] = WRITABLE[point.type] ?? [0, -1];
  const raw = rawFor(point, value);
  const isLight = point.transform === 'none' || (value >= 0 && value <= 100);
  return isLight && raw >= min && raw <= max;
}
