/**
 * Encodes the frames of one commit as a blob, and decodes it. All frames of a commit share a row, because a row costs 40 bytes, as much as ten readings.
 *
 * Shape: version, count of frames, columns of their heads, then for all their readings one column each of series ids, times, quality runs,
 * scaled integers, doubles. After the version deflated if that is shorter. The caller keeps the names and decimals of series.
 */

import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import {
  type ByteReader,
  createByteWriter,
  expectEnd,
  MAX_VARINT_BYTES,
  putDeltas,
  putRuns,
  putVarint,
  takeCount,
  takeDeltas,
  takeRuns,
  takeVarint,
} from './byte-column.ts';
import { putCells, type SeriesReading, takeCells, toCell } from './cell.ts';

/**
 * The head of a frame, without its readings. `ticket`: its number in its run of the agent, from 1. The times are those at which it was
 * made, not corrected later: `monoMs` by the run's monotonic clock, `wallMs` since 1970. Shape: integers; `clockQuality` is the index in
 * `CLOCK_QUALITIES`.
 */
export interface FrameHead {
  readonly ticket: number;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly clockQuality: number;
}

/** A frame whose readings have numbers of series in place of points. */
export interface SeriesFrame extends FrameHead {
  readonly readings: readonly SeriesReading[];
}

/**
 * The columns of a row of frames that its checksum covers. The head is that of the last frame. `boot`: number of the run in this file.
 * `readings`: their number in this row. `total`: readings ever committed, up to and with this row. Shape: integers.
 */
export interface RowHead extends FrameHead {
  readonly boot: number;
  readonly readings: number;
  readonly total: number;
}

/** 1: the readings of a single frame, whose head is in the row. 3: as 2, deflated. */
const VERSION = { single: 1, many: 2, deflated: 3 } as const;
/** Far above any valid size; a damaged blob must not fill the memory. Units: bytes. */
const MAX_UNPACKED_BYTES = 4 * 2 ** 20;

/** The highest index in `CLOCK_QUALITIES`. A stored quality above it is damage. */
export const MAX_CLOCK_QUALITY = 3;

/**
 * Encodes frames in the given order, for `decodeFrames`. Values and times of readings are converted as by `toCell`. `decimalsOf` gives the
 * decimals to which a series is rounded, or `EXACT`.
 */
export function encodeFrames(frames: readonly SeriesFrame[], decimalsOf: (seriesId: number) => number): Buffer {
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  const writer = createByteWriter(2 * MAX_VARINT_BYTES + MAX_VARINT_BYTES * (5 * frames.length + 4 * readings) + 10 * readings);
  putVarint(writer, VERSION.many);
  putVarint(writer, frames.length);
  for (const column of ['ticket', 'monoMs', 'wallMs'] as const) putDeltas(writer, frames, (frame) => frame[column]);
  putRuns(writer, frames, ({ clockQuality }) => clockQuality);
  for (const frame of frames) putVarint(writer, frame.readings.length);
  const all = frames.flatMap(({ wallMs, readings: own }) => own.map((reading) => ({ reading, wallMs })));
  putDeltas(writer, all, ({ reading }) => reading.seriesId);
  const cells = all.map(({ reading, wallMs }) => toCell(reading, wallMs, decimalsOf(reading.seriesId)));
  putCells(writer, cells);
  return packed(writer.bytes.subarray(0, writer.offset));
}

/** Units: bytes. Source: measured, 5.4 bytes a reading become 3.2 in a commit of ten seconds. */
function packed(plain: Buffer): Buffer {
  const deflated = deflateRawSync(plain.subarray(1));
  return deflated.length + 1 < plain.length ? Buffer.concat([Buffer.from([VERSION.deflated]), deflated]) : Buffer.from(plain);
}

/** The same bytes after a version byte that is not deflated. */
function unpacked(blob: Uint8Array): Uint8Array {
  return blob[0] === VERSION.deflated ? Buffer.concat([Buffer.from([VERSION.many]), unpack(blob.subarray(1), MAX_UNPACKED_BYTES)]) : blob;
}

