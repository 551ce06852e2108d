/**
 * All that was promised of one folder, by all writers that were killed on it.
 *
 * Owns the promises. Called between two rounds; judges what a promise alone can show: a seq given out twice.
 */
import type { Load } from './content.ts';
import type { CommittedFrame, WriterReport } from './writer.ts';

export interface CommandLedger {
  readonly seed: number;
  readonly load: Load;
  /** Committed and still owed, by seq. */
  readonly frames: ReadonlyMap<number, CommittedFrame>;
  /** Readings ever reported committed. */
  readonly readings: number;
  readonly lastSeq: number;
  /** `writtenSeq`: the highest cursor that the writer set. `foundSeq`: the highest cursor found in the store. */
  readonly cursor: { readonly writtenSeq: number; readonly foundSeq: number };
  /** The newest fact that was saved; null before the first. */
  readonly saved: { readonly round: number; readonly number: number } | null;
  readonly epoch: string | null;
  /**
   * Adds the report of the writer of this round. Returns the sequence numbers that are not above the one before, so were assigned twice.
   */
  add(round: number, said: WriterReport): readonly number[];
  /** Removes readings whose loss the store has recorded: they no longer have to be present. */
  release(seqs: readonly number[]): void;
  found(store: { readonly epoch: string; readonly cursorSeq: number }): void;
}

export function createCommandLedger(seed: number, load: Load): CommandLedger {
  const frames = new Map<number, CommittedFrame>();
  const ledger = {
    seed,
    load,
    frames,
    readings: 0,
    lastSeq: 0,
    cursor: { writtenSeq: 0, foundSeq: 0 },
    saved: null as CommandLedger['saved'],
    epoch: null as string | null,
    add: (round: number, said: WriterReport): readonly number[] => {
      const reused = said.frames.filter(({ seq }, i) => seq <= (said.frames[i - 1]?.seq ?? ledger.lastSeq)).map(({ seq }) => seq);
      for (const frame of said.frames) frames.set(frame.seq, frame);
      ledger.readings += said.frames.reduce((sum, { readings }) => sum + readings, 0);
      ledger.lastSeq = Math.max(ledger.lastSeq, said.frames.at(-1)?.seq ?? 0);
      ledger.cursor.writtenSeq = Math.max(ledger.cursor.writtenSeq, said.cursorSeq);
      if (said.saved > 0) ledger.saved = { round, number: said.saved };
      return reused;
    },
    release: (seqs: readonly number[]) => {
      for (const seq of seqs) frames.delete(seq);
    },
    found: ({ epoch, cursorSeq }: { readonly epoch: string; readonly cursorSeq: number }) => {
      // Before the first commit there may not even be a file.
      if (ledger.lastSeq > 0) ledger.epoch ??= epoch;
      ledger.cursor.foundSeq = Math.max(ledger.cursor.foundSeq, cursorSeq);
    },
  };
  return ledger;
}
