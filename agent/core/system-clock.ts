/**
 * The machine's clock and timers; the only code that calls them.
 */
import type { Cabinet } from './cabinet.ts';
import type { Clock, ClockQuality, MonoMs, Timer } from './clock.ts';

/** Blocks the last fraction of a precise wait; it is never notified. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));
/**
 * Longest wait that blocks the loop. Units: ms.
 *
 * Timers are only good to 1 ms, so the rest is slept away. A bus that is alone may sleep through the whole silence between two frames of a
 * fast line, 1.75 ms, for a third of the CPU; where several share the loop, each would wait for the others.
 * Source: measured, 0.04 ms of CPU against 0.11 to 0.15 with a timer before.
 */
const BLOCKING_MS = { alone: 1.8, shared: 1.2 };

export interface SystemClockOptions {
  /** Called each time the quality is needed; the service room provides it. */
  readonly quality: () => ClockQuality;
  /** Added to the machine's wall clock, for rehearsals and the demo. Units: ms. */
  readonly wallOffsetMs?: number;
  /** One bus at most waits precisely. Default: several may. */
  readonly isBusAlone?: boolean;
}

/** Whether at most one line of these waits for the silence between frames: bytes of a raw UART come by themselves. */
export function isBusAlone(lines: Cabinet['lines']): boolean {
  return lines.filter(({ kind }) => kind === 'modbus').length < 2;
}

/**
 * The machine's own time.
 *
 * Node truncates the fraction of a timer's delay and may fire up to 1 ms early, so delays are rounded up here.
 * Source: measured on Node 24: `setTimeout(1.75)` fires after 1.14 ms (p50).
 */
export function createSystemClock({ quality, wallOffsetMs = 0, isBusAlone: isAlone = false }: SystemClockOptions): Clock {
  const blockingMs = isAlone ? BLOCKING_MS.alone : BLOCKING_MS.shared;
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
      if (restMs > blockingMs) {
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
