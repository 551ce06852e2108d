/**
 * The table `segment`: compacted frames, one row for about an hour. Segments are always older than all rows of `frame`. Runs within the
 * transactions of the telemetry file.
 *
 * Shape: a row's `seq` is that of its last frame.
 */
import { msg } from '../../core/message.ts';
import { encodeSegment, type OpenSegment, openSegment, type SegmentFrame, segmentCrc, segmentFrames } from '../segment-codec.ts';
import { type Sqlite, storeError, toStoreError } from '../sqlite.ts';
import type { BootTable } from './boot-table.ts';
import type { Read, Tally } from './frame-table.ts';
import type { SeriesTable } from './series-table.ts';

/**
 * A row of the table `segment`. `p`: its `frames` frames with numbers from `first_seq` to `seq`, encoded, with `n` readings from `t0_ms` to
 * `t1_ms`. The times are corrected where needed; they are `ANY_TIME` if unknown, or without a reading. `total`: readings ever committed, up
 * to and with this row. `thin`: `keep` of the last thinning that was tried; 1 for none. `crc`: as `segmentCrc` returns it.
 */
export interface SegmentRow {
  readonly seq: number;
  readonly first_seq: number;
  readonly t0_ms: number;
  readonly t1_ms: number;
  readonly n: number;
  readonly total: number;
  readonly thin: number;
  readonly crc: number;
  readonly p: Buffer;
  readonly frames: number;
}

/** A row of `segment` without its bytes, checksum and number of frames: its frame numbers, time range and counts of readings. */
export type SegmentLabel = Omit<SegmentRow, 'p' | 'crc' | 'frames'>;

/** A segment to insert. `firstSeq` and `seq`: the first and last frame number that it covers; some frames may have been removed. */
export interface NewSegment {
  readonly seq: number;
  readonly firstSeq: number;
  /** In the order of seq. */
  readonly frames: readonly SegmentFrame[];
  /** Readings ever committed, up to and with it. */
  readonly total: number;
  /** The last thinning, as `SegmentRow.thin`; 1 before the first. */
  readonly thin: number;
}

/** Stored as the time range of a segment whose real range is not known, or that has no readings. Units: ms. */
export const ANY_TIME = { fromMs: -8.64e15, toMs: 8.64e15 };

/**
 * Creates the functions that add, read and remove rows of the table `segment` of an open file. Errors: throws SQLite errors, and so do the
 * functions that use the database; `open` throws StoreError `corrupt`; `read` returns damage.
 */
export function createSegmentTable(db: Sqlite, series: SeriesTable, boots: BootTable) {
  const put = db.prepare(
    'INSERT OR REPLACE INTO segment(seq, first_seq, t0_ms, t1_ms, n, total, thin, crc, p, frames) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const after = db.prepare<[number, number], SegmentRow>('SELECT * FROM segment WHERE seq > ? ORDER BY seq LIMIT ?');
  const labels = db.prepare<[], SegmentLabel>('SELECT seq, first_seq, t0_ms, t1_ms, n, total, thin FROM segment ORDER BY seq');
  const at = db.prepare<[number], SegmentRow>('SELECT * FROM segment WHERE seq = ?');
  const tally = db.prepare<[number], Tally>(
    'SELECT count(*) AS rows, coalesce(sum(frames), 0) AS frames, coalesce(sum(n), 0) AS readings, coalesce(sum(length(p)), 0) AS bytes FROM segment WHERE seq > ?',
  );
  const remove = db.prepare('DELETE FROM segment WHERE seq = ?');
  /** Errors: throws StoreError `corrupt`. */
  const open = (row: SegmentRow): OpenSegment => {
    const { seq, first_seq: firstSeq, t0_ms: t0Ms, t1_ms: t1Ms, n: readings, total, thin, crc, p } = row;
    if (!(p instanceof Uint8Array)) throw storeError('corrupt', msg`segment up to ${seq}: no bytes`);
    const found = segmentCrc({ firstSeq, t0Ms, t1Ms, readings, total, thin }, p);
    if (found !== crc) throw storeError('corrupt', msg`segment up to ${seq}: checksum ${found}, expected ${crc}`);
    return openSegment(p);
  };
  return {
    after: (seq: number, maxRows: number): readonly SegmentRow[] => after.all(seq, maxRows),
    /** All segments, oldest first, without bytes. */
    labels: (): readonly SegmentLabel[] => labels.all(),
    at: (seq: number): SegmentRow | undefined => at.get(seq),
    /** Inserts a segment, or replaces the one with this `seq`. Its frames must be in the order of seq. */
    put: ({ seq, firstSeq, frames, total, thin }: NewSegment): void => {
      const p = encodeSegment(frames, (id) => series.decimalsOf(id) ?? 0);
      const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
      const { t0Ms, t1Ms } = spanOf(frames, boots);
      const crc = segmentCrc({ firstSeq, t0Ms, t1Ms, readings, total, thin }, p);
      put.run(seq, firstSeq, t0Ms, t1Ms, readings, total, thin, crc, p, frames.length);
    },
    open,
    read: (row: SegmentRow): Read => {
      try {
        return { kind: 'frames', frames: segmentFrames(open(row), series.decimalsOf) };
      } catch (error) {
        return { kind: 'damaged', cause: toStoreError(error, msg`segment up to ${row.seq}`) };
      }
    },
    tally: (afterSeq: number): Tally => tally.get(afterSeq) ?? { rows: 0, frames: 0, readings: 0, bytes: 0 },
    remove: (seq: number): void => {
      remove.run(seq);
    },
  };
}

/** Adds, reads and removes rows of the table `segment`, the compacted frames of an open file; see `createSegmentTable`. */
export type SegmentTable = ReturnType<typeof createSegmentTable>;

/** First and last time of any reading in the segment. */
function spanOf(frames: readonly SegmentFrame[], boots: BootTable): { t0Ms: number; t1Ms: number } {
  let [t0Ms, t1Ms] = [ANY_TIME.toMs, ANY_TIME.fromMs];
  for (const frame of frames) {
    if (!boots.isDated(frame.boot, frame.clockQuality)) return { t0Ms: ANY_TIME.fromMs, t1Ms: ANY_TIME.toMs };
    const shiftMs = boots.shiftMs(frame.boot, frame);
    for (const { atMs } of frame.readings) {
      t0Ms = Math.min(t0Ms, Math.round(atMs + shiftMs));
      t1Ms = Math.max(t1Ms, Math.round(atMs + shiftMs));
    }
  }
  return t0Ms > t1Ms ? { t0Ms: ANY_TIME.fromMs, t1Ms: ANY_TIME.toMs } : { t0Ms, t1Ms };
}
