/**
 * The machine's clock and timers.
 *
 * Owns the only calls to them. Called by `app-run.ts`, which hands the clock to everybody.
 */
import type { Clock, ClockQuality, MonoMs, Timer } from './clock.ts';

/** What the last fraction of a precise wait sleeps on; nobody ever wakes it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));
/** Longest wait that blocks the loop. Units: ms. Source: `Atomics.wait(1.75)` measured p50 1.88, 0.14 ms of CPU; timers are only good to 1 ms. */
const BLOCKING_MS = 1.2;

export interface SystemClockOptions {
  /** Asked each time the quality is wanted; the answer comes from the service room. */
  readonly quality: () => ClockQuality;
  /** Added to the machine's wall clock, for rehearsals and the demo. Units: ms. */
  readonly wallOffsetMs?: number;
}

/**
 * The machine's own time.
 *
 * Node truncates the fraction of a timer's delay and may fire up to 1 ms early, so delays are rounded up here.
 * Source: measured on Node 24: `setTimeout(1.75)` fires after 1.14 ms (p50).
 */
export function createSystemClock({ quality, wallOffsetMs = 0 }: SystemClockOptions): Clock {
  const monoMs = (): MonoMs => performance.now();
  const after = (delayMs: number, fire: () => void): Timer => {
    const dueMono = monoMs() + delayMs;
    let handle = setTimeout(turn, Math.max(0, Math.ceil(delayMs)));
    function turn(): void {
      const restMs = dueMono - monoMs();
      if (restMs <= 0) fire();
      else handle = setTimeout(turn, Math.ceil(restMs));
    }
    return { cancel: () => clearTimeout(handle) };
  };
  const precisely = (dueMono: MonoMs, fire: () => void): Timer => {
    let handle: NodeJS.Timeout | undefined;
    let cancelled = false;
    const turn = (): void => {
      if (cancelled) return;
      const restMs = dueMono - monoMs();
      if (restMs > BLOCKING_MS) {
        handle = setTimeout(turn, Math.max(1, Math.floor(restMs - 1)));
        return;
      }
      if (restMs > 0) Atomics.wait(NEVER, 0, 0, restMs);
      // Never within the call that asked: the caller has yet to keep the timer.
      queueMicrotask(() => {
        if (!cancelled) fire();
      });
    };
    turn();
    return {
      cancel: () => {
        cancelled = true;
        clearTimeout(handle);
      },
    };
  };
  return { wallMs: () => Date.now() + wallOffsetMs, monoMs, quality, after, precisely };
}
