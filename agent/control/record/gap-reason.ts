/** Why the record lacks the time between two segments. Pure. */
import type { RecordLabel } from '../../core/decision-record.ts';
import type { MissingReason } from '../../core/recorded-why.ts';

/** Between two segments of a run that follow each other, less monotonic time passes. Units: ms. Source: two ticks of the control. */
const SEAMLESS_MS = 2_000;

/**
 * Returns why the time between two successive segments is missing. Call it only if `before.isEnd` is false and `after.lost` is 0.
 * `broken-off`: they are of different runs. Within one run: `skipped` if less than 2 s of monotonic time passed, because the clock was set
 * forward; otherwise `damaged`, because a segment between them is missing.
 */
export function reasonBetween(before: RecordLabel, after: RecordLabel): Extract<MissingReason, 'broken-off' | 'skipped' | 'damaged'> {
  if (before.run !== after.run) return 'broken-off';
  return after.fromMono - before.toMono < SEAMLESS_MS ? 'skipped' : 'damaged';
}
