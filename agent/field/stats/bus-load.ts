/**
 * How busy a line is: the share of the last minute in which the wire was in use.
 */
import type { MonoMs } from '../../core/clock.ts';

/** The time over which the load is measured. Units: ms. */
const WINDOW_MS = 60_000;

/** Shape: `busyMs` is a counter that only grows. */
export interface BusLoad {
  sample(atMono: MonoMs, busyMs: number): void;
  /** Units: %, one decimal. */
  busyPct(): number;
}

export function createBusLoad(): BusLoad {
  let samples: { atMono: MonoMs; busyMs: number }[] = [];
  return {
    sample(atMono, busyMs) {
      samples = [...samples.filter((old) => atMono - old.atMono <= WINDOW_MS), { atMono, busyMs }];
    },
    busyPct() {
      const [first, last] = [samples[0], samples.at(-1)];
      if (first === undefined || last === undefined || last.atMono <= first.atMono) return 0;
      return Math.min(100, Math.round((1_000 * (last.busyMs - first.busyMs)) / (last.atMono - first.atMono)) / 10);
    },
  };
}
