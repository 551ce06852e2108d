/**
 * One reading as numbers: how its value is rounded and in which form it is stored. Pure.
 */
import type { Quality } from '../../core/words.ts';
import { MAX_SIGNED } from './byte-column.ts';

/** A reading whose point has become a number. */
export interface SeriesReading {
  readonly seriesId: number;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: number;
}

/** Shape: `flags` is the quality's place, plus four times the form. */
export interface Cell {
  readonly flags: number;
  readonly scaled: number;
  readonly double: number;
}

/** `decimals` of a series whose values are kept as they are: integers as integers, all others as doubles. */
export const EXACT = -1;
/** More decimals than any instrument on a street has; with more, a scaled integer is no smaller than a double. */
export const MAX_STORED_DECIMALS = 9;
/** How the value of a reading is kept. */
export const FORM = { none: 0, scaled: 1, double: 2 } as const;

const QUALITIES: readonly Quality[] = ['good', 'stale', 'bad', 'missing'];
/** Half of `MAX_SIGNED`, so that the difference of two never exceeds it. */
const MAX_SCALED = MAX_SIGNED / 2;

/** Shape: NaN and infinities become `bad` without a value; what does not fit a scaled integer is kept as a double. */
export function toCell({ value, quality }: SeriesReading, decimals: number): Cell {
  const index = QUALITIES.indexOf(quality);
  if (value === null) return { flags: index, scaled: 0, double: 0 };
  if (!Number.isFinite(value)) return { flags: QUALITIES.indexOf(index < 2 ? 'bad' : quality), scaled: 0, double: 0 };
  const scaled = Math.round(value * scaleOf(decimals));
  const asInteger = fits(scaled) && (decimals !== EXACT || scaled === value);
  return asInteger ? { flags: index + 4 * FORM.scaled, scaled, double: 0 } : { flags: index + 4 * FORM.double, scaled: 0, double: value };
}

/** The value of flags and the next number of the column that they name. */
export function cellValue(flags: number, decimals: number, next: { scaled(): number; double(): number }): number | null {
  const form = flags >> 2;
  if (form === FORM.none) return null;
  return form === FORM.scaled ? next.scaled() / scaleOf(decimals) : next.double();
}

/** The quality in the flags of a reading. */
export function qualityFromFlags(flags: number): Quality {
  return QUALITIES[flags & 3] ?? 'bad';
}

/** The value as a series of so many decimals keeps it. Shape: `EXACT` keeps all. */
export function roundTo(value: number, decimals: number): number {
  const scaled = Math.round(value * scaleOf(decimals));
  return decimals === EXACT || !fits(scaled) ? value : scaled / scaleOf(decimals);
}

/** A time that is no number becomes the frame's own. */
export function toOffsetMs(atMs: number, frameMs: number): number {
  const offsetMs = Math.round(atMs) - frameMs;
  return fits(offsetMs) ? offsetMs : 0;
}

/** Whether a number fits a column of differences. */
function fits(scaled: number): boolean {
  return Math.abs(scaled) <= MAX_SCALED;
}

function scaleOf(decimals: number): number {
  return decimals === EXACT ? 1 : 10 ** decimals;
}
