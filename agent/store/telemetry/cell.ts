/**
 * One reading as numbers: the rounding of its value, its storage form, and the columns of many readings. Pure.
 */
import type { Quality } from '../../core/words.ts';
import {
  type ByteReader,
  type ByteWriter,
  MAX_SIGNED,
  putDeltas,
  putDouble,
  putRuns,
  takeDeltas,
  takeDouble,
  takeRuns,
} from './byte-column.ts';

/**
 * A reading with the number of its series in the file, in place of its point. `value`: null if it has none. `atMs`: the wall time of the
 * reading as it was recorded, not corrected later.
 */
export interface SeriesReading {
  readonly seriesId: number;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: number;
}

/**
 * A reading in the form in which it is stored. `offsetMs` is relative to the frame's time. `flags`: the quality, and whether the value is
 * `scaled`, `double` or none. `scaled`: the value times 10 to the power of the decimals, rounded; for `EXACT` the value itself. A field
 * that is not used is 0.
 */
export interface Cell {
  readonly offsetMs: number;
  readonly flags: number;
  readonly scaled: number;
  readonly double: number;
}

/** The value of `decimals` for a series whose values are not rounded. */
export const EXACT = -1;
/**
 * Largest number of decimals to which a series is rounded. The values of a series that is configured with more are not rounded.
 */
export const MAX_STORED_DECIMALS = 9;
/** The storage form of a value. */
const FORM = { none: 0, scaled: 1, double: 2 } as const;

const QUALITIES: readonly Quality[] = ['good', 'stale', 'bad', 'missing'];
/** Half of `MAX_SIGNED`, so that the difference of two values never exceeds it. */
const MAX_SCALED = MAX_SIGNED / 2;
const MAX_FLAGS = 4 * FORM.double + 3;

/**
 * Converts a reading into the form in which it is stored. The value is rounded to `decimals` if it then fits a scaled integer. It is not
 * rounded for `EXACT`: then only a whole number is `scaled`. NaN and infinities get no value, and the quality `bad` or `missing`. The time
 * is rounded to ms; one that is not a number or too far away becomes `frameMs`.
 */
export function toCell({ value, quality, atMs }: SeriesReading, frameMs: number, decimals: number): Cell {
  const offsetMs = toOffsetMs(atMs, frameMs);
  const index = QUALITIES.indexOf(quality);
  if (value === null) return { offsetMs, flags: index, scaled: 0, double: 0 };
  if (!Number.isFinite(value)) return { offsetMs, flags: QUALITIES.indexOf(index < 2 ? 'bad' : quality), scaled: 0, double: 0 };
  const scaled = Math.round(value * scaleOf(decimals));
  const asInteger = fits(scaled) && (decimals !== EXACT || scaled === value);
  if (asInteger) return { offsetMs, flags: index + 4 * FORM.scaled, scaled, double: 0 };
  return { offsetMs, flags: index + 4 * FORM.double, scaled: 0, double: value };
}

/** Writes cells as columns, in their order, for `takeCells`. Does not write how many cells there are. */
export function putCells(writer: ByteWriter, cells: readonly Cell[]): void {
  putDeltas(writer, cells, ({ offsetMs }) => offsetMs);
  putRuns(writer, cells, ({ flags }) => flags);
  const scaled = cells.filter(({ flags }) => flags >> 2 === FORM.scaled);
  putDeltas(writer, scaled, (cell) => cell.scaled);
  for (const { flags, double } of cells) if (flags >> 2 === FORM.double) putDouble(writer, double);
}

/**
 * Reads the columns of `count` cells. A call of the returned function gives the next reading, in the order of writing; call it `count`
 * times before reading further. `frameMs` and `decimals`: as for `toCell`. Errors: both functions throw StoreError `corrupt`, for example
 * if the bytes end.
 */
export function takeCells(reader: ByteReader, count: number): (seriesId: number, frameMs: number, decimals: number) => SeriesReading {
  const offsetsMs = takeDeltas(reader, count);
  const flags = takeRuns(reader, count, MAX_FLAGS);
  const scaled = takeDeltas(reader, flags.filter((flag) => flag >> 2 === FORM.scaled).length);
  let [next, nextScaled] = [0, 0];
  return (seriesId, frameMs, decimals) => {
    const flag = flags[next] ?? 0;
    const atMs = frameMs + (offsetsMs[next] ?? 0);
    next += 1;
    const form = flag >> 2;
    const number = (): number => (form === FORM.scaled ? (scaled[nextScaled++] ?? 0) / scaleOf(decimals) : takeDouble(reader));
    return { seriesId, value: form === FORM.none ? null : number(), quality: QUALITIES[flag & 3] ?? 'bad', atMs };
  };
}

/** Returns the value rounded to this many decimals; unchanged if `decimals` is `EXACT` or the value is too large for a scaled integer. */
export function roundTo(value: number, decimals: number): number {
  const scaled = Math.round(value * scaleOf(decimals));
  return decimals === EXACT || !fits(scaled) ? value : scaled / scaleOf(decimals);
}

/** A time that is not a number becomes the frame's time. */
function toOffsetMs(atMs: number, frameMs: number): number {
  const offsetMs = Math.round(atMs) - frameMs;
  return fits(offsetMs) ? offsetMs : 0;
}

/** Whether a number fits into a column of differences. */
function fits(scaled: number): boolean {
  return Math.abs(scaled) <= MAX_SCALED;
}

function scaleOf(decimals: number): number {
  return decimals === EXACT ? 1 : 10 ** decimals;
}
