/**
 * Registers ↔ numbers: types, word order, scale and the patterns that mean "no value".
 *
 * Pure.
 */
import { msg } from '../../agent/core/message.ts';
import type { PointProfile, RegisterType } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';

/** Registers per value. A bit takes one coil. */
export const REGISTERS_PER_VALUE: Readonly<Record<RegisterType, number>> = {
  bit: 1,
  u16: 1,
  s16: 1,
  u32: 2,
  s32: 2,
  f32: 2,
  u64: 4,
  s64: 4,
};

/** Lowest and highest raw value of each type that can be written. The other types cannot be written. */
export const WRITABLE: Readonly<Partial<Record<RegisterType, readonly [min: number, max: number]>>> = {
  bit: [0, 1],
  u16: [0, 0xffff],
  s16: [-0x8000, 0x7fff],
};

/** Source: IEC 62386-102, standard dimming curve: light = 10^((n - 1) / (253 / 3) - 1) %, n from 1 (0.1 %) to 254 (100 %). */
const DALI = { levelsPerDecade: 253 / 3, maxLevel: 254 } as const;

/**
 * One raw value.
 *
 * Shape: `words.length` is at least `REGISTERS_PER_VALUE[type]`, each 0..65535. Bytes inside a word are big-endian.
 * Errors: null for 64 bits that a number cannot hold exactly; nothing the devices count comes near 2^53.
 */
function rawOf({ type, wordOrder }: PointProfile, words: readonly number[]): number | null {
  const used = words.slice(0, REGISTERS_PER_VALUE[type]);
  if (wordOrder === 'low-first') used.reverse();
  const bytes = Buffer.alloc(2 * used.length);
  used.forEach((word, index) => {
    bytes.writeUInt16BE(word, 2 * index);
  });
  switch (type) {
    case 'bit':
      return used[0] === 0 ? 0 : 1;
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
    case 'u64': {
      const wide = bytes.readBigUInt64BE();
      return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : null;
    }
    case 's64': {
      const wide = bytes.readBigInt64BE();
      return wide >= BigInt(Number.MIN_SAFE_INTEGER) && wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : null;
    }
  }
}

/**
 * Returns the value of a point. `words`: its registers; more are ignored, but fewer than its type has are an error of the caller.
 *
 * Units: the point's own, after raw × scale + offset or the DALI curve, rounded to its decimals; 0 or 1 for a single bit. A level in whole
 * % is 0 only for a dark lamp. Errors: null when the device reports "no value" (a sentinel, a float that is NaN or infinite, an invalid
 * DALI level), and for 64 bits beyond 2^53.
 */
export function decodePoint(point: PointProfile, words: readonly number[]): number | null {
  const raw = rawOf(point, words);
  if (raw === null || !Number.isFinite(raw) || isSentinel(point, words)) return null;
  if (point.bit !== null) return bitOf(point, point.bit, words);
  const plain = point.transform === 'dali-log' ? daliPct(raw) : raw * point.scale + point.offset;
  if (plain === null) return null;
  const factor = 10 ** point.decimals;
  // Adding 0 turns -0 into 0.
  const value = Math.round(plain * factor) / factor + 0;
  return value === 0 && plain > 0 && point.semantic === 'level' && point.decimals === 0 ? 1 : value;
}

/** One bit of a register, 0 the lowest; of a value of several registers, 0 is the lowest of its lowest word. */
function bitOf({ type, wordOrder }: PointProfile, bit: number, words: readonly number[]): number {
  const used = words.slice(0, REGISTERS_PER_VALUE[type]);
  if (wordOrder === 'high-first') used.reverse();
  return ((used[bit >> 4] ?? 0) >> (bit & 15)) & 1;
}

/** Whether a value is in the plausible range of its profile, both ends included. True for a point without a range. */
export function isPlausible({ range }: PointProfile, value: number): boolean {
  return range === null || (value >= range[0] && value <= range[1]);
}

/** Returns the registers for a value to be written; a Refusal for a point that cannot be written and for a value that does not fit. */
export function encodePoint(point: PointProfile, value: number): number[] | Refusal {
  const { write, type } = point;
  if (write === null) return new Refusal(msg`${point.id} cannot be written`);
  if (!(value >= write.min && value <= write.max)) return new Refusal(msg`${point.id}: ${value} is outside ${write.min}..${write.max}`);
  const raw = rawFor(point, value);
  const limits = WRITABLE[type];
  if (limits === undefined) return new Refusal(msg`${point.id}: writing type ${type} is not supported`);
  if (raw < limits[0] || raw > limits[1]) return new Refusal(msg`${point.id}: ${value} does not fit into ${type}`);
  return [raw & 0xffff];
}

/** Converts a value to the nearest raw number. A level above 0 never gets the raw number of level 0, so rounding never switches a lamp off. */
export function rawFor({ transform, scale, offset, semantic }: PointProfile, value: number): number {
  if (transform === 'dali-log') return daliLevel(value);
  const [raw, darkRaw] = [value, 0].map((each) => Math.round((each - offset) / scale)) as [number, number];
  return semantic === 'level' && value > 0 && raw === darkRaw ? darkRaw + Math.sign(scale) : raw;
}

/** Whether the registers contain a pattern that means "no value". Profiles give it as in the frame, regardless of the sign of the type. */
function isSentinel({ type, wordOrder, invalid }: PointProfile, words: readonly number[]): boolean {
  if (invalid.length === 0) return false;
  const used = words.slice(0, REGISTERS_PER_VALUE[type]);
  if (wordOrder === 'low-first') used.reverse();
  if (used.length <= 2) return invalid.includes(used.reduce((all, word) => all * 0x1_0000 + word, 0));
  const pattern = used.reduce((all, word) => (all << 16n) | BigInt(word), 0n);
  const isExact = pattern <= BigInt(Number.MAX_SAFE_INTEGER);
  return invalid.includes(isExact ? Number(pattern) : `0x${pattern.toString(16)}`);
}

/** DALI level → % of light. Units: %. Errors: null for 255, which means "no change" or "not known", and for an invalid level. */
export function daliPct(level: number): number | null {
  if (level === 0) return 0;
  return level >= 1 && level <= DALI.maxLevel ? 10 ** ((level - 1) / DALI.levelsPerDecade - 1) : null;
}

/** The DALI level nearest to a share of light; 0 only for 0 and below, so that rounding never switches a lamp off. Units: %. */
export function daliLevel(pct: number): number {
  if (pct <= 0) return 0;
  return Math.min(DALI.maxLevel, Math.max(1, Math.round(1 + DALI.levelsPerDecade * (Math.log10(pct) + 1))));
}
