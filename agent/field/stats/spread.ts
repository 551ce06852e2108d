/**
 * Median, high percentiles and maximum of the last few hundred values, in a ring of fixed size.
 */
import type { Spread } from '../../core/bus-tools.ts';
import { quantile } from '../../core/quantile.ts';

/** Values kept. Source: assumed; enough for a 99th percentile, and 2 KB a unit. */
const RING = 256;

export interface SpreadMeter {
  note(value: number): void;
  /** Null before the first value. */
  spread(): Spread | null;
}

/** Shape: `count` is of all values ever noted; the rest is of the last 256. */
export function createSpreadMeter(): SpreadMeter {
  const ring = new Float64Array(RING);
  let count = 0;
  return {
    note(value) {
      ring[count % RING] = value;
      count++;
    },
    spread() {
      if (count === 0) return null;
      const kept = ring.subarray(0, Math.min(count, RING));
      const at = (share: number): number => tenths(quantile(kept, share));
      return { count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
    },
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
