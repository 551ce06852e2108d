/**
 * Reads the telemetry file: frames after a seq, pages of a time range, one point's history, and all rows to find damage. It caches the last
 * segment. Damage that it finds is returned to the caller; the file is not changed.
 */
import type { WallMs } from '../../core/clock.ts';
import type { ExportPage, ExportQuery, StoredFrame } from '../../core/ports.ts';
import type { SegmentFrame } from '../segment-codec.ts';
import { CLOCK_QUALITIES } from './frame-table.ts';
import { type Handle, type Piece, piecesAfter } from './telemetry-handle.ts';

/** A result that was read from the file, and the damaged rows that were skipped for it; they are still in the file. */
export interface Found<T> {
  readonly value: T;
  readonly damaged: readonly Piece[];
}

/**
 * Creates a reader of rows that caches the segment that was read last. `frames` returns the frames of a row, null for a damaged one;
 * `forget` empties the cache, and is required before a change of the file.
 */
export function createPieceMemory() {
  let last: { readonly seq: number; readonly n: number; readonly frames: readonly SegmentFrame[] } | null = null;
  return {
    frames: (piece: Piece): readonly SegmentFrame[] | null => {
      if (last !== null && piece.kind === 'segment' && last.seq === piece.seq && last.n === piece.n) return last.frames;
      const read = piece.read();
      if (read.kind === 'damaged') return null;
      if (piece.kind === 'segment') last = { seq: piece.seq, n: piece.n, frames: read.frames };
      return read.frames;
    },
    forget: (): void => {
      last = null;
    },
  };
}
type PieceMemory = ReturnType<typeof createPieceMemory>;

/** Rows fetched at the same time, including their bytes. */
const ROWS = 16;
/** Most rows read for one page of an export, and segments unpacked, so that commits can run in between. Source: as for a page of a history, whole segments take several times as long. */
const EXPORT = { rows: 64, segments: 4 };

/**
 * Returns up to `maxFrames` frames after `seq` with all their stored readings, oldest first. Damaged rows are skipped and returned in
 * `damaged`.
 */
export function framesAfter(
  handle: Handle,
  memory: PieceMemory,
  { seq, maxFrames }: { seq: number; maxFrames: number },
): Found<StoredFrame[]> {
  const value: StoredFrame[] = [];
  const damaged: Piece[] = [];
  for (let afterSeq = seq; value.length < maxFrames; ) {
    const pieces = piecesAfter(handle, afterSeq, ROWS);
    if (pieces.length === 0) break;
    for (const piece of pieces) {
      const frames = memory.frames(piece);
      if (frames === null) damaged.push(piece);
      for (const frame of frames ?? []) if (frame.seq > seq && value.length < maxFrames) value.push(toStored(handle, frame));
      afterSeq = piece.seq;
      if (value.length >= maxFrames) break;
    }
  }
  return { value, damaged };
}

/**
 * One page of the frames after `afterSeq` with readings in the time range, oldest first, with these readings only. `toMs` is excluded. A
 * page may be empty: continue with `nextSeq` until it is null. Damaged rows are skipped and returned in `damaged`; segments outside the
 * range are not read.
 */
export function exportPage(handle: Handle, memory: PieceMemory, query: ExportQuery): Found<Omit<ExportPage, 'epoch'>> {
  const frames: StoredFrame[] = [];
  const damaged: Piece[] = [];
  const spans = new Map(handle.segments.labels().map(({ seq, t0_ms: t0Ms, t1_ms: t1Ms }) => [seq, { t0Ms, t1Ms }]));
  let atSeq = query.afterSeq;
  for (let [rows, segments] = [0, 0]; rows < EXPORT.rows && segments < EXPORT.segments; rows++) {
    const [piece] = piecesAfter(handle, atSeq, 1);
    if (piece === undefined) return { value: { frames, nextSeq: null }, damaged };
    const span = spans.get(piece.seq);
    const isOutside = span !== undefined && (span.t1Ms < query.fromMs || span.t0Ms >= query.toMs);
    const all = isOutside ? [] : memory.frames(piece);
    if (!isOutside && piece.kind === 'segment') segments += 1;
    if (all === null) damaged.push(piece);
    for (const frame of all ?? []) {
      if (frame.seq <= atSeq) continue;
      if (frames.length >= query.maxFrames) return { value: { frames, nextSeq: frame.seq - 1 }, damaged };
      const stored = toStored(handle, frame);
      const readings = stored.readings.filter(({ atMs }) => atMs >= query.fromMs && atMs < query.toMs);
      if (readings.length > 0) frames.push({ ...stored, readings });
    }
    atSeq = piece.seq;
  }
  return { value: { frames, nextSeq: atSeq }, damaged };
}

/** Reads all rows of frames and segments. Returns the damaged ones, oldest first, and removes none. Errors: throws SQLite errors. */
export function allDamaged(handle: Handle): readonly Piece[] {
  const damaged: Piece[] = [];
  for (let seq = 0; ; ) {
    const pieces = piecesAfter(handle, seq, ROWS);
    for (const piece of pieces) {
      if (piece.read().kind === 'damaged') damaged.push(piece);
      seq = piece.seq;
    }
    if (pieces.length === 0) return damaged;
  }
}

/** The frame with the names of its points and corrected times. */
function toStored({ series, boots }: Handle, frame: SegmentFrame): StoredFrame {
  const shiftMs = boots.shiftMs(frame.boot, frame);
  const at = (atMs: WallMs): WallMs => atMs + shiftMs;
  return {
    seq: frame.seq,
    atMs: at(frame.wallMs),
    clockQuality: CLOCK_QUALITIES[frame.clockQuality] ?? 'none',
    isCorrected: shiftMs !== 0,
    readings: frame.readings.map(({ seriesId, value, quality, atMs }) => ({
      pointId: series.pointOf(seriesId),
      value,
      quality,
      atMs: at(atMs),
    })),
  };
}
