/**
 * A progress line at the bottom of a terminal, redrawn in place and removed when the answer arrives.
 *
 * The redraw rate is limited, so that progress does not fill a slow line.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';

/** Source: 9600 baud carry 960 characters per second; a line of this length uses a quarter of them. */
const REDRAW_MS = 250;
/** Longest line. Units: columns. Source: as above, four redraws per second. */
const MAX_COLS = 60;

/** A progress line at the bottom of a terminal. */
export interface StatusLine {
  /** Draws the text over the one before; a long one is cut. A call soon after the last drawing may be ignored. */
  show(text: string): void;
  /** Erases the line, if one was drawn. */
  clear(): void;
}

/** Creates a progress line. `write` receives what is drawn and erased; nothing before `show`. `clock` limits how often it is drawn. */
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