/**
 * Decodes the frames of a blob; `only` is the head of the single frame in the older layout. `decimalsOf`: as for the encoding. Errors:
 * throws StoreError `corrupt` for data that are not valid, a layout that it does not support, and a series whose decimals are undefined.
 */
export function decodeFrames(blob: Uint8Array, only: FrameHead, decimalsOf: (seriesId: number) => number | undefined): SeriesFrame[] {
  const reader: ByteReader = { bytes: unpacked(blob), offset: 0 };
  const version = takeVarint(reader);
  if (version !== VERSION.single && version !== VERSION.many)
    throw new StoreError('corrupt', msg`stored bytes: layout ${version}, this program supports ${VERSION.deflated}`);
  const heads = version === VERSION.single ? [{ ...only, count: takeCount(reader) }] : takeHeads(reader);
  const wallMs = heads.flatMap((head) => Array.from({ length: head.count }, () => head.wallMs));
  const readings = takeReadings(reader, wallMs, decimalsOf);
  expectEnd(reader);
  let from = 0;
  return heads.map(({ count, ticket, monoMs, wallMs: ownMs, clockQuality }) => {
    const own = readings.slice(from, from + count);
    from += count;
    return { ticket, monoMs, wallMs: ownMs, clockQuality, readings: own };
  });
}

function takeHeads(reader: ByteReader): (FrameHead & { readonly count: number })[] {
  const frames = takeCount(reader);
  const [tickets, monos, walls] = [takeDeltas(reader, frames), takeDeltas(reader, frames), takeDeltas(reader, frames)];
  const qualities = takeRuns(reader, frames, MAX_CLOCK_QUALITY);
  return qualities.map((clockQuality, i) => ({
    ticket: tickets[i] ?? 0,
    monoMs: monos[i] ?? 0,
    wallMs: walls[i] ?? 0,
    clockQuality,
    count: takeCount(reader),
  }));
}

function takeReadings(
  reader: ByteReader,
  wallMs: readonly number[],
  decimalsOf: (seriesId: number) => number | undefined,
): SeriesReading[] {
  const count = wallMs.length;
  if (count > reader.bytes.length) throw new StoreError('corrupt', msg`stored bytes: ${count} readings announced`);
  const ids = takeDeltas(reader, count);
  const next = takeCells(reader, count);
  return ids.map((seriesId, i) => {
    const decimals = decimalsOf(seriesId);
    if (decimals === undefined) throw new StoreError('corrupt', msg`stored bytes: series ${seriesId} is not known`);
    return next(seriesId, wallMs[i] ?? 0, decimals);
  });
}

/**
 * Returns the checksum (CRC-32) of a row: of these columns and the bytes. Source: reliability measurement, 500 flipped bytes pass
 * `integrity_check`.
 */
export function frameRowCrc({ boot, ticket, monoMs, wallMs, clockQuality, readings, total }: RowHead, blob: Uint8Array): number {
  const columns = new Float64Array([boot, ticket, monoMs, wallMs, clockQuality, readings, total]);
  return crc32(blob, crc32(new Uint8Array(columns.buffer)));
}

/**
 * Inflates bytes (raw deflate). Errors: throws StoreError `corrupt` for data that cannot be inflated, would exceed `maxBytes`, or have
 * extra bytes at the end.
 */
export function unpack(blob: Uint8Array, maxBytes: number): Uint8Array {
  let found: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` zlib also returns how many bytes it used; its types do not declare that.
    found = inflateRawSync(blob, { maxOutputLength: maxBytes, info: true }) as unknown as typeof found;
  } catch (cause) {
    throw new StoreError('corrupt', msg`stored bytes: they do not unpack`, { cause });
  }
  if (found.engine.bytesWritten !== blob.length)
    throw new StoreError('corrupt', msg`stored bytes: ${blob.length - found.engine.bytesWritten} of ${blob.length} left over`);
  return found.buffer;
}
