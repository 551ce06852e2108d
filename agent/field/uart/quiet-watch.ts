/**
 * Notices that nothing has been heard for a while.
 *
 * Owns one timer. Knows not what is heard.
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';

export interface QuietWatch {
  /** Counts from now. Safe to call twice. */
  start(): void;
  heard(): void;
  stop(): void;
}

/** Calls `onQuiet` after each `quietMs` in which nothing was heard. Hearing is cheap: no timer is moved. Units: ms. */
export function createQuietWatch(clock: Clock, quietMs: number, onQuiet: () => void): QuietWatch {
  let sinceMono: MonoMs = 0;
  let timer: Timer | undefined;
  const turn = (): void => {
    const restMs = sinceMono + quietMs - clock.monoMs();
    timer = clock.after(restMs > 0 ? restMs : quietMs, turn);
    if (restMs <= 0) onQuiet();
  };
  return {
    start() {
      sinceMono = clock.monoMs();
      timer ??= clock.after(quietMs, turn);
    },
    heard() {
      sinceMono = clock.monoMs();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
