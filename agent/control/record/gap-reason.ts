/** Why the record lacks the time between two segments. Pure. */
import type { RecordLabel } from '../../core/decision-record.ts';
import type { MissingReason } from '../../core/recorded-why.ts';

/** Between two segments of a run that follow each other, less monotonic time passes. Units: ms. Source: two ticks of the control. */
const SEAMLESS_MS = 2_000;

/**
 * Returns why the time between two successive segments is missing, of which `before` is not the end of its run. Within a run it is `skipped`
 * if less than 2 s of monotonic time passed, which means that the clock was set forward; otherwise a segment has been lost: `damaged`.
 */
export function reasonBetween(before: RecordLabel, after: RecordLabel): Extract<MissingReason, 'broken-off' | 'skipped' | 'damaged'> {
  if (before.run !== after.run) return 'broken-off';
  return after.fromMono - before.toMono < SEAMLESS_MS ? 'skipped' : 'damaged';
}
