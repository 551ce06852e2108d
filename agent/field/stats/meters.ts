/**
 * Meters of a line: the spread of values, the share of busy time, and the share of the console in its counters. In bounded memory.
 */
import { freshCounters } from '../../../drivers/modbus/modbus-link.ts';
import type { ConsoleCounts, Spread } from '../../core/bus-tools.ts';
import type { MonoMs } from '../../core/clock.ts';
import type { LineCounters } from '../../core/driver.ts';
import { quantile } from '../../core/quantile.ts';

/**
 * Values kept. Source: assumed; enough for a 99th percentile, and 2 KB per unit. Confirmed by: percentiles of a recorded day computed from 256 values
 * and from all.
 */
const RING = 256;

/**
 * Creates a meter for the median, 95th and 99th percentile and maximum of a series of values. `count` counts all values; the rest describes
 * the newest 256, rounded to one decimal.
 */
export function createSpreadMeter() {
  const ring = new Float64Array(RING);
  let count = 0;
  return {
    note(value: number): void {
      ring[count % RING] = value;
      count++;
    },
    /** Null before the first value. */
    spread(): Spread | null {
      if (count === 0) return null;
      const kept = ring.subarray(0, Math.min(count, RING));
      const at = (share: number): number => tenths(quantile(kept, share));
      return { count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
    },
  };
}

/** Returns the value rounded to one decimal. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The time over which the load is measured. Units: ms. */
const WINDOW_MS = 60_000;

/**
 * Measures the share of time in which a line was in use, over about the last minute. `sample` takes `busyMs`, the total time in use so far,
 * in ms.
 */
export type BusLoad = ReturnType<typeof createBusLoad>;

/** Creates a meter, without samples, for the share of time in which a line was in use over about the last minute; see `BusLoad`. */
export function createBusLoad() {
  let samples: { atMono: MonoMs; busyMs: number }[] = [];
  return {
    sample(atMono: MonoMs, busyMs: number): void {
      samples = [...samples.filter((old) => atMono - old.atMono <= WINDOW_MS), { atMono, busyMs }];
    },
    /** The share of time in use; 0 with fewer than two samples. Units: %, one decimal, 100 at most. */
    busyPct(): number {
      const [first, last] = [samples[0], samples.at(-1)];
      if (first === undefined || last === undefined || last.atMono <= first.atMono) return 0;
      return Math.min(100, Math.round((1_000 * (last.busyMs - first.busyMs)) / (last.atMono - first.atMono)) / 10);
    },
  };
}

type Shared = Omit<LineCounters, 'busyMs'>;

const KEYS = ['transactions', 'exceptions', ...Object.keys(freshCounters())].filter((key) => key !== 'busyMs') as (keyof Shared)[];

/**
 * Creates a count of how much the requests of the console added to the counters of a line, except `busyMs`. `without` subtracts this share.
 */
export function createConsoleShare() {
  const share = Object.fromEntries(KEYS.map((key) => [key, 0])) as Record<keyof Shared, number>;
  return {
    /**
     * Call it after each transaction, with the counters before and after it. `transaction`: it came from the console. `late`: the request
     * last given up came from the console.
     */
    note(before: LineCounters, now: LineCounters, { transaction, late }: { readonly transaction: boolean; readonly late: boolean }): void {
      for (const key of KEYS) if (key === 'lateReplies' ? late : transaction) share[key] += now[key] - before[key];
    },
    /** The counters without the console's share; `busyMs` is unchanged. */
    without(counters: LineCounters): LineCounters {
      const rest = Object.fromEntries(KEYS.map((key) => [key, counters[key] - share[key]])) as Record<keyof Shared, number>;
      return { ...rest, busyMs: counters.busyMs };
    },
    /** The console's share of four of the counters. */
    counts: (): ConsoleCounts => ({
      transactions: share.transactions,
      timeouts: share.timeouts,
      exceptions: share.exceptions,
      lateReplies: share.lateReplies,
    }),
  };
}
