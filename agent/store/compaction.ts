/**
 * Old frames become segments; when room is needed segments are thinned, then the oldest go.
 *
 * Owns what is compacted, thinned and dropped next, and the record of each loss. Never decides when. Called by the telemetry file, within
 * its transactions.
 */
import type { WallMs } from '../core/clock.ts';
import type { CompactionReport } from '../core/ports.ts';
import { cursorOf, recountPart, undeliveredOf } from './account.ts';
import { isTrustedQuality } from './boot-table.ts';
import type { FrameRow } from './frame-table.ts';
import type { LossReason, Notice } from './messages.ts';
import type { SegmentFrame } from './segment-codec.ts';
import { ANY_TIME, type SegmentLabel } from './segment-table.ts';
import type { Sqlite } from './sqlite.ts';
import { framePiece, type Handle, type Piece, piecesAfter, segmentPiece } from './telemetry-handle.ts';
import { thinned } from './thinning.ts';

/** What one segment holds at most. Units: readings, ms. Source: reliability measurement, an hour of all series packs best; bounded memory. */
const SEGMENT = { maxReadings: 30_000, maxSpanMs: 3_600_000 };
/** Rows looked at for one segment. Source: an hour of commits each second. */
const MAX_ROWS = 3_600;
/** Fewer bytes of frames than this are not compacted ahead of time: the segment would pack badly. Source: assumed; half an hour of a full cabinet. */
const WORTH_BYTES = 65_536;
/** A thinning that gives back less of its segment is undone. Source: assumed. */
const WORTH_SHARE = 1 / 16;
/** Segments worked on beyond the need in one commit. Source: assumed; a commit stays short, and a full store works every few commits. */
const SPARE_STEPS = 4;
/** One reading in so many stays, step by step: of the older half, then of the oldest quarter. */
const THINNING: readonly { readonly keep: number; readonly share: number }[] = [
  { keep: 4, share: 1 / 2 },
  { keep: 16, share: 1 / 4 },
];

/** What had to go, told once for all of it. */
export interface Losses {
  note(reason: LossReason, piece: Pick<Piece, 'seq' | 'firstSeq'>, readings: number): void;
  /** Writes the gaps. */
  settle(): readonly Notice[];
}

interface Loss {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly readings: number;
}

export function createLosses({ db, gaps }: Handle, atMs: WallMs): Losses {
  const losses = new Map<LossReason, Loss>();
  return {
    note: (reason, { seq, firstSeq }, readings) => {
      if (readings === 0) return;
      const before = losses.get(reason);
      const fromSeq = Math.max(firstSeq, cursorOf(db) + 1);
      losses.set(reason, {
        firstSeq: Math.min(before?.firstSeq ?? fromSeq, fromSeq),
        lastSeq: Math.max(before?.lastSeq ?? seq, seq),
        readings: (before?.readings ?? 0) + readings,
      });
    },
    settle: () => {
      for (const [reason, loss] of losses) gaps.add({ ...loss, reason, atMs });
      if (losses.size > 0) gaps.trim();
      return [...losses].map(([reason, { readings }]) => ({ kind: 'lost', reason, readings }));
    },
  };
}

/** One segment from the oldest rows; the newest row always stays, so that seq and ticket go on from it. Null where there is nothing to do. */
export function compactOne(handle: Handle, losses: Losses, isDue: (row: FrameRow) => boolean): CompactionReport | null {
  const rows = chooseRows(handle, isDue);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return null;
  const frames: SegmentFrame[] = [];
  for (const row of rows) {
    const read = handle.frames.read(row);
    if (read.kind === 'frames') frames.push(...read.frames);
    else losses.note('corrupt', framePiece(handle, row), undeliveredOf(handle.db, framePiece(handle, row)));
  }
  handle.frames.removeUpTo(last.seq);
  const bytesBefore = rows.reduce((sum, { p }) => sum + p.length, 0);
  if (frames.length > 0) handle.segments.put({ seq: last.seq, firstSeq: first.seq - first.k + 1, frames, total: last.total, thin: 1 });
  recountPart(handle);
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  return { segments: 1, frames: frames.length, readings, bytesBefore, bytesAfter: handle.segments.at(last.seq)?.p.length ?? 0 };
}

function chooseRows({ frames }: Handle, isDue: (row: FrameRow) => boolean): readonly FrameRow[] {
  const newest = frames.last()?.seq ?? 0;
  const rows = frames.after(0, MAX_ROWS);
  const chosen: FrameRow[] = [];
  let readings = 0;
  for (const row of rows) {
    const spanMs = chosen[0]?.boot === row.boot ? row.mono_ms - chosen[0].mono_ms : 0;
    const isFull = chosen.length > 0 && (readings + row.n > SEGMENT.maxReadings || spanMs >= SEGMENT.maxSpanMs);
    if (row.seq === newest || isFull || !isDue(row)) break;
    chosen.push(row);
    readings += row.n;
  }
  return chosen;
}

