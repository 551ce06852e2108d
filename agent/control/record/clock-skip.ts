/** Tells a time that the clock was set over from a time that is missing in the record. Pure. */
import type { RecordLabel } from '../../core/decision-record.ts';

/** Between two segments of a run that follow each other, less monotonic time passes. Units: ms. Source: two ticks of the control. */
const SEAMLESS_MS = 2_000;

/** Returns whether the clock was set forward over the time between two segments: they are of one run, and no monotonic time is between them. */
export function isClockSkip(before: RecordLabel, after: RecordLabel): boolean {
  return before.run === after.run && after.fromMono - before.toMono < SEAMLESS_MS;
}
