/**
 * Which of the rows that were read go out together, and what must be said of numbers that hold nothing.
 *
 * Owns that choice. Pure.
 */
import type { StoredFrame } from '../../core/ports.ts';
import { isRangeSent, isSent, type Ledger, sentUpTo } from './ledger.ts';
import type { SeqRange } from './seq-ranges.ts';

/** Frames that leave as one; none where only numbers without a row are told. */
export interface RowBatch {
  readonly rows: SeqRange;
  readonly frames: readonly StoredFrame[];
}

/**
 * The rows in portions without those that left already; each portion reaches down to where the one before ended.
 *
 * Numbers are missing where a run was killed, where rows went under the byte cap or by age, and where bytes were damaged. A platform
 * that waits for them without a hole would wait for ever, so that every number is named once; what was lost is told as a gap besides.
 */
export function planBacklog(ledger: Ledger, read: readonly StoredFrame[]): readonly RowBatch[] {
  const portions: RowBatch[] = [];
  let frames: StoredFrame[] = [];
  let fromSeq = sentUpTo(ledger) + 1;
  const close = (toSeq: number): void => {
    const rows = { from: fromSeq, to: toSeq };
    if (toSeq >= fromSeq && !isRangeSent(ledger, rows)) portions.push({ rows, frames });
    frames = [];
    fromSeq = toSeq + 1;
  };
  for (const frame of read) {
    if (!isSent(ledger, frame.seq)) frames.push(frame);
    else {
      close(frame.seq - 1);
      fromSeq = frame.seq + 1;
    }
  }
  const last = frames.at(-1);
  if (last !== undefined) close(last.seq);
  return portions;
}
