/**
 * Recorded losses as the platform hears of them: `Sync/Gap`, one JSON text for each.
 *
 * Owns the shape. Pure. Called by `delivery.ts` after the births and once a minute.
 */
import type { Gap, StoredFrame } from '../core/ports.ts';
import { wireEpoch } from './rows-mark.ts';
import type { SeqRange } from './seq-ranges.ts';

/** Gaps told in one go, between two barriers. */
export const GAPS_AT_ONCE = 20;

/** A loss that the store recorded. Shape: `{epoch, id, from, to, readings, reason, atMs}`; from and to are null where the readings never had a row. */
export function gapNote(epoch: string, { id, firstSeq, lastSeq, readings, reason, atMs }: Gap): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), id, from: firstSeq, to: lastSeq, readings, reason, atMs: Math.round(atMs) });
}

/** Rows hold readings of points that the configuration knows no more: nobody can be told them as metrics. `id` is null, the rows are the key. */
export function homelessNote(epoch: string, rows: SeqRange, frames: readonly StoredFrame[], homeless: number): string {
  const { from, to } = rows;
  const atMs = frames[0]?.atMs ?? 0;
  return JSON.stringify({
    epoch: wireEpoch(epoch),
    id: null,
    from,
    to,
    readings: homeless,
    reason: 'not-configured',
    atMs: Math.round(atMs),
  });
}
