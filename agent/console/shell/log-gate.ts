/**
 * Decides which log lines a slow terminal shows, and when.
 *
 * It has a budget of characters per second and a bounded buffer. While a pager, a watch or XOFF blocks the screen, older lines are
 * discarded and counted. Pure.
 */
import type { MonoMs } from '../../core/clock.ts';

/** Log lines that wait to be shown, and a budget of characters that may be sent for them. */
export interface LogGate {
  /** Adds the rows of one line; may discard the oldest waiting lines. */
  add(rows: readonly string[]): void;
  /**
   * Returns and removes all waiting rows, even if they exceed the rest of the budget, and how many lines before them were discarded. Empty
   * if nothing waits or the budget is used up.
   */
  take(nowMono: MonoMs): { readonly rows: readonly string[]; readonly leftOut: number };
  /** Charges the characters that were sent, including the redrawn prompt. The budget may fall below 0. */
  spent(chars: number): void;
  /** Returns how many lines wait, including discarded ones that `take` has not reported yet. */
  waiting(): number;
}

/**
 * Creates an empty gate. `charsPerSecond`: rate at which its budget grows, up to that of one second. If more text than that waits, the
 * oldest lines are discarded; the newest one stays.
 */
export function createLogGate(charsPerSecond: () => number, startMono: MonoMs): LogGate {
  let lines: (readonly string[])[] = [];
  let leftOut = 0;
  let budgetChars = charsPerSecond();
  let atMono = startMono;

  return {
    add(rows) {
      lines.push(rows);
      while (lines.length > 1 && charsOf(lines) > charsPerSecond()) {
        lines.shift();
        leftOut++;
      }
    },
    take(nowMono) {
      const rate = charsPerSecond();
      budgetChars = Math.min(rate, budgetChars + (rate * (nowMono - atMono)) / 1_000);
      atMono = nowMono;
      if (budgetChars <= 0) return { rows: [], leftOut: 0 };
      const taken = { rows: lines.flat(), leftOut };
      lines = [];
      leftOut = 0;
      return taken;
    },
    spent(chars) {
      budgetChars -= chars;
    },
    waiting: () => lines.length + leftOut,
  };
}

function charsOf(lines: readonly (readonly string[])[]): number {
  return lines.flat().reduce((chars, row) => chars + row.length + 1, 0);
}
