/** Keeps the record of decisions within its size and age: packs ended segments, removes inputs, then whole segments. */
import type { WallMs } from '../../core/clock.ts';
import { type SegmentHeads, segmentsOf } from './record-reader.ts';
import { isDatedRow, soundPrefix } from './record-table.ts';
import type { Handle } from './telemetry-handle.ts';

/**
 * The part of the store that the record may fill. Source: assumed; 32 MB of the default store, some months of a street of 35 lamps. Confirmed by: bench
 * `store record`, and the record of a cabinet with the most lamps.
 */
const RECORD_SHARE = 1 / 16;
/** Inputs are removed from this share of the segments, the oldest; then whole segments are removed. Source: as `THINNING_ROUNDS`. */
const THINNED_SHARE = 1 / 2;
/** Most segments changed in one commit. Source: assumed; each costs the pages of a segment. Confirmed by: bench `store device` with a full record. */
const MOST_STEPS = 4;

/** The size above which the record of decisions is made smaller: a sixteenth of the cap of the store. Units: bytes. */
export function recordMaxBytes(storeMaxBytes: number): number {
  return Math.floor(storeMaxBytes * RECORD_SHARE);
}

/**
 * Packs one segment of the record that is not packed yet, except the newest. A damaged one may lose its end, or be removed. Returns false
 * if there was none to pack.
 */
export function packOneRecord(handle: Handle): boolean {
  const ended = segmentsOf(handle).slice(0, -1);
  const [first] = ended.find(({ rows }) => rows.some(({ packed }) => packed === 0))?.rows ?? [];
  if (first === undefined) return false;
  handle.record.pack(first);
  return true;
}

/**
 * Removes the inputs of a few old segments of the record of decisions, or whole segments, while the record exceeds `maxBytes`. Before it
 * removes inputs, it packs the segment as `packOneRecord` does. The record may still exceed that afterwards. The newest segment stays.
 */
export function makeRecordRoom(handle: Handle, maxBytes: number): void {
  for (let step = 0; step < MOST_STEPS && handle.record.bytes() > maxBytes; step++) {
    const segments = segmentsOf(handle).slice(0, -1);
    const whole = segments.slice(0, Math.ceil(segments.length * THINNED_SHARE)).find(({ isThinned }) => !isThinned);
    const [oldest] = segments;
    if (oldest === undefined) return;
    if (whole === undefined) dropSegment(handle, oldest, 'cap');
    else thinSegment(handle, whole);
  }
}

/**
 * Removes the segments of the record of decisions up to the last that is known to have ended before this time, except any known to be
 * younger. The newest segment stays. Units: ms.
 */
export function retainRecord(handle: Handle, beforeMs: WallMs): void {
  const segments = segmentsOf(handle).slice(0, -1);
  const over = segments.findLastIndex((segment) => isDated(handle, segment) && segment.toMs < beforeMs);
  const isYounger = (segment: SegmentHeads): boolean => isDated(handle, segment) && segment.toMs >= beforeMs;
  for (const segment of segments.slice(0, over + 1)) if (!isYounger(segment)) dropSegment(handle, segment, 'age');
}

function isDated({ boots }: Handle, { rows, run }: SegmentHeads): boolean {
  const [first] = rows;
  return first !== undefined && (isDatedRow(first) || boots.isDated(run, first.tq));
}

function thinSegment({ record }: Handle, { rows }: SegmentHeads): void {
  const [first] = rows;
  if (first === undefined) return;
  if (rows.length > 1 || first.packed === 0) record.pack(first);
  record.thin(first);
}

function dropSegment({ record }: Handle, { rows, toMs }: SegmentHeads, reason: 'cap' | 'age'): void {
  const [first] = rows;
  if (first !== undefined) record.drop(first, reason, toMs);
}

/**
 * Removes the segments of the record of decisions with a wrong checksum, a missing part or no readable basis, even if most of it is sound.
 * A missing end is not detected. Returns their number.
 */
export function dropDamagedRecords(handle: Handle): number {
  const damaged = segmentsOf(handle).filter(({ rows: [first] }) => {
    const rows = first === undefined ? [] : handle.record.rows(first);
    return soundPrefix(rows).length < rows.length || handle.record.basis(rows[0]?.basis ?? 0) === undefined;
  });
  for (const { rows } of damaged) if (rows[0] !== undefined) handle.record.remove(rows[0]);
  return damaged.length;
}
