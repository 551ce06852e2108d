/**
 * The readings of one frame as a blob, and back.
 *
 * Owns the byte layout: version, count, then one column each of series ids, times, quality runs, scaled integers, doubles.
 * Never touches a file; series names and decimals are the caller's. Called by the telemetry file.
 */
import { crc32 } from 'node:zlib';
import { StoreError } from '../core/errors.ts';
import type { Quality } from '../core/words.ts';
import {
  type ByteReader,
  type ByteWriter,
  createWriter,
  MAX_SIGNED,
  MAX_VARINT_BYTES,
  putDouble,
  putSigned,
  putVarint,
  takeByte,
  takeDouble,
  takeSigned,
  takeVarint,
} from './byte-column.ts';

/** A reading whose point has become a number. */
export interface SeriesReading {
  readonly seriesId: number;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: number;
}

/** The other columns of a frame's row; the checksum covers them too. Shape: integers. */
export interface FrameHead {
  readonly boot: number;
  readonly ticket: number;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly clockQuality: number;
  readonly readings: number;
  readonly total: number;
}

/** `decimals` of a series whose values are kept as they are: integers as integers, all others as doubles. */
export const EXACT = -1;
/** More decimals than any instrument on a street has; beyond them a scaled integer gains nothing over a double. */
export const MAX_DECIMALS = 9;

const VERSION = 1;
const QUALITIES: readonly Quality[] = ['good', 'stale', 'bad', 'missing'];
/** How the value of a reading is kept. */
const FORM = { none: 0, scaled: 1, double: 2 } as const;
/** Half of `MAX_SIGNED`, so that the difference of two never exceeds it. */
const MAX_SCALED = MAX_SIGNED / 2;

interface Cell {
  readonly flags: number;
  readonly scaled: number;
  readonly double: number;
}

/**
 * The blob of these readings, in their order.
 *
 * Shape:  values are rounded to the decimals of their series; NaN and infinities become `bad` without a value; what does not
 *         fit a scaled integer is kept as a double.
 * Units:  times as ms against `frameMs`.
 */
export function encodeReadings(readings: readonly SeriesReading[], frameMs: number, decimalsOf: (seriesId: number) => number): Buffer {
  const writer = createWriter(2 + MAX_VARINT_BYTES * (1 + 4 * readings.length) + 10 * readings.length);
  const cells = readings.map((reading) => toCell(reading, decimalsOf(reading.seriesId)));
  putVarint(writer, VERSION);
  putVarint(writer, readings.length);
  putDeltas(
    writer,
    readings.map((reading) => reading.seriesId),
  );
  putDeltas(
    writer,
    readings.map((reading) => toOffsetMs(reading.atMs, frameMs)),
  );
  putRuns(
    writer,
    cells.map((cell) => cell.flags),
  );
  putDeltas(
    writer,
    cells.filter((cell) => cell.flags >> 2 === FORM.scaled).map((cell) => cell.scaled),
  );
  for (const cell of cells) if (cell.flags >> 2 === FORM.double) putDouble(writer, cell.double);
  return Buffer.from(writer.bytes.subarray(0, writer.offset));
}

/** The readings of a blob. Errors: throws StoreError `corrupt` for anything that `encodeReadings` cannot have written. */
export function decodeReadings(
  blob: Uint8Array,
  frameMs: number,
  decimalsOf: (seriesId: number) => number | undefined,
): readonly SeriesReading[] {
  const reader: ByteReader = { bytes: blob, offset: 0 };
  const version = takeVarint(reader);
  if (version !== VERSION) throw new StoreError('corrupt', `frame bytes: layout ${version}, this program knows ${VERSION}`);
  const count = takeVarint(reader);
  if (count > blob.length) throw new StoreError('corrupt', `frame bytes: ${count} readings announced in ${blob.length} bytes`);
  const ids = takeDeltas(reader, count);
  const offsetsMs = takeDeltas(reader, count);
  const flags = takeRuns(reader, count);
  const scaled = takeDeltas(reader, flags.filter((flag) => flag >> 2 === FORM.scaled).length);
  let nextScaled = 0;
  const readings = ids.map((seriesId, index): SeriesReading => {
    const flag = flags[index] ?? 0;
    const decimals = decimalsOf(seriesId);
    if (decimals === undefined) throw new StoreError('corrupt', `frame bytes: series ${seriesId} is not known`);
    const form = flag >> 2;
    const value = form === FORM.scaled ? (scaled[nextScaled++] ?? 0) / scaleOf(decimals) : form === FORM.double ? takeDouble(reader) : null;
    return { seriesId, value, quality: QUALITIES[flag & 3] ?? 'bad', atMs: frameMs + (offsetsMs[index] ?? 0) };
  });
  if (reader.offset !== blob.length) {
    throw new StoreError('corrupt', `frame bytes: ${blob.length - reader.offset} of ${blob.length} left over`);
  }
  return readings;
}

