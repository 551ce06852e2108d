/** Learns the loads that are the cabinet's own: those that returned on another day. */
import type { MonoMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';

/** Days that are remembered. Source: assumed; a weekly market returns twice within them. Confirmed by: loads of a cabinet over a season. */
const DAYS = 15;
/** Least time between the ends of two days. Units: ms. Source: the days of one place end about 24 h apart; lamps that are lit for a test end none. */
const DAY_MS = 12 * HOUR_MS;

/**
 * The highest unexpected load of each of the last fifteen days that have ended, by index of the meter. The second highest of them was
 * reached on two days, so it is usual. The caller ends each day, or night, with `end`.
 */
export class OwnLoads {
  readonly #days: Float32Array;
  readonly #count: Uint32Array;
  readonly #todayW: Float64Array;
  readonly #lastW: Float64Array;
  readonly #endedMono: Float64Array;

  constructor(meters: number) {
    this.#days = new Float32Array(meters * DAYS);
    this.#count = new Uint32Array(meters);
    this.#todayW = new Float64Array(meters);
    this.#lastW = new Float64Array(meters);
    this.#endedMono = new Float64Array(meters).fill(Number.NEGATIVE_INFINITY);
  }

  /** Notes the unexpected load of one reading; 0 for none. A load counts if two readings in sequence have it. Units: W. */
  note(meter: number, loadW: number): void {
    this.#todayW[meter] = Math.max(this.#todayW[meter] ?? 0, Math.min(loadW, this.#lastW[meter] ?? 0));
    this.#lastW[meter] = loadW;
  }

  /**
   * Ends the day, or the night, of a meter. The first call ends none, because the day may have been counted before a restart. A call less
   * than 12 hours after the first call, or after one that ended a day, has no effect.
   */
  end(meter: number, at: MonoMs): void {
    const endedMono = this.#endedMono[meter] ?? 0;
    if (at - endedMono < DAY_MS) return;
    this.#endedMono[meter] = at;
    // After a start the day may have been counted before.
    if (endedMono === Number.NEGATIVE_INFINITY) return;
    const count = this.#count[meter] ?? 0;
    this.#days[meter * DAYS + (count % DAYS)] = this.#todayW[meter] ?? 0;
    this.#count[meter] = count + 1;
    this.#todayW[meter] = 0;
    this.#lastW[meter] = 0;
  }

  /** Returns the highest load that was reached on at least so many of the last days that have ended; 0 without one. Units: W. */
  usualW(meter: number, days: 1 | 2 = 2): number {
    let [highest, second] = [0, 0];
    for (const loadW of this.#days.subarray(meter * DAYS, (meter + 1) * DAYS)) {
      second = Math.max(second, Math.min(highest, loadW));
      highest = Math.max(highest, loadW);
    }
    return days === 1 ? highest : second;
  }

  /** Returns the highest loads of the last days of a meter for the store, the oldest first; 0 for a day without one. Units: W. */
  stored(meter: number): readonly number[] {
    const oldest = (this.#count[meter] ?? 0) % DAYS;
    return Array.from({ length: DAYS }, (_, day) => Math.round(this.#days[meter * DAYS + ((oldest + day) % DAYS)] ?? 0));
  }

  /** Restores the days that `stored` returned. A value that is not a finite number is skipped. */
  restore(meter: number, days: unknown): void {
    if (!Array.isArray(days)) return;
    for (const [at, loadW] of days.slice(0, DAYS).entries())
      if (typeof loadW === 'number' && Number.isFinite(loadW)) this.#days[meter * DAYS + at] = Math.max(0, loadW);
  }
}
