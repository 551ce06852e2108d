/**
 * Timers of a line: a sleep that a new request ends early, and one that fires after a time without a restart.
 */
import type { Clock, MonoMs, Timer } from '../core/clock.ts';

/** Longest sleep of an idle line; an expired write is noticed by then. Units: ms. */
const IDLE_MS = 1_000;
/** Shortest sleep, so that a request that is due but not possible does not cause a busy loop. Units: ms. */
const IDLE_MIN_MS = 0.1;

/** A timer for one sleep at a time, of 1 s at most, which can be ended early; see `createWakeableTimer`. */
export type WakeableTimer = ReturnType<typeof createWakeableTimer>;

/**
 * Creates a timer for one sleep at a time: `sleep` waits for about the shortest of some times, 1 s at most. `wake` ends the current sleep.
 */
export function createWakeableTimer(clock: Clock) {
  let wake: () => void = () => {};
  return {
    /** Sleeps for the shortest of these times, but 0.1 ms at least and 1 s at most; 1 s if there are none. Units: ms. */
    sleep: (waitsMs: readonly number[]): Promise<void> =>
      new Promise((resolve) => {
        let timer: Timer | undefined;
        wake = () => {
          timer?.cancel();
          wake = () => {};
          resolve();
        };
        timer = clock.after(Math.max(Math.min(IDLE_MS, ...waitsMs), IDLE_MIN_MS), () => wake());
      }),
    /** Ends the current sleep, if any. */
    wake: (): void => wake(),
  };
}

/** A timer that fires again and again after a time without a restart, once it is started and until it is stopped. */
export type QuietTimer = ReturnType<typeof createQuietTimer>;

/** Creates a timer that calls `onQuiet` after each `quietMs` without a restart, once it is started and until it is stopped. Units: ms. */
export function createQuietTimer(clock: Clock, quietMs: number, onQuiet: () => void) {
  let sinceMono: MonoMs = 0;
  let timer: Timer | undefined;
  const turn = (): void => {
    const restMs = sinceMono + quietMs - clock.monoMs();
    timer = clock.after(restMs > 0 ? restMs : quietMs, turn);
    if (restMs <= 0) onQuiet();
  };
  return {
    /** Starts or restarts the countdown. */
    start(): void {
      sinceMono = clock.monoMs();
      timer ??= clock.after(quietMs, turn);
    },
    /** Restarts the countdown if it runs. Cheap: no timer is replaced. */
    restart(): void {
      sinceMono = clock.monoMs();
    },
    stop(): void {
      timer?.cancel();
      timer = undefined;
    },
  };
}