/** Checksum of a frame's row. SQLite's own checks do not notice flipped payload bytes. Source: reliability measurement, 500 flipped bytes pass `integrity_check`. */
export function frameCrc(head: FrameHead, blob: Uint8Array): number {
  const { boot, ticket, monoMs, wallMs, clockQuality, readings, total } = head;
  const columns = new Float64Array([boot, ticket, monoMs, wallMs, clockQuality, readings, total]);
  return crc32(blob, crc32(new Uint8Array(columns.buffer)));
}

/** The value as a series of so many decimals keeps it. Shape: `EXACT` keeps all. */
export function roundTo(value: number, decimals: number): number {
  const scaled = Math.round(value * scaleOf(decimals));
  return decimals === EXACT || !fits(scaled) ? value : scaled / scaleOf(decimals);
}

function toCell({ value, quality }: SeriesReading, decimals: number): Cell {
  const index = QUALITIES.indexOf(quality);
  if (value === null) return { flags: index, scaled: 0, double: 0 };
  if (!Number.isFinite(value)) return { flags: QUALITIES.indexOf(index < 2 ? 'bad' : quality), scaled: 0, double: 0 };
  const scaled = Math.round(value * scaleOf(decimals));
  const asInteger = fits(scaled) && (decimals !== EXACT || scaled === value);
  return asInteger ? { flags: index + 4 * FORM.scaled, scaled, double: 0 } : { flags: index + 4 * FORM.double, scaled: 0, double: value };
}

function scaleOf(decimals: number): number {
  return decimals === EXACT ? 1 : 10 ** decimals;
}

function fits(scaled: number): boolean {
  return Math.abs(scaled) <= MAX_SCALED;
}

/** A time that makes no sense becomes the frame's own. */
function toOffsetMs(atMs: number, frameMs: number): number {
  const offsetMs = Math.round(atMs) - frameMs;
  return fits(offsetMs) ? offsetMs : 0;
}

function putDeltas(writer: ByteWriter, values: readonly number[]): void {
  let before = 0;
  for (const value of values) {
    putSigned(writer, value - before);
    before = value;
  }
}

function takeDeltas(reader: ByteReader, count: number): readonly number[] {
  const values: number[] = [];
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += takeSigned(reader);
    if (!fits(before)) throw new StoreError('corrupt', `frame bytes: ${before} at byte ${reader.offset} is out of range`);
    values.push(before);
  }
  return values;
}

function putRuns(writer: ByteWriter, flags: readonly number[]): void {
  for (let start = 0; start < flags.length; ) {
    let end = start + 1;
    while (end < flags.length && flags[end] === flags[start]) end++;
    putVarint(writer, flags[start] ?? 0);
    putVarint(writer, end - start);
    start = end;
  }
}

function takeRuns(reader: ByteReader, count: number): readonly number[] {
  const flags: number[] = [];
  while (flags.length < count) {
    const flag = takeByte(reader);
    const length = takeVarint(reader);
    if (flag >> 2 > FORM.double || length === 0 || length > count - flags.length) {
      throw new StoreError('corrupt', `frame bytes: a run of ${length} with flags ${flag}, ${count - flags.length} readings are left`);
    }
    for (let i = 0; i < length; i++) flags.push(flag);
  }
  return flags;
}
