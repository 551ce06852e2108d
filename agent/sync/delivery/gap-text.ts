/**
 * Recorded losses as the platform hears of them: `Sync/Gap`, one JSON text for each.
 *
 * Owns the shape. Pure.
 */
import type { Gap, StoredFrame } from '../../core/ports.ts';
import { wireEpoch } from './rows-mark.ts';
import type { SeqRange } from './seq-ranges.ts';

/** Gaps told in one go, between two barriers. */
export const GAPS_AT_ONCE = 20;

/** A loss that the store recorded. Shape: `{epoch, id, from, to, readings, reason, atMs}`; from and to are null where the readings never had a row. */
export function gapText(epoch: string, { id, firstSeq, lastSeq, readings, reason, atMs }: Gap): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), id, from: firstSeq, to: lastSeq, readings, reason, atMs: Math.round(atMs) });
}

/** Readings that are in rows that leave and cannot be told as metrics. */
export interface UnsentReadings {
  /** Of points that the configuration knows no more. */
  readonly homeless: number;
  /** Of points whose birth the broker took only without them. */
  readonly unsayable: number;
}

/** What of these rows nobody can be told. `id` is null, the rows are the key. */
export function unsentGapTexts(
  epoch: string,
  rows: SeqRange,
  frames: readonly StoredFrame[],
  { homeless, unsayable }: UnsentReadings,
): string[] {
  const note = (readings: number, reason: string): string[] =>
    readings === 0 ? [] : [untoldNote(epoch, rows, frames, { readings, reason })];
  return [...note(homeless, 'not-configured'), ...note(unsayable, 'packet-limit')];
}

function untoldNote(
  epoch: string,
  { from, to }: SeqRange,
  frames: readonly StoredFrame[],
  { readings, reason }: { readonly readings: number; readonly reason: string },
): string {
  const atMs = frames[0]?.atMs ?? 0;
  return JSON.stringify({
    epoch: wireEpoch(epoch),
    id: null,
    from,
    to,
    readings,
    reason,
    atMs: Math.round(atMs),
  });
}
