/**
 * The tables of one open telemetry file, and the rows of both tables in the order of seq.
 */
import type { Setup } from '../messages.ts';
import type { Sqlite } from '../sqlite.ts';
import { type BootTable, createBootTable } from './boot-table.ts';
import { type FrameRow, FrameTable, type Read, type Tally } from './frame-table.ts';
import { createGapTable, type GapTable } from './gap-table.ts';
import { RecordTable } from './record-table.ts';
import { createSegmentTable, type SegmentRow, type SegmentTable } from './segment-table.ts';
import { createSeriesTable, type SeriesTable } from './series-table.ts';

/**
 * An open telemetry file: its connection, and access to its tables. `series`: the numbers of points; `boots`: the runs of the agent that
 * the file refers to; `frames`: frames as committed; `segments`: compacted frames; `gaps`: lost readings; `record`: decisions.
 */
export interface Handle {
  readonly db: Sqlite;
  readonly series: SeriesTable;
  readonly boots: BootTable;
  readonly frames: FrameTable;
  readonly segments: SegmentTable;
  readonly gaps: GapTable;
  readonly record: RecordTable;
}

/**
 * One row of the table `frame` or `segment`. `firstSeq` and `seq`: the first and last frame number that it covers. `read`: reads and checks
 * the content.
 */
export interface Piece {
  readonly kind: 'frames' | 'segment';
  readonly seq: number;
  readonly firstSeq: number;
  /**
   * Frames in it; in a segment, fewer than the numbers that it covers if some were removed or never used. For a row of `frame` this count
   * stays when its content is removed.
   */
  readonly frames: number;
  /** Readings in it, by its stored count; 0 for a row of `frame` whose content was removed. */
  readonly n: number;
  readonly read: () => Read;
}

/** Creates the access to the tables of an open file; create it again after a rollback. Errors: throws SQLite errors. */
export function openTables(db: Sqlite, setup: Setup): Handle {
  const series = createSeriesTable(db, setup);
  const boots = createBootTable(db, setup);
  const frames = new FrameTable(db, series, boots);
  return {
    db,
    series,
    boots,
    frames,
    segments: createSegmentTable(db, series, boots),
    gaps: createGapTable(db),
    record: new RecordTable(db),
  };
}

/**
 * Returns at most `maxRows` rows whose last frame is after `seq`, oldest first: rows of `segment`, or of `frame` once no segment is left.
 * Continue after the last one until none is returned.
 */
export function piecesAfter(handle: Handle, seq: number, maxRows: number): Piece[] {
  const segments = handle.segments.after(seq, maxRows);
  if (segments.length > 0) return segments.map((row) => segmentPiece(handle, row));
  return handle.frames.after(seq, maxRows).map((row) => framePiece(handle, row));
}

/** The row of `segment` or `frame` that covers the frame number `seq`, otherwise the next one; undefined if there is none. */
export function pieceAt(handle: Handle, seq: number): Piece | undefined {
  return piecesAfter(handle, seq - 1, 1)[0];
}

/** A row of the table `frame` as a piece. Its content is checked only when its `read` is called. */
export function framePiece({ frames }: Handle, row: FrameRow): Piece {
  return { kind: 'frames', seq: row.seq, firstSeq: row.seq - row.k + 1, frames: row.k, n: row.n, read: () => frames.read(row) };
}

/** A row of the table `segment` as a piece. Its content is checked only when its `read` is called. */
export function segmentPiece({ segments }: Handle, row: SegmentRow): Piece {
  return { kind: 'segment', seq: row.seq, firstSeq: row.first_seq, frames: row.frames, n: row.n, read: () => segments.read(row) };
}

/** Sums over the rows of both tables whose last frame is after `seq`. A row that begins earlier counts in full. */
export function tallyAfter({ frames, segments }: Handle, seq: number): Tally {
  const [a, b] = [segments.tally(seq), frames.tally(seq)];
  return { rows: a.rows + b.rows, frames: a.frames + b.frames, readings: a.readings + b.readings, bytes: a.bytes + b.bytes };
}
