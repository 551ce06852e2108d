/**
 * Numbers in registers of one byte each, as memory banks of DALI gear contain them.
 *
 * Pure.
 */
import type { ByteType, RegisterType } from '../../agent/core/profile.ts';

/**
 * Number of registers, of one byte each, that a value has. Source: DiiA part 252: energy has six bytes, power four, each after its power of
 * ten.
 */
export const BYTES_PER_VALUE: Readonly<Record<ByteType, number>> = { b16: 2, b24: 3, b32: 4, b48: 6, e32: 5, e48: 7 };

/** Largest power of ten, up or down. Source: DiiA part 252: the scale is valid from 10^-6 to 10^6. */
const MAX_EXPONENT = 6;
const SIGN_BIT = 0x80;
const BYTE = 0x100;

/** Whether a value of this type has several registers of one byte each, as in the memory banks of DALI gear. */
export function isByteType(type: RegisterType): type is ByteType {
  return type in BYTES_PER_VALUE;
}

/**
 * Returns the unsigned number in these registers, most significant byte first. For `e32` and `e48` the first byte is the exponent of a
 * power of ten, which is applied. Null if they hold no valid number, for example when the value is not available.
 *
 * Source: IEC 62386-102 for MASK; DiiA parts 252 and 253 for TMASK.
 */
export function byteValue(type: ByteType, words: readonly number[]): number | null {
  const used = words.slice(0, BYTES_PER_VALUE[type]);
  if (used.length < BYTES_PER_VALUE[type] || used.some((byte) => !(byte >= 0 && byte < BYTE))) return null;
  const isScaled = type === 'e32' || type === 'e48';
  const number = isScaled ? used.slice(1) : used;
  if (isMask(number)) return null;
  const raw = number.reduce((all, byte) => all * BYTE + byte, 0);
  if (!isScaled) return raw;
  const [scale = 0] = used;
  const exponent = scale >= SIGN_BIT ? scale - BYTE : scale;
  return Math.abs(exponent) > MAX_EXPONENT ? null : scaled(raw, exponent);
}

/** A division keeps more exact digits than a product with 0.001. */
function scaled(raw: number, exponent: number): number {
  return exponent < 0 ? raw / 10 ** -exponent : raw * 10 ** exponent;
}

function isMask(bytes: readonly number[]): boolean {
  const last = bytes.at(-1) ?? 0;
  return last >= BYTE - 2 && bytes.slice(0, -1).every((byte) => byte === BYTE - 1);
}
