/**
 * The text of `Sync/Gap`: one JSON object for each recorded loss. Pure.
 */
import type { Gap, StoredFrame } from '../../core/ports.ts';
import { wireEpoch } from './rows-mark.ts';
import type { SeqRange } from './seq-ranges.ts';

/** Gaps reported between two barriers. */
export const GAPS_AT_ONCE = 20;

/** The text for a loss that the store recorded. Shape: `{epoch, id, from, to, readings, reason, atMs}`; from and to are null where the readings never had a row. */
export function gapText(epoch: string, { id, firstSeq, lastSeq, readings, reason, atMs }: Gap): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), id, from: firstSeq, to: lastSeq, readings, reason, atMs: Math.round(atMs) });
}

/** Readings in rows that are sent which cannot be sent as metrics. */
export interface UnsentReadings {
  /** Of points that are no longer configured. */
  readonly notConfigured: number;
  /** Of points that the births left out because of the broker's packet limit. */
  readonly leftOut: number;
}

/** The texts for the readings of these rows that were not sent. `id` is null; the rows are the key. */
export function unsentGapTexts(
  epoch: string,
  rows: SeqRange,
  frames: readonly StoredFrame[],
  { notConfigured, leftOut }: UnsentReadings,
): string[] {
  const textFor = (readings: number, reason: string): string[] =>
    readings === 0 ? [] : [unsentText(epoch, rows, frames, { readings, reason })];
  return [...textFor(notConfigured, 'not-configured'), ...textFor(leftOut, 'packet-limit')];
}

function unsentText(
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
