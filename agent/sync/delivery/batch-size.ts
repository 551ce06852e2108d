/**
 * How much backlog is sent between two barriers: more while the link responds fast, less as soon as a batch would delay live data. Pure.
 */
import type { StoredFrame } from '../../core/ports.ts';

export interface BatchSize {
  readonly readings: number;
  /** Readings per frame in the last batch. */
  readonly readingsPerFrame: number;
}

/** Readings in a batch: as metrics, or packed into a segment. Source: assumed; 50 fill one packet, 1,000 are 28 KB and 10 ms of encoding on a small ARM. The largest by measurement: twice that takes 10 to 20 MB more memory and saves a tenth of the bytes. */
const BATCH_READINGS = { min: 50, first: 200, max: { metrics: 1_000, segments: 3_000 } };
/** A batch that takes longer is too large, one that takes less may grow. Units: ms. Source: live data is never later than 1 s (design §10). */
const ROUND_MS = { slow: 500, fast: 250 };
const MAX_FRAMES = 2_000;

export const FIRST_BATCH_SIZE: BatchSize = { readings: BATCH_READINGS.first, readingsPerFrame: 20 };
/** Enough to check whether the platform acknowledges. */
export const SMALLEST_BATCH_SIZE: BatchSize = { readings: BATCH_READINGS.min, readingsPerFrame: 20 };

/** Frames to read from the store. */
export function framesToRead({ readings, readingsPerFrame }: BatchSize): number {
  return Math.min(Math.max(Math.ceil(readings / readingsPerFrame), 1), MAX_FRAMES);
}

/** The next batch after one took `roundMs` from sending to proof. Units: ms. */
export function afterRound(sent: readonly StoredFrame[], roundMs: number, form: 'metrics' | 'segments' = 'metrics'): BatchSize {
  const readings = sent.reduce((sum, frame) => sum + frame.readings.length, 0);
  const wanted = roundMs > ROUND_MS.slow ? readings / 2 : roundMs < ROUND_MS.fast ? readings * 2 : readings;
  return {
    readings: Math.min(Math.max(Math.round(wanted), BATCH_READINGS.min), BATCH_READINGS.max[form]),
    readingsPerFrame: Math.max(readings / Math.max(sent.length, 1), 1),
  };
}
