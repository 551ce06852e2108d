/**
 * A progress line at the foot of a terminal, redrawn in place and removed when the answer arrives.
 *
 * It is redrawn at a limited rate, so that a slow line is not filled with progress.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';

/** Source: 9600 baud carry 960 characters a second; a quarter of them is left to a line of this length. */
const REDRAW_MS = 250;
/** Longest line. Source: as above, four a second. */
const MAX_COLS = 60;

export interface StatusLine {
  /** Draws it, or drops it when the last one is too young. */
  show(text: string): void;
  /** Wipes it; nothing happens when none was drawn. */
  clear(): void;
}

export function createStatusLine(write: (text: string) => void, clock: Pick<Clock, 'monoMs'>): StatusLine {
  let shownCols = 0;
  let nextMono: MonoMs = 0;
  return {
    show(text) {
      const nowMono = clock.monoMs();
      if (nowMono < nextMono) return;
      nextMono = nowMono + REDRAW_MS;
      const line = text.slice(0, MAX_COLS);
      write(`\r${line.padEnd(shownCols)}`);
      shownCols = line.length;
    },
    clear() {
      if (shownCols > 0) write(`\r${' '.repeat(shownCols)}\r`);
      shownCols = 0;
      nextMono = 0;
    },
  };
}
