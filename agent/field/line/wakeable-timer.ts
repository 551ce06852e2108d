/**
 * The sleep of an idle line, which a new request ends early.
 */
import type { Clock, Timer } from '../../core/clock.ts';

/** Longest sleep of an idle line; an expired write is noticed by then. Units: ms. */
const IDLE_MS = 1_000;
/** Shortest sleep, so that a request that is due but not possible does not make the loop spin. Units: ms. */
const IDLE_MIN_MS = 0.1;

export interface WakeableTimer {
  /** Sleeps for the shortest of these, within bounds. Units: ms. */
  sleep(waitsMs: readonly number[]): Promise<void>;
  /** Ends the sleep now. Without a sleep nothing happens. */
  wake(): void;
}

export function createWakeableTimer(clock: Clock): WakeableTimer {
  let wake: () => void = () => {};
  return {
    sleep: (waitsMs) =>
      new Promise((resolve) => {
        let timer: Timer | undefined;
        wake = () => {
          timer?.cancel();
          wake = () => {};
          resolve();
        };
        timer = clock.after(Math.max(Math.min(IDLE_MS, ...waitsMs), IDLE_MIN_MS), () => wake());
      }),
    wake: () => wake(),
  };
}
