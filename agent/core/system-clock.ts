/**
 * The machine's clock and timers; the only code that calls them.
 */
import type { Cabinet } from './cabinet.ts';
import { type Clock, type ClockQuality, type MonoMs, type Timer, wholeMicroseconds } from './clock.ts';

/** Waiting on it blocks for the last fraction of a precise wait; it is never notified. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));
/**
 * Longest wait that blocks the loop. Units: ms.
 *
 * Timers are only accurate to 1 ms, so the rest is a blocking sleep. If the loop serves only one bus, that bus may block for the whole
 * silence between two frames of a fast line, 1.75 ms, which costs a third of the CPU. With several buses, each would delay the others.
 * Source: measured, 0.04 ms of CPU; with a timer first 0.11 to 0.15 ms.
 */
const BLOCKING_MS = { alone: 1.8, shared: 1.2 };

/** Settings of the system clock: the quality that it reports, an offset of its wall time, and whether it serves one bus only. */
export interface SystemClockOptions {
  /** Returns the present quality of the wall clock. */
  readonly quality: () => ClockQuality;
  /** Added to the machine's wall clock, for rehearsals and the demo. Units: ms; default: 0. */
  readonly wallOffsetMs?: number;
  /** At most one bus uses `precisely`, so a wait for it may block the thread a little longer. Default: several may. */
  readonly isBusAlone?: boolean;
}

/** Returns whether at most one of these lines is a Modbus line, of RTU or TCP; true if there is none. */
export function isBusAlone(lines: Cabinet['lines']): boolean {
  return lines.filter(({ kind }) => kind === 'modbus').length < 2;
}

/**
 * Creates the clock of the machine, with real timers. Its monotonic time has whole microseconds. `after` does not fire early. `precisely`
 * may block the thread, which then sleeps, for at most the last 1.8 ms of its wait.
 *
 * Node may fire a timer up to 1 ms early. Source: measured on Node 24: `setTimeout(1.75)` fires after 1.14 ms (p50).
 */
export function createSystemClock({ quality, wallOffsetMs = 0, isBusAlone: isAlone = false }: SystemClockOptions): Clock {
  const blockingMs = isAlone ? BLOCKING_MS.alone : BLOCKING_MS.shared;
  const monoMs = (): MonoMs => wholeMicroseconds(performance.now());
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
      if (restMs > blockingMs) {
        handle = setTimeout(turn, Math.max(1, Math.floor(restMs - 1)));
        return;
      }
      if (restMs > 0) Atomics.wait(NEVER, 0, 0, restMs);
      // Never fires within the call that creates it: the caller does not have the timer yet.
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
