/**
 * A timer that fires after a time without a restart.
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';

export interface QuietTimer {
  /** Counts from now. May be called while it runs. */
  start(): void;
  /** Counts from now, if it runs. Cheap: no timer is moved. */
  restart(): void;
  stop(): void;
}

/** Calls `onQuiet` after each `quietMs` without a restart. Units: ms. */
export function createQuietTimer(clock: Clock, quietMs: number, onQuiet: () => void): QuietTimer {
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
    restart() {
      sinceMono = clock.monoMs();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
