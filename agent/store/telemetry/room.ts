/**
 * Keeps the telemetry file below its byte cap, in steps of limited work: frames are compacted, then segments thinned, then the oldest
 * dropped. Runs within the transactions of the telemetry file.
 *
 * A cap that is lowered on a full store needs thousands of steps. In one transaction they would block every commit, and an interrupted thread
 * would have to start again from the first step.
 */
import type { SegmentFrame } from '../segment-codec.ts';
import type { Sqlite } from '../sqlite.ts';
import { cursorOf, recountPart, undeliveredOf } from './account.ts';
import { compactOne, dropPiece, type Losses, usedBytes } from './compaction.ts';
import type { SegmentLabel } from './segment-table.ts';
import { type Handle, piecesAfter, segmentPiece } from './telemetry-handle.ts';
import { THINNING_ROUNDS, thinned } from './thinning.ts';

/**
 * Kept free below the cap, because a commit and a segment need space before they free any: the cap itself is the hard stop. Units: share,
 * bytes.
 */
const RESERVE = { share: 1 / 8, maxBytes: 2 ** 20 };
/** Extra room, so that a full store makes room once for many commits. Units: share of the cap, bytes. Source: assumed; ten segments. Confirmed by: bench `store disk` with a full store. */
const HEADROOM = { share: 0.02, maxBytes: 262_144 };
/** Fewer bytes of frames than this are not compacted early: the segment would pack badly. Source: assumed; half an hour of a full cabinet. Confirmed by: bench `store disk` with the frames of a full cabinet. */
const WORTH_BYTES = 65_536;
/** A thinning that frees a smaller share of its segment is undone. Source: assumed. Confirmed by: bench `store disk` with segments from a cabinet. */
const WORTH_SHARE = 1 / 16;
/** Most rows removed in one step; each costs a fraction of a thinning. Source: assumed. Confirmed by: bench `store` on the gateway, with a full store. */
const MAX_DROPS = 16;
/** If the store exceeds its cap by this factor, the oldest rows are dropped without thinning: thinning leaves at best half of a store. */
const THINNING_SAVES = 2;
/** Free pages are returned to the file system from this number on, and this many at a time. Source: vacuum in small steps, never `VACUUM`; an hour of frames frees 60, which the next hour uses. */
const VACUUM_PAGES = { from: 256, step: 128 };

/**
 * Returns whether room must be made. True if the pages in use exceed `maxBytes`, the cap, less a reserve: call `makeRoomOnce`. Also true if
 * free pages make the file longer than the cap: call `returnTrial`.
 */
export function isOverCap({ db }: Handle, maxBytes: number): boolean {
  return usedBytes(db) > roomBytes(maxBytes) || isTooLong(db, maxBytes);
}

/**
 * Frees room in one limited step, by packing, thinning or removing old rows. Does nothing if enough room is free. Call `returnTrial` after
 * each step, outside its transaction. Returns whether both are useful again. False also if nothing more can be freed.
 */
export function makeRoomOnce(handle: Handle, losses: Losses, maxBytes: number): boolean {
  const targetBytes = roomBytes(maxBytes) - Math.min(maxBytes * HEADROOM.share, HEADROOM.maxBytes);
  const isDone = (): boolean => usedBytes(handle.db) <= targetBytes;
  const isMoved = isDone() || stepOf(handle, losses, targetBytes);
  return (!isDone() && isMoved) || isTooLong(handle.db, maxBytes);
}

/**
 * Removes the oldest rows while a commit of `neededBytes` would come close to the longest that the file may be now. That is `maxBytes`, or
 * the length of a file that was longer when it was opened: so a store is not shrunk here. The room may still be too small afterwards.
 */
export function makeRoomFor(handle: Handle, losses: Losses, { neededBytes, maxBytes }: { neededBytes: number; maxBytes: number }): void {
  // A file that was longer when it was opened has its own length as its hard stop until it is opened again.
  const pagesBytes = pragma(handle.db, 'max_page_count') * pragma(handle.db, 'page_size');
  const stopBytes = Math.max(maxBytes, pagesBytes) - reserveBytes(maxBytes) / 2;
  while (usedBytes(handle.db) + neededBytes > stopBytes) if (!dropOldest(handle, losses)) return;
}

