/**
 * Measures this process: memory, processor time, and the lag of its event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Units: bytes, s of processor time, ms. */
export interface HealthSample {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly userCpuS: number;
  readonly systemCpuS: number;
  /** Over the time between the last two `turn`s; over that since the start before. */
  readonly loopLag: LoopLag;
}

/** How much later than asked for the loop came round. Units: ms. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface AgentHealth {
  sample(): HealthSample;
  /** Begins the next time of measuring. */
  turn(): void;
  stop(): void;
}

/** Between two looks at the loop. Units: ms. Source: assumed; a detection has 100 ms to its first frame, and finer looks cost processor. */
const LOOK_MS = 50;
const NS_PER_MS = 1e6;

/** Measures from now on. */
export function createHealth(): AgentHealth {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  histogram.enable();
  let last: LoopLag | null = null;
  // What it measures is the whole time between two looks.
  const lag = (ns: number): number => (Number.isFinite(ns) ? Math.max(0, Math.round(10 * (ns / NS_PER_MS - LOOK_MS)) / 10) : 0);
  const current = (): LoopLag =>
    histogram.count === 0
      ? { meanMs: 0, p99Ms: 0, maxMs: 0 }
      : { meanMs: lag(histogram.mean), p99Ms: lag(histogram.percentile(99)), maxMs: lag(histogram.max) };
  return {
    sample() {
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return { residentBytes: rss, heapBytes: heapUsed, userCpuS: user / 1e6, systemCpuS: system / 1e6, loopLag: last ?? current() };
    },
    turn() {
      last = current();
      histogram.reset();
    },
    stop: () => void histogram.disable(),
  };
}
