/** Tells a time that the clock was set over from a time that is missing in the record. Pure. */
import type { RecordLabel } from '../../core/decision-record.ts';

/** Between two segments of a run that follow each other, less monotonic time passes. Units: ms. Source: two ticks of the control. */
const SEAMLESS_MS = 2_000;

/**
 * Returns whether two segments are of one run, and `after` begins less than 2 s of monotonic time after the end of `before`. A longer wall
 * time between them was then skipped by the clock. True also if the clock skipped nothing.
 */
export function isClockSkip(before: RecordLabel, after: RecordLabel): boolean {
  return before.run === after.run && after.fromMono - before.toMono < SEAMLESS_MS;
}