/** Returns a limited number of free pages to the file system, if many are free. Call it outside a transaction. */
export function returnTrial({ db }: Handle): void {
  if (pragma(db, 'freelist_count') > VACUUM_PAGES.from) db.pragma(`incremental_vacuum(${VACUUM_PAGES.step})`);
}

/** Returns false if nothing could be compacted. */
function stepOf(handle: Handle, losses: Losses, targetBytes: number): boolean {
  for (let drops = 0; drops < MAX_DROPS && usedBytes(handle.db) > targetBytes; drops++) {
    if (usedBytes(handle.db) <= targetBytes * THINNING_SAVES && makeSmaller(handle, losses)) return true;
    if (!dropOldest(handle, losses)) return drops > 0;
  }
  return true;
}

function makeSmaller(handle: Handle, losses: Losses): boolean {
  const isWorthIt = handle.frames.tally(0).bytes > WORTH_BYTES;
  if (isWorthIt && compactOne(handle, losses, () => true) !== null) return true;
  const labels = handle.segments.labels();
  const delivered = labels.filter(({ seq }) => seq <= cursorOf(handle.db));
  return thinOne(handle, losses, delivered.length > 0 ? delivered : labels);
}

/** Returns false if none of these may be thinned any further. */
function thinOne(handle: Handle, losses: Losses, labels: readonly SegmentLabel[]): boolean {
  for (const { keep, share } of THINNING_ROUNDS) {
    const label = labels.slice(0, Math.floor(labels.length * share)).find(({ thin }) => thin < keep);
    if (label === undefined) continue;
    thin(handle, losses, { label, keep });
    return true;
  }
  return false;
}

function thin(handle: Handle, losses: Losses, { label, keep }: { label: SegmentLabel; keep: number }): void {
  const row = handle.segments.at(label.seq);
  if (row === undefined) return;
  const piece = segmentPiece(handle, row);
  const before = undeliveredOf(handle.db, piece);
  const read = piece.read();
  if (read.kind === 'damaged') {
    handle.segments.remove(row.seq);
    losses.note('corrupt', piece, before);
  } else {
    const frames = thinned(read.frames, { keep, before: label.thin, isCounter: handle.series.isCounter });
    const put = (kept: readonly SegmentFrame[]): void =>
      handle.segments.put({ seq: row.seq, firstSeq: row.first_seq, total: row.total, frames: kept, thin: keep });
    put(frames);
    // No readings are removed without a gain; the mark still advances, so that no step tries this segment again.
    const bytes = handle.segments.at(row.seq)?.p.length ?? 0;
    if (bytes > row.p.length * (1 - WORTH_SHARE)) put(read.frames);
  }
  recountPart(handle, piece);
  const after = handle.segments.at(row.seq);
  if (read.kind === 'frames' && after !== undefined)
    losses.note('thinned', piece, before - undeliveredOf(handle.db, segmentPiece(handle, after)));
}

/** Removes the oldest row. Returns false if only the newest is left. */
function dropOldest(handle: Handle, losses: Losses): boolean {
  const [oldest] = piecesAfter(handle, 0, 1);
  if (oldest === undefined || oldest.seq === handle.frames.last()?.seq) return false;
  dropPiece(handle, losses, { piece: oldest, reason: 'cap' });
  return true;
}

function isTooLong(db: Sqlite, maxBytes: number): boolean {
  return pragma(db, 'freelist_count') > VACUUM_PAGES.from && pragma(db, 'page_count') * pragma(db, 'page_size') > maxBytes;
}

function roomBytes(maxBytes: number): number {
  return maxBytes - reserveBytes(maxBytes);
}

function reserveBytes(maxBytes: number): number {
  return Math.min(maxBytes * RESERVE.share, RESERVE.maxBytes);
}

function pragma(db: Sqlite, name: string): number {
  return Number(db.pragma(name, { simple: true }));
}
