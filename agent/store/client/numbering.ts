/**
 * The seq of a frame, assigned before the frame is on disk. Runs within the transactions of the telemetry file.
 *
 * The file has three facts: the run that numbers now, its base (seq = base + ticket), and the highest reserved seq. A frame can be sent
 * under a number and then lost before its commit; no other frame may get that number. So only reserved numbers are sent, and the next run
 * starts above them.
 */
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';

/** What the main thread needs to number a frame without the storage thread: seq = base + ticket, if it is not above `reservedSeq`. */
export interface Numbering {
  readonly epoch: string;
  readonly base: number;
  readonly reservedSeq: number;
}

/**
 * Numbers reserved ahead, and when the reservation is renewed. Units: frames.
 *
 * Source: one frame a second, so that live data keeps its numbers over the longest commit window (3,600 s) plus a disk that stalls for
 * 8 min. A frame without a number could not be acknowledged. A renewal costs a page each 68 min.
 */
const AHEAD = { block: 8_192, renewBelow: 4_096 };

/** The numbers of this run; undefined until it has numbered a frame in this file. Errors: throws what SQLite throws. */
export function numberingOf(db: Sqlite, boot: string): Numbering | undefined {
  if (getMeta(db, 'seq_boot') !== boot) return undefined;
  return { epoch: String(getMeta(db, 'epoch')), base: Number(getMeta(db, 'seq_base')), reservedSeq: Number(getMeta(db, 'seq_reserved')) };
}

/**
 * The base for the next frame. A run that is new to this file starts above all numbers that were assigned or reserved.
 *
 * If a damaged count makes its numbers appear used, the run starts again above them.
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

/** Reserves more numbers after frames were added. */
export function reserveBeyond(db: Sqlite, lastSeq: number): void {
  if (lastSeq + AHEAD.renewBelow > Number(getMeta(db, 'seq_reserved') ?? 0)) setMeta(db, 'seq_reserved', lastSeq + AHEAD.block);
}

/** Frees the numbers above the last used one, because no frame was sent under them. */
export function releaseReserved(db: Sqlite, lastSeq: number): void {
  setMeta(db, 'seq_reserved', lastSeq);
}