/** Room to make. Units: bytes in use afterwards; `spareBytes` is aimed at too, by a few steps: one commit must not thin half the file. */
export interface Room {
  readonly targetBytes: number;
  readonly spareBytes: number;
}

/** Below the cap before anything is added. What the platform has goes first, then what it has not. */
export function makeRoom(handle: Handle, losses: Losses, { targetBytes, spareBytes }: Room): void {
  for (let step = 0; usedBytes(handle.db) > targetBytes - (step < SPARE_STEPS ? spareBytes : 0); step += 1) {
    const isWorthIt = handle.frames.tally(0).bytes > WORTH_BYTES;
    if (isWorthIt && compactOne(handle, losses, () => true) !== null) continue;
    const labels = handle.segments.labels();
    const delivered = labels.filter(({ seq }) => seq <= cursorOf(handle.db));
    const isSparing = delivered.length > 0;
    if (thinOne(handle, losses, isSparing ? delivered : labels)) continue;
    if (!dropOldest(handle, losses, 'cap')) return;
  }
}

/** False where none of these may be thinned any further. */
function thinOne(handle: Handle, losses: Losses, labels: readonly SegmentLabel[]): boolean {
  for (const { keep, share } of THINNING) {
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
    const frames = thinned(read.frames, { keep, isCounter: handle.series.isCounter });
    const put = (kept: readonly SegmentFrame[]): void =>
      handle.segments.put({ seq: row.seq, firstSeq: row.first_seq, total: row.total, frames: kept, thin: keep });
    put(frames);
    // Readings are not given up for nothing; the mark moves on all the same, so that no commit tries again.
    const bytes = handle.segments.at(row.seq)?.p.length ?? 0;
    if (bytes > row.p.length * (1 - WORTH_SHARE)) put(read.frames);
  }
  recountPart(handle);
  const after = handle.segments.at(row.seq);
  if (read.kind === 'frames' && after !== undefined)
    losses.note('thinned', piece, before - undeliveredOf(handle.db, segmentPiece(handle, after)));
}

/** The oldest row of all; false where only the newest is left. */
function dropOldest(handle: Handle, losses: Losses, reason: 'cap' | 'age'): boolean {
  const [oldest] = piecesAfter(handle, 0, 1);
  if (oldest === undefined || oldest.seq === handle.frames.last()?.seq) return false;
  dropPiece(handle, losses, { piece: oldest, reason });
  return true;
}

/** This row, with a gap for what had not been delivered. */
export function dropPiece(handle: Handle, losses: Losses, { piece, reason }: { piece: Piece; reason: LossReason }): void {
  losses.note(reason, piece, undeliveredOf(handle.db, piece));
  if (piece.kind === 'segment') handle.segments.remove(piece.seq);
  else if (piece.seq === handle.frames.last()?.seq) handle.frames.empty(piece.seq);
  else handle.frames.remove(piece.seq);
  recountPart(handle);
}

/** How many of the oldest segments are over: a run of old ones, with those of unknown age between and before them. */
export function overAge(labels: readonly SegmentLabel[], beforeMs: WallMs): number {
  let over = 0;
  for (const [i, { t1_ms: t1Ms }] of labels.entries()) {
    if (t1Ms === ANY_TIME.toMs) continue;
    if (t1Ms >= beforeMs) break;
    over = i + 1;
  }
  return over;
}

/** Whether a row's time is known and before this. */
export function isRowBefore({ boots }: Handle, row: FrameRow, beforeMs: WallMs): boolean {
  const { boot, tq: clockQuality, mono_ms: monoMs, wall_ms: wallMs } = row;
  return boots.isDated(boot, clockQuality) && wallMs + boots.shiftMs(boot, { clockQuality, monoMs, wallMs }) < beforeMs;
}

/** A run's true beginning, from the first of its frames with a clock to trust. */
export function learnTime(
  { boots }: Handle,
  frames: readonly { readonly clockQuality: number; readonly monoMs: number; readonly wallMs: number }[],
): void {
  const dated = frames.find(({ clockQuality }) => isTrustedQuality(clockQuality));
  if (dated !== undefined) boots.learn(dated);
}

/** Pages in use. Units: bytes. */
export function usedBytes(db: Sqlite): number {
  const pages = (name: string): number => Number(db.pragma(name, { simple: true }));
  return (pages('page_count') - pages('freelist_count')) * pages('page_size');
}
