/**
 * Tracks which readings have been delivered, and the account: every reading is delivered, stored or in a gap. Runs within the transactions of
 * the telemetry file.
 *
 * Shape: `cursor_seq`: all rows up to it are delivered; `cursor_part`: the delivered readings of the row that contains the cursor; `delivered`:
 * the delivered readings of this epoch.
 */
import type { StoreAccount } from '../../core/ports.ts';
import type { DeliveredUnstored } from '../messages.ts';
import type { SegmentFrame } from '../segment-codec.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { type Handle, type Piece, pieceAt, piecesAfter, tallyAfter } from './telemetry-handle.ts';

/** Rows read in one step of the cursor. */
const STEP_ROWS = 256;

/**
 * The cursor in the file, 0 if there is none. No frame up to this seq remains to be delivered: each is delivered or lost. Errors: throws
 * SQLite errors.
 */
export function cursorOf(db: Sqlite): number {
  return Number(getMeta(db, 'cursor_seq') ?? 0);
}

/** Moves the cursor forward to `wantedSeq`, but not beyond the last frame. Also updates the counts of delivered readings. */
export function moveCursor(handle: Handle, wantedSeq: number): void {
  const { db, frames } = handle;
  const [fromSeq, toSeq] = [cursorOf(db), Math.min(wantedSeq, frames.lastSeq())];
  if (toSeq <= fromSeq) return;
  const part = partUpTo(handle, toSeq);
  const delivered = deliveredOf(handle) + wholeBetween(handle, fromSeq, toSeq) - partOf(db) + part;
  setMeta(db, 'delivered', delivered);
  setMeta(db, 'cursor_part', part);
  setMeta(db, 'cursor_seq', toSeq);
}

/** Readings of rows whose last frame is after `fromSeq` and not after `toSeq`. */
function wholeBetween(handle: Handle, fromSeq: number, toSeq: number): number {
  let readings = 0;
  for (let seq = fromSeq; ; ) {
    const pieces = piecesAfter(handle, seq, STEP_ROWS);
    for (const piece of pieces) {
      if (piece.seq > toSeq) return readings;
      readings += piece.n;
      seq = piece.seq;
    }
    if (pieces.length === 0) return readings;
  }
}

/** Readings up to `seq` in the row that contains `seq` and later frames; 0 if a row ends at `seq`. */
function partUpTo(handle: Handle, seq: number): number {
  const piece = pieceAt(handle, seq + 1);
  return piece === undefined ? 0 : framesUpTo(piece, seq).reduce((sum, frame) => sum + frame.readings.length, 0);
}

/** The frames of a row up to `seq`. An unreadable row is reported as damaged by its reader. */
function framesUpTo(piece: Piece, seq: number): readonly SegmentFrame[] {
  if (piece.firstSeq > seq) return [];
  const read = piece.read();
  return read.kind === 'damaged' ? [] : read.frames.filter((frame) => frame.seq <= seq);
}

/** Returns how many of the `n` readings of this row are not delivered, by the cursor in the file. */
export function undeliveredOf(db: Sqlite, { seq, firstSeq, n }: Pick<Piece, 'seq' | 'firstSeq' | 'n'>): number {
  const cursorSeq = cursorOf(db);
  if (seq <= cursorSeq) return 0;
  return firstSeq <= cursorSeq ? n - partOf(db) : n;
}

/**
 * Corrects the count of delivered readings in the row that contains the cursor, after this row was inserted, changed or removed. Does
 * nothing for another row. `firstSeq` and `seq`: the first and last frame of the row.
 */
export function recountPart(handle: Handle, { seq, firstSeq }: Pick<Piece, 'seq' | 'firstSeq'>): void {
  const cursorSeq = cursorOf(handle.db);
  if (cursorSeq < firstSeq || cursorSeq >= seq) return;
  const part = partUpTo(handle, cursorSeq);
  if (part !== partOf(handle.db)) setMeta(handle.db, 'cursor_part', part);
}

/** Returns the number of stored frames after this seq. It is not exact after damage. */
export function framesBeyond(handle: Handle, seq: number): number {
  const piece = pieceAt(handle, seq + 1);
  return Math.max(0, tallyAfter(handle, seq).frames - (piece === undefined ? 0 : begunOf(piece, seq)));
}

function begunOf(piece: Piece, seq: number): number {
  const isWithoutHoles = piece.frames === piece.seq - piece.firstSeq + 1;
  return isWithoutHoles ? Math.max(0, seq - piece.firstSeq + 1) : framesUpTo(piece, seq).length;
}

/** Stored readings that are not delivered, by the cursor in the file. */
function backlogOf(handle: Handle): number {
  return tallyAfter(handle, cursorOf(handle.db)).readings - partOf(handle.db);
}

/**
 * Counts readings that were delivered and left memory before they were on disk. A call that repeats the last mark of the same run has no
 * effect.
 */
export function addDeliveredUnstored(handle: Handle, { mark, readings }: DeliveredUnstored, bootId: number): void {
  const { db } = handle;
  const name = `${bootId}:${mark}`;
  if (getMeta(db, 'delivered_unstored_mark') === name) return;
  setMeta(db, 'delivered', deliveredOf(handle) + readings);
  setMeta(db, 'delivered_unstored', deliveredUnstoredOf(db) + readings);
  setMeta(db, 'delivered_unstored_mark', name);
}

function deliveredUnstoredOf(db: Sqlite): number {
  return Number(getMeta(db, 'delivered_unstored') ?? 0);
}

/**
 * Returns the counts of readings since this file began: produced, delivered, stored but not delivered, and in gaps; and whether they
 * balance. Stored readings count as delivered up to the cursor in the file. Readings lost with the file before it count as produced and
 * in a gap.
 */
export function accountOf(handle: Handle): StoreAccount {
  const { uncommitted, all, estimates } = handle.gaps.readings();
  const produced = handle.frames.totalReadings() + uncommitted + deliveredUnstoredOf(handle.db);
  const delivered = deliveredOf(handle);
  const backlog = backlogOf(handle);
  return { produced, delivered, backlog, gaps: all, estimates, isBalanced: produced === delivered + backlog + all };
}

/**
 * Returns the number of stored readings that are not delivered, calculated from the counts in the file. May be below 0 if a count is
 * damaged.
 */
export function undeliveredByCount(handle: Handle): number {
  const { uncommitted, all } = handle.gaps.readings();
  return handle.frames.totalReadings() + uncommitted + deliveredUnstoredOf(handle.db) - deliveredOf(handle) - all;
}

/** In a file of a version without this count, every reading that is neither lost nor waiting counts as delivered. */
function deliveredOf(handle: Handle): number {
  const counted = getMeta(handle.db, 'delivered');
  if (typeof counted === 'number') return counted;
  const { uncommitted, all } = handle.gaps.readings();
  return handle.frames.totalReadings() - backlogOf(handle) - (all - uncommitted);
}

function partOf(db: Sqlite): number {
  return Number(getMeta(db, 'cursor_part') ?? 0);
}
