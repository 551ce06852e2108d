/**
 * The seq of a frame, assigned before the frame is on disk. Runs within the transactions of the telemetry file.
 *
 * The file has three facts: the run that numbers now, its base (seq = base + ticket), and the highest reserved seq. A frame can be sent
 * under a number and then lost before its commit; no other frame may get that number. So only reserved numbers are sent, and the next run
 * starts above them.
 */
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';

/**
 * What is needed to number a frame: seq = base + ticket. A frame whose seq would be above `reservedSeq` has no number yet. `epoch`: the
 * random identifier of the telemetry file.
 */
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

/**
 * Returns the numbers of this run in this file; undefined if the file is not numbered by this run. `boot`: `Setup.boot` of this run.
 * Errors: throws what SQLite throws.
 */
export function numberingOf(db: Sqlite, boot: string): Numbering | undefined {
  if (getMeta(db, 'seq_boot') !== boot) return undefined;
  return { epoch: String(getMeta(db, 'epoch')), base: Number(getMeta(db, 'seq_base')), reservedSeq: Number(getMeta(db, 'seq_reserved')) };
}

/**
 * Returns the base for the next frame: seq = base + ticket. A new base, for example for a run that is new to this file, is written to the
 * file and begins a new reservation. It gives no number that was used or reserved in this file before. `lastSeq`: the seq above which
 * frames are numbered. `nextTicket`: the ticket of the next frame. Errors: throws what SQLite throws.
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

/**
 * Reserves the next 8,192 numbers after `lastSeq` if fewer than 4,096 of them are reserved, otherwise changes nothing. `lastSeq`: the last
 * number that is used in the file. Errors: throws what SQLite throws.
 */
export function reserveBeyond(db: Sqlite, lastSeq: number): void {
  if (lastSeq + AHEAD.renewBelow > Number(getMeta(db, 'seq_reserved') ?? 0)) setMeta(db, 'seq_reserved', lastSeq + AHEAD.block);
}

/**
 * Ends the reservation at `lastSeq`, so that the next run continues after it. The caller ensures that no run has sent a frame under a
 * higher number. Errors: throws what SQLite throws.
 */
export function releaseReserved(db: Sqlite, lastSeq: number): void {
  setMeta(db, 'seq_reserved', lastSeq);
}
