/**
 * Readings and buckets as values that held for a time, for a plot.
 *
 * Owns what counts as a gap. Pure. Called by the renderer of a history.
 */

import type { HistoryRow } from '../../../core/ports.ts';
import type { Sample } from '../../text/plot.ts';
import type { PointHistory } from './history-page.ts';

const STEP_MS = { minute: 60_000, hour: 3_600_000 };
/** A value that does not change is kept once a minute all the same. Units: ms. Source: the usual `store.heartbeatS`, and two polls. */
const USUAL_HOLD_MS = 150_000;
/** So many of the times between two readings are usual ones. Source: assumed; a gap or two among few readings must not look usual. */
const USUAL_SHARE = 0.75;

/** Those with a value, oldest first. */
export function samplesOf({ resolution, rows, buckets, toMs }: PointHistory): readonly Sample[] {
  if (resolution === 'raw') return heldUntilNext(rows, toMs);
  return buckets.flatMap(({ atMs, min, mean, max }) =>
    min === null || mean === null || max === null ? [] : [{ fromMs: atMs, toMs: atMs + STEP_MS[resolution], min, mean, max }],
  );
}

/** Only news is kept, so a value holds until the next reading; much longer than readings usually come apart it is not known. */
function heldUntilNext(rows: readonly HistoryRow[], toMs: number): readonly Sample[] {
  const apart = rows.map(({ atMs }, index) => (rows[index + 1]?.atMs ?? toMs) - atMs);
  const usual = apart.toSorted((a, b) => a - b)[Math.floor((apart.length - 1) * USUAL_SHARE)] ?? 0;
  const holdMs = Math.max(USUAL_HOLD_MS, 2 * usual);
  return rows.flatMap(({ atMs, value }, index) => {
    const isGap = (apart[index] ?? 0) > holdMs;
    const until = isGap ? atMs : atMs + (apart[index] ?? 0);
    return value === null ? [] : [{ fromMs: atMs, toMs: until, min: value, mean: value, max: value }];
  });
}
