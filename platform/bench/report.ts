/** The figures of a run, as JSON lines. */
import { quantileOf, type Samples, totalOf } from './figures.ts';
import type { Measurement } from './measure.ts';
import { type MemorySample, thirdsOf } from './memory.ts';

/**
 * Totals of a whole run, with its warm-up and the part for `maximum`; `stored`, `bytes` and `unacked`: at its end. `sent` counts each value
 * once, `resentRows` each time that a row is sent again. Units: `sent` and `stored` values, `bytes` the size of the stored values with
 * their indexes, `unacked` and `resentRows` rows, `rebirths` requests for births.
 */
export interface RunTotals {
  readonly sent: number;
  readonly stored: number;
  readonly bytes: number;
  readonly unacked: number;
  readonly resentRows: number;
  readonly rebirths: number;
  /** Values stored in a second while more were offered than the host can take; null if it was not tried. */
  readonly maximum: number | null;
}

/** Source: issue 23: 10,000 values a second, lag p99 below 2 s. Two hundredths of the rate are the grain of the measurement. */
const GOAL = { lagS: 2, partOfRate: 0.98 };

/** Prints one sample of memory on standard output, as a JSON line with `bench` and `sample`. */
export function printSample(sample: MemorySample): void {
  console.log(JSON.stringify({ bench: 'platform', sample }));
}

/**
 * Prints the figures; rate, lag, CPU and pauses only if no worker was killed. Returns the exit code: 1 if `stored` differs from `sent`, a
 * row is not acknowledged, or the goal of lag or of rate is missed. These goals do not count if workers were killed. `offered`: the rate
 * that the generator was to send. Units: values per second.
 */
export function printFigures(totals: RunTotals, measured: Measurement, offered: number): number {
  const { before, after, kills } = measured;
  const lost = totals.sent - totals.stored;
  const speed = speedOf(measured);
  const figures: [string, number | null, string][] = [
    ['sent', totals.sent, 'values'],
    ['lost', lost, 'values'],
    ['not-acknowledged', totals.unacked, 'rows'],
    ['rows-sent-again', totals.resentRows, 'rows'],
    ['rebirths', totals.rebirths, 'requests'],
    ['dropped', totalOf(after, 'luciole_platform_dropped_total'), 'messages'],
    ['bytes-per-value', rounded(totals.bytes / Math.max(1, totals.stored), 1), 'bytes'],
    ['workers-killed', kills, 'workers'],
    ['maximum', totals.maximum, 'values/s'],
    ...memoryFigures(measured.memory),
    // Counters begin again with each worker that is replaced.
    ...(kills > 0 ? [] : speedFigures(speed, before, after)),
  ];
  for (const [metric, value, unit] of figures) if (value !== null) console.log(JSON.stringify({ bench: 'platform', metric, value, unit }));
  const isFast = kills > 0 || (speed.lagP99 < GOAL.lagS && speed.rate > GOAL.partOfRate * offered);
  return lost === 0 && totals.unacked === 0 && isFast ? 0 : 1;
}

function memoryFigures(memory: readonly MemorySample[]): [string, number, string][] {
  const parts = ['workers', 'heapUsed', 'heapTotal', 'external', 'postgres', 'postgresShared', 'broker'] as const;
  return parts.flatMap((part): [string, number, string][] => {
    const { first, last } = thirdsOf(memory, part);
    return [
      [`memory-${part}-first-third`, first, 'MB'],
      [`memory-${part}-last-third`, last, 'MB'],
    ];
  });
}

interface Speed {
  readonly rate: number;
  readonly lagP50: number;
  readonly lagP99: number;
  readonly cpu: number;
  readonly pausedS: number;
}

function speedOf({ before, after, elapsedS }: Measurement): Speed {
  const change = (name: string): number => totalOf(after, name) - totalOf(before, name);
  const lag = (q: number): number => rounded(quantileOf('luciole_platform_lag_seconds', q, before, after), 3);
  return {
    rate: Math.round(change('luciole_platform_readings_inserted_total') / elapsedS),
    lagP50: lag(0.5),
    lagP99: lag(0.99),
    cpu: rounded(change('process_cpu_seconds_total') / elapsedS, 2),
    pausedS: change('luciole_platform_paused_seconds_total'),
  };
}

function speedFigures(
  { rate, lagP50, lagP99, cpu, pausedS }: Speed,
  before: readonly Samples[],
  after: readonly Samples[],
): [string, number, string][] {
  return [
    ['rate', rate, 'values/s'],
    ['lag-p50', lagP50, 's'],
    ['lag-p99', lagP99, 's'],
    ['lag-p99.9', rounded(quantileOf('luciole_platform_lag_seconds', 0.999, before, after), 3), 's'],
    ['cpu-of-workers', cpu, 'cores'],
    ['paused', rounded(pausedS, 3), 's'],
  ];
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
