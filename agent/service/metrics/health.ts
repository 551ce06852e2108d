/**
 * Measures this process: memory, processor time, and the lag of its event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Memory in use now, in bytes, processor time since the start of the process, in s, and the lag of the event loop. `heapBytes`: the
 * JavaScript heap of the calling thread alone.
 */
export interface HealthSample {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly userCpuS: number;
  readonly systemCpuS: number;
  /** Measured over the last interval that `turn` ended; before the first call of `turn`, from the start of the measurement until now. */
  readonly loopLag: LoopLag;
}

/** How much later than requested the timers of the event loop ran in one interval; 0 if nothing was measured. Units: ms, one decimal. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Measures the memory, processor time and loop lag of this process. `stop` ends the measurement of the lag. */
export interface AgentHealth {
  /** Returns memory and processor time as of now, and the lag of the last interval that ended; before any has, of the present one. */
  sample(): HealthSample;
  /** Ends the present interval of the lag, which `sample` then returns, and begins the next one. */
  turn(): void;
  stop(): void;
}

/** Interval of the measurement of the loop. Units: ms. Source: assumed; a detection has 100 ms to its first frame, and a shorter interval costs CPU time. Confirmed by: bench of CPU time by interval on the gateway. */
const LOOK_MS = 50;
const NS_PER_MS = 1e6;

/**
 * Creates a measurement of this process. The lag of the event loop is measured from now until `stop`. A delay that contains a call of
 * this function or `turn`, or that begins soon after one, may be missing.
 */
export function createHealth(): AgentHealth {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  histogram.enable();
  let last: LoopLag | null = null;
  // The histogram contains the whole time between two measurements.
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
