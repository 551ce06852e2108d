/**
 * Registers ↔ values of points: scale, decimals and the patterns that mean "no value".
 *
 * Pure.
 */
import { msg } from '../../agent/core/message.ts';
import type { PointProfile } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { isByteType } from '../dali/byte-values.ts';
import { bytesOfValue, isFloatType, isWritable, rawOf, widthOf, wordsOfRaw } from './register-types.ts';

/** Source: IEC 62386-102, standard dimming curve: light = 10^((n - 1) / (253 / 3) - 1) %, n from 1 (0.1 %) to 254 (100 %). */
const DALI = { levelsPerDecade: 253 / 3, maxLevel: 254 } as const;

/**
 * Returns the value of a point; null if the device reports none or the registers hold no valid number. `words`: the registers or bits of
 * the point, perhaps followed by others. Rounded to the decimals of the point; a level in whole % that is above 0 is at least 1.
 *
 * Units: the point's own; 0 or 1 for a single bit; the checksum of its registers for a text.
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

/** One bit of a register, 0 the lowest; of a value of several registers, 0 is the lowest of its lowest word or byte. */
function bitOf(point: PointProfile, bit: number, words: readonly number[]): number {
  const bytes = isByteType(point.type) ? words.slice(0, widthOf(point)) : bytesOfValue(point, words);
  return ((bytes[bytes.length - 1 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1;
}

/** Whether a value is in the plausible range of its profile, both ends included. True for a point without a range. */
export function isPlausible({ range }: PointProfile, value: number): boolean {
  return range === null || (value >= range[0] && value <= range[1]);
}

/**
 * Returns the raw values to write for a value of a point: one for each register or coil, in their order. Returns a Refusal if the point
 * or the value cannot be written. The value is rounded; a level above 0 does not become level 0. Units: `value` in the unit of the point.
 */
export function encodePoint(point: PointProfile, value: number): number[] | Refusal {
  const { write, type } = point;
  if (write === null) return new Refusal(msg`${point.id} cannot be written`);
  if (type === 'text') return new Refusal(msg`${point.id} is a text; it is set by a panel, see \`luciole panel set\``);
  if (!(value >= write.min && value <= write.max)) return new Refusal(msg`${point.id}: ${value} is outside ${write.min}..${write.max}`);
  if (!isWritable(type)) return new Refusal(msg`${point.id}: writing type ${type} is not supported`);
  return wordsOfRaw(point, rawFor(point, value)) ?? new Refusal(msg`${point.id}: ${value} does not fit into ${type}`);
}

/**
 * Converts a value to the nearest raw number. A level above 0 never gets the raw number of level 0, so rounding never switches a lamp off.
 * A float gets the value rounded to the decimals of the point, so that it reads back as the value that is shown.
 */
function rawFor({ transform, type, scale, offset, semantic, decimals }: PointProfile, value: number): number {
  if (transform === 'dali-log') return daliLevel(value);
  if (isFloatType(type)) {
    const factor = 10 ** decimals;
    const shown = Math.round(value * factor) / factor;
    return ((semantic === 'level' && shown === 0 ? value : shown) - offset) / scale + 0;
  }
  const [raw, darkRaw] = [value, 0].map((each) => Math.round((each - offset) / scale)) as [number, number];
  return semantic === 'level' && value > 0 && raw === darkRaw ? darkRaw + Math.sign(scale) : raw;
}

/** Whether the registers contain a pattern that means "no value". Profiles give it as in the frame, regardless of the sign of the type. */
function isSentinel(point: PointProfile, words: readonly number[]): boolean {
  const { type, invalid } = point;
  if (invalid.length === 0) return false;
  if (type === 'bit' || type === 'bits') return invalid.includes(rawOf(point, words) as number);
  const pattern = BigInt(`0x${bytesOfValue(point, words).toString('hex')}`);
  const isExact = pattern <= BigInt(Number.MAX_SAFE_INTEGER);
  return invalid.includes(isExact ? Number(pattern) : `0x${pattern.toString(16)}`);
}

/** Returns the share of light of a DALI level by the standard dimming curve; null for a level that has none, such as 255. Units: %. */
export function daliPct(level: number): number | null {
  if (level === 0) return 0;
  return level >= 1 && level <= DALI.maxLevel ? 10 ** ((level - 1) / DALI.levelsPerDecade - 1) : null;
}

/**
 * Returns the nearest DALI level, 0 to 254, for a share of light by the standard dimming curve. It is 0 only for 0 and below. A share above
 * 100 gives 254. Units: %.
 */
export function daliLevel(pct: number): number {
  if (pct <= 0) return 0;
  return Math.min(DALI.maxLevel, Math.max(1, Math.round(1 + DALI.levelsPerDecade * (Math.log10(pct) + 1))));
}
