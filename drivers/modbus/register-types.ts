/**
 * Words of a frame ↔ raw numbers: the types that a point can have, and the order of their words and bytes.
 *
 * Pure.
 */
import type { ByteType, PointProfile, RegisterType } from '../../agent/core/profile.ts';
import { BYTES_PER_VALUE, byteValue, isByteType } from '../dali/byte-values.ts';
import { textRegisters, textValue } from './text-codec.ts';

/** What determines how the raw number of a point lies in its registers or coils. */
export type RegisterLayout = Pick<PointProfile, 'type' | 'coils' | 'wordOrder' | 'byteOrder' | 'text'>;

/** Registers per value; `bits` and `text` have as many as their point says. */
const WIDTH: Readonly<Record<Exclude<RegisterType, 'bits' | 'text'>, number>> = {
  bit: 1,
  u16: 1,
  s16: 1,
  bcd16: 1,
  u32: 2,
  s32: 2,
  f32: 2,
  bcd32: 2,
  u64: 4,
  s64: 4,
  f64: 4,
  ...BYTES_PER_VALUE,
};

/** Most coils of one value. Units: coils. Source: a number holds 32 bits exactly. */
export const MAX_COILS = 32;

/**
 * Returns how many registers one value of this layout has; for `bit` and `bits`, how many coils or discrete inputs. A text without a format
 * has one register.
 */
export function widthOf({ type, coils, text = null }: Pick<RegisterLayout, 'type' | 'coils' | 'text'>): number {
  if (type === 'text') return text === null ? 1 : textRegisters(text);
  return type === 'bits' ? coils : WIDTH[type];
}

/** Whether values of this type are in coils or discrete inputs: `bit`, one of them, or `bits`, a number made of several. */
export function isBitType(type: RegisterType): boolean {
  return type === 'bit' || type === 'bits';
}

/** Whether the raw number of this type is an IEEE 754 number (`f32`, `f64`), which is not rounded to a whole number. */
export function isFloatType(type: RegisterType): boolean {
  return type === 'f32' || type === 'f64';
}

/**
 * Whether a point of this type can be written: all but u64, s64, and the types with one byte in each register. A text is written as a text,
 * not as a number.
 */
export function isWritable(type: RegisterType): boolean {
  return type !== 'u64' && type !== 's64' && !isByteType(type);
}

/** The types that a point with `write` may have: all but u64, s64 and those with one byte in each register. */
export const WRITABLE_TYPES: readonly RegisterType[] = ([...Object.keys(WIDTH), 'bits', 'text'] as RegisterType[]).filter(isWritable);

/**
 * Returns the words of a value as bytes, two for each word: of a number the highest first, of `bits` in the order of the coils.
 *
 * Shape: `words` has at least `widthOf(layout)` entries; further ones are ignored. Errors: throws RangeError for one outside 0 to 65535.
 */
export function bytesOfValue(layout: RegisterLayout, words: readonly number[]): Buffer {
  const used = words.slice(0, widthOf(layout));
  if (layout.wordOrder === 'low-first') used.reverse();
  const bytes = Buffer.alloc(2 * used.length);
  used.forEach((word, index) => {
    bytes.writeUInt16BE(word, 2 * index);
  });
  return layout.byteOrder === 'low-first' ? bytes.swap16() : bytes;
}

function wordsOfValue({ wordOrder, byteOrder }: RegisterLayout, bytes: Buffer): number[] {
  if (byteOrder === 'low-first') bytes.swap16();
  const words = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index));
  return wordOrder === 'low-first' ? words.reverse() : words;
}

/**
 * Returns the raw number in the words of a value; null if they hold no number, or one of u64 or s64 that is not a safe integer. A float
 * may be NaN or infinite. For a text it is the checksum of its registers (`textValue`). Shape: `words` as for `bytesOfValue`.
 */
export function rawOf(layout: RegisterLayout, words: readonly number[]): number | null {
  const { type, coils } = layout;
  if (type === 'bit') return words[0] === 0 ? 0 : 1;
  if (type === 'bits') return words.slice(0, coils).reduce((all, bit, i) => all + (bit === 0 ? 0 : 2 ** i), 0);
  if (isByteType(type)) return byteValue(type, words);
  return type === 'text' ? textValue(words.slice(0, widthOf(layout))) : rawOfBytes(type, bytesOfValue(layout, words));
}

function rawOfBytes(type: Exclude<RegisterType, 'bit' | 'bits' | 'text' | ByteType>, bytes: Buffer): number | null {
  switch (type) {
    case 'u16':
      return bytes.readUInt16BE();
    case 's16':
      return bytes.readInt16BE();
    case 'u32':
      return bytes.readUInt32BE();
    case 's32':
      return bytes.readInt32BE();
    case 'f32':
      return bytes.readFloatBE();
    case 'f64':
      return bytes.readDoubleBE();
    case 'u64':
      return exact(bytes.readBigUInt64BE());
    case 's64':
      return exact(bytes.readBigInt64BE());
    case 'bcd16':
    case 'bcd32': {
      const digits = bytes.toString('hex');
      return /^\d+$/.test(digits) ? Number(digits) : null;
    }
  }
}

/** Nothing that the devices count comes near 2^53. */
function exact(wide: bigint): number | null {
  return wide >= BigInt(Number.MIN_SAFE_INTEGER) && wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : null;
}

/** Returns the lowest and highest raw number of a type that can be written. */
function limitsOf({ type, coils }: RegisterLayout): readonly [min: number, max: number] {
  switch (type) {
    case 'bit':
      return [0, 1];
    case 'bits':
      return [0, 2 ** coils - 1];
    case 's16':
      return [-0x8000, 0x7fff];
    case 's32':
      return [-0x8000_0000, 0x7fff_ffff];
    case 'bcd16':
    case 'bcd32':
      return [0, 10 ** (4 * WIDTH[type]) - 1];
    default:
      return [0, 2 ** (16 * widthOf({ type, coils })) - 1];
  }
}

/**
 * Returns the words for this raw number, rounded only to the precision of a float. Null if it cannot be written in this layout, and always
 * for a text.
 */
export function wordsOfRaw(layout: RegisterLayout, raw: number): number[] | null {
  const { type, coils } = layout;
  if (!isWritable(type) || type === 'text') return null;
  const isFloat = isFloatType(type);
  const [min, max] = limitsOf(layout);
  if (isFloat ? !Number.isFinite(type === 'f32' ? Math.fround(raw) : raw) : !(Number.isInteger(raw) && raw >= min && raw <= max))
    return null;
  if (type === 'bit') return [raw];
  if (type === 'bits') return Array.from({ length: coils }, (_, i) => Math.floor(raw / 2 ** i) % 2);
  const bytes = Buffer.alloc(2 * WIDTH[type]);
  if (type === 'f32') bytes.writeFloatBE(raw);
  else if (type === 'f64') bytes.writeDoubleBE(raw);
  else if (type === 'bcd16' || type === 'bcd32') bytes.write(String(raw).padStart(2 * bytes.length, '0'), 'hex');
  else if (min < 0) bytes.writeIntBE(raw, 0, bytes.length);
  else bytes.writeUIntBE(raw, 0, bytes.length);
  return wordsOfValue(layout, bytes);
}
