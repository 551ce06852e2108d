/**
 * Checks of the points of a profile that a schema cannot do: overlapping registers, missing bits, impossible writes.
 *
 * Pure.
 */
import { type Message, msg } from '../agent/core/message.ts';
import type { PointProfile, Profile } from '../agent/core/profile.ts';
import { isByteType } from './dali/byte-values.ts';
import { isBitType, isFloatType, MAX_COILS, widthOf } from './modbus/register-types.ts';
import type { FilePath } from './profile-expand.ts';
import type { Flaw } from './profile-flaw.ts';
import { textFlaws } from './profile-text.ts';
import { ADDRESSES, isBits, writeFlaws, wrongTable } from './profile-writes.ts';

/**
 * Returns the flaws of the points, such as overlapping registers; at most one for each place in the file. `paths`: the place of each
 * point, in the order of `points`.
 */
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
  if (isBits(table) !== isBitType(type)) flaws.push({ path: [...path, 'type'], message: wrongTable(table, type) });
  flaws.push(...layoutFlaws(point, path));
  if (address + widthOf(point) > ADDRESSES)
    flaws.push({ path: [...path, 'address'], message: msg`${point.id} reaches beyond address ${ADDRESSES - 1}` });
  const other = before.find((earlier) => overlaps(earlier, point));
  if (other !== undefined) flaws.push({ path: [...path, 'address'], message: msg`overlaps ${other.id} (${other.table} ${other.address})` });
  return flaws;
}

function layoutFlaws({ type, coils, byteOrder, wordOrder }: PointProfile, path: FilePath): Flaw[] {
  if (type === 'bits' && coils < 2)
    return [{ path: [...path, 'type'], message: msg`give the number of coils as \`coils:\`, 2 to ${MAX_COILS}` }];
  if (type !== 'bits' && coils !== 1) return [{ path: [...path, 'coils'], message: msg`only type bits has coils, found type ${type}` }];
  const order = byteOrder === 'low-first' ? 'byteOrder' : wordOrder === 'low-first' ? 'wordOrder' : null;
  return isBitType(type) && order !== null ? [{ path: [...path, order], message: msg`bits have no order of bytes or words` }] : [];
}

/** Points may share a register only if each uses another bit of it. */
function overlaps(a: PointProfile, b: PointProfile): boolean {
  const isShared = a.bit !== null && b.bit !== null && a.bit !== b.bit && a.address === b.address && a.type === b.type && isSameOrder(a, b);
  return !isShared && a.table === b.table && a.address < b.address + widthOf(b) && b.address < a.address + widthOf(a);
}

function isSameOrder(a: PointProfile, b: PointProfile): boolean {
  return a.wordOrder === b.wordOrder && a.byteOrder === b.byteOrder;
}

/** A pattern that never occurs would let invalid values pass as values. */
function invalidFlaws(point: PointProfile, path: FilePath): Flaw[] {
  const { type, invalid } = point;
  const last = 2n ** BigInt(widthOf(point) * (isBitType(type) ? 1 : 16)) - 1n;
  return invalid.flatMap((raw, index) => {
    const isWhole = typeof raw === 'string' || Number.isInteger(raw);
    if (isWhole && BigInt(raw) >= 0n && BigInt(raw) <= last) return [];
    const hex = `0x${last.toString(16).toUpperCase()}`;
    const message = msg`${raw} never occurs: write the pattern as it is in the frame, 0 to ${hex}`;
    return [{ path: [...path, 'invalid', index], message }];
  });
}

/** Number of bits of the value that can be named; 0 for a number without bits. */
function widthBits(point: Pick<PointProfile, 'type' | 'coils' | 'bit' | 'text'>): number {
  const { type, bit } = point;
  if (type === 'bit' || bit !== null) return 1;
  if (type === 'bits') return widthOf(point);
  if (isFloatType(type) || type === 'text' || /^(bcd|e)\d/.test(type)) return 0;
  return (isByteType(type) ? 8 : 16) * widthOf(point);
}

function bitFlaws(point: PointProfile, path: FilePath): Flaw[] {
  const { bit, type, write, transform, scale, offset } = point;
  const flaws: Flaw[] = [];
  const width = widthBits({ ...point, bit: null });
  if (bit !== null && (isBitType(type) || bit >= width)) flaws.push({ path: [...path, 'bit'], message: beyond(bit, type, width) });
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
