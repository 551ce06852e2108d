/**
 * What a line counted in each quarter of an hour of the last day, so that trouble at certain hours is visible at any other hour.
 *
 * In bounded memory, lost when the agent stops. Time is an argument.
 */
import type { QuarterHour } from '../../core/bus-exam.ts';
import type { WallMs } from '../../core/clock.ts';

/**
 * Length of one part of the history of a line. Units: ms. Source: assumed; contactors and the start of discharge lamps disturb a line for 3
 * to 10 minutes. Confirmed by: the errors of a real line around dusk.
 */
export const QUARTER_MS = 15 * 60_000;
/** A day, so that the evening before is visible in the evening. */
const QUARTERS = 96;
const COUNTS = ['transactions', 'damaged', 'missed', 'noiseBytes'] as const;

/** Counts that are added to those of a quarter of an hour; an absent one adds nothing. */
export type QuarterCounts = Partial<Omit<QuarterHour, 'startMs' | 'sunDeg'>>;

/**
 * Creates an empty history of what a line counts in each quarter of an hour of the last day. Quarters are identified by the wall clock.
 * `note` adds counts, `quarters` returns them.
 */
export function createLineHistory() {
  const counts = new Uint32Array(QUARTERS * COUNTS.length);
  /** Number of the quarter in each place, since 1970; -1 for none. */
  const numbers = new Int32Array(QUARTERS).fill(-1);
  return {
    /** Adds to the quarter of this time. */
    note(atMs: WallMs, added: QuarterCounts): void {
      const number = Math.floor(atMs / QUARTER_MS);
      const place = number % QUARTERS;
      if (numbers[place] !== number) counts.fill(0, place * COUNTS.length, (place + 1) * COUNTS.length);
      numbers[place] = number;
      for (const [i, key] of COUNTS.entries())
        counts[place * COUNTS.length + i] = (counts[place * COUNTS.length + i] ?? 0) + (added[key] ?? 0);
    },
    /** The quarters of the last 24 hours that have counts, oldest first; the last one may be incomplete. */
    quarters(nowMs: WallMs): QuarterHour[] {
      const newest = Math.floor(nowMs / QUARTER_MS);
      return [...numbers]
        .flatMap((number, place) => (number >= 0 && number > newest - QUARTERS && number <= newest ? [{ number, place }] : []))
        .toSorted((a, b) => a.number - b.number)
        .map(({ number, place }) => {
          const [transactions = 0, damaged = 0, missed = 0, noiseBytes = 0] = counts.subarray(
            place * COUNTS.length,
            (place + 1) * COUNTS.length,
          );
          return { startMs: number * QUARTER_MS, transactions, damaged, missed, noiseBytes };
        });
    },
  };
}
