/**
 * Packs old frames into segments, removes rows that are too old or damaged, and records each loss. Runs within the transactions of the
 * telemetry file.
 */
import type { WallMs } from '../../core/clock.ts';
import type { CompactionReport } from '../../core/ports.ts';
import type { LossReason, RoomStep } from '../messages.ts';
import type { SegmentFrame } from '../segment-codec.ts';
import type { Sqlite } from '../sqlite.ts';
import { cursorOf, recountPart, undeliveredOf } from './account.ts';
import { isTrustedQuality } from './boot-table.ts';
import type { FrameHead } from './frame-codec.ts';
import type { FrameRow } from './frame-table.ts';
import { framePiece, type Handle, type Piece } from './telemetry-handle.ts';

/** Limits of one segment. Units: readings, ms. Source: reliability measurement: an hour of all series packs best; limited memory. */
const SEGMENT = { maxReadings: 30_000, maxSpanMs: 3_600_000 };
/** Most rows read for one segment. Source: an hour of commits, one each second. */
const MAX_ROWS = 3_600;

/**
 * Adds up the losses of one transaction, and writes them as gaps (`settle`). `note` takes the number of undelivered readings that are
 * removed. `atMs`: when they were lost.
 */
export function createLosses({ db, gaps }: Handle, atMs: WallMs) {
  const losses: { reason: LossReason; firstSeq: number; lastSeq: number; readings: number }[] = [];
  return {
    note: (reason: LossReason, { seq, firstSeq }: Pick<Piece, 'seq' | 'firstSeq'>, readings: number): void => {
      if (readings === 0) return;
      const fromSeq = Math.max(firstSeq, cursorOf(db) + 1);
      const last = losses.findLast((loss) => loss.reason === reason);
      if (last === undefined || (reason === 'corrupt' && fromSeq !== last.lastSeq + 1)) {
        losses.push({ reason, firstSeq: fromSeq, lastSeq: seq, readings });
        return;
      }
      last.firstSeq = Math.min(last.firstSeq, fromSeq);
      last.lastSeq = Math.max(last.lastSeq, seq);
      last.readings += readings;
    },
    /** Writes the gaps; call it once. Returns the number of readings by reason. */
    settle: (): RoomStep['lost'] => {
      for (const loss of losses) gaps.add({ ...loss, atMs });
      if (losses.length > 0) gaps.mergeOldest();
      const sums = new Map<LossReason, number>();
      for (const { reason, readings } of losses) sums.set(reason, (sums.get(reason) ?? 0) + readings);
      return [...sums].map(([reason, readings]) => ({ reason, readings }));
    },
  };
}

/** Collects the losses of one transaction with `note`; `settle` then writes them as gaps. See `createLosses`. */
export type Losses = ReturnType<typeof createLosses>;

/**
 * Removes the oldest rows of frames before the first that is not due, at most as many as one segment takes. The newest row stays. Packs the
 * frames of the undamaged rows, if any, into one segment. The undelivered readings of damaged rows are noted as lost. Returns null if it
 * removes no row.
 */
export function compactOne(handle: Handle, losses: Losses, isDue: (row: FrameRow) => boolean): CompactionReport | null {
  const rows = chooseRows(handle, isDue);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return null;
  const frames: SegmentFrame[] = [];
  for (const row of rows) {
    const read = handle.frames.read(row);
    if (read.kind === 'frames') frames.push(...read.frames);
    else losses.note('corrupt', framePiece(handle, row), undeliveredOf(handle.db, framePiece(handle, row)));
  }
  handle.frames.removeUpTo(last.seq);
  const bytesBefore = rows.reduce((sum, { p }) => sum + p.length, 0);
  const firstSeq = first.seq - first.k + 1;
  const segments = frames.length > 0 ? 1 : 0;
  if (segments > 0) handle.segments.put({ seq: last.seq, firstSeq, frames, total: last.total, thin: 1 });
  recountPart(handle, { seq: last.seq, firstSeq });
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  return { segments, frames: frames.length, readings, bytesBefore, bytesAfter: handle.segments.at(last.seq)?.p.length ?? 0 };
}

function chooseRows({ frames }: Handle, isDue: (row: FrameRow) => boolean): readonly FrameRow[] {
  const newest = frames.last()?.seq ?? 0;
  const rows = frames.after(0, MAX_ROWS);
  const chosen: FrameRow[] = [];
  let readings = 0;
  for (const row of rows) {
    const spanMs = chosen[0]?.boot === row.boot ? row.mono_ms - chosen[0].mono_ms : 0;
    const isFull = chosen.length > 0 && (readings + row.n > SEGMENT.maxReadings || spanMs >= SEGMENT.maxSpanMs);
    if (row.seq === newest || isFull || !isDue(row)) break;
    chosen.push(row);
    readings += row.n;
  }
  return chosen;
}

/**
 * Removes a row of frames or a segment, and notes its undelivered readings as lost for this reason. The newest row of the table `frame`
 * stays, without its readings.
 */
export function dropPiece(handle: Handle, losses: Losses, { piece, reason }: { piece: Piece; reason: LossReason }): void {
  losses.note(reason, piece, undeliveredOf(handle.db, piece));
  if (piece.kind === 'segment') handle.segments.remove(piece.seq);
  else if (piece.seq === handle.frames.last()?.seq) handle.frames.empty(piece.seq);
  else handle.frames.remove(piece.seq);
  recountPart(handle, piece);
}

/**
 * Passes the frames that have a trusted clock to the boot table, which learns the real time at which the monotonic clock was zero. All must
 * be of this run.
 */
export function learnTime({ boots }: Handle, frames: readonly Omit<FrameHead, 'ticket'>[]): void {
  for (const frame of frames) if (isTrustedQuality(frame.clockQuality)) boots.learn(frame);
}

/**
 * The size of the pages in use as this connection sees them, committed or not, without free pages. The size of the write-ahead log is not
 * added. Units: bytes.
 */
export function usedBytes(db: Sqlite): number {
  const pages = (name: string): number => Number(db.pragma(name, { simple: true }));
  return (pages('page_count') - pages('freelist_count')) * pages('page_size');
}
