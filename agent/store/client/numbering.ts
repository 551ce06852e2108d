/**
 * The seq of a frame, known before the frame is on disk. Runs within the transactions of the telemetry file.
 *
 * The file has three facts: the run that numbers now, its base (seq = base + ticket), and up to which seq numbers are reserved. A frame
 * that was sent under a number and lost before its commit must not share that number with another frame. So only reserved numbers are sent,
 * and the next run begins above them.
 */
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';

/** What the main thread needs to number a frame by itself. */
export interface Numbering {
  readonly epoch: string;
  readonly base: number;
  readonly reservedSeq: number;
}

/**
 * Reserved ahead, and when that is renewed. Units: frames.
 *
 * Source: one a second, so that live data keeps its numbers over the longest commit window (3,600 s) and a disk that stalls for 8 min
 * beyond it; a frame without a number could not be acknowledged. Renewing costs a page each 68 min.
 */
const AHEAD = { block: 8_192, renewBelow: 4_096 };

/** The numbers of this run; undefined until it has numbered in this file. Errors: throws what SQLite throws. */
export function numberingOf(db: Sqlite, boot: string): Numbering | undefined {
  if (getMeta(db, 'seq_boot') !== boot) return undefined;
  return { epoch: String(getMeta(db, 'epoch')), base: Number(getMeta(db, 'seq_base')), reservedSeq: Number(getMeta(db, 'seq_reserved')) };
}

/**
 * The base for a frame that comes next; a run that is new to this file takes the numbers after all that were given out or reserved.
 *
 * Where a damaged count makes its numbers seem used, it begins again above them.
 */
export function baseFor(db: Sqlite, boot: string, at: { readonly lastSeq: number; readonly nextTicket: number }): number {
  const known = numberingOf(db, boot);
  if (known !== undefined && known.base + at.nextTicket > at.lastSeq) return known.base;
  const usedSeq = Math.max(at.lastSeq, Number(getMeta(db, 'seq_reserved') ?? 0));
  const base = usedSeq - (at.nextTicket - 1);
  setMeta(db, 'seq_boot', boot);
  setMeta(db, 'seq_base', base);
  setMeta(db, 'seq_reserved', usedSeq + AHEAD.block);
  return base;
}

/** Reserves more numbers once frames were added. */
export function reserveBeyond(db: Sqlite, lastSeq: number): void {
  if (lastSeq + AHEAD.renewBelow > Number(getMeta(db, 'seq_reserved') ?? 0)) setMeta(db, 'seq_reserved', lastSeq + AHEAD.block);
}

/** Frees the numbers above the last used one: no frame was sent under one of them. */
export function releaseReserved(db: Sqlite, lastSeq: number): void {
  setMeta(db, 'seq_reserved', lastSeq);
}
