/**
 * Removes the rows that are older than the limit in days, in steps of limited work, and records each loss. Runs within the transactions
 * of the telemetry file.
 */
import type { WallMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { RetentionReport } from '../../core/ports.ts';
import type { RetentionStep } from '../messages.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { accountOf, undeliveredOf } from './account.ts';
import { type AgeClock, nextAgeClock } from './age-clock.ts';
import { dropPiece, type Losses } from './compaction.ts';
import type { FrameRow } from './frame-table.ts';
import { ANY_TIME, type SegmentLabel } from './segment-table.ts';
import { oldestOf } from './telemetry-facts.ts';
import { type Handle, piecesAfter } from './telemetry-handle.ts';

/** Most rows removed in one step. */
const RETAIN_ROWS = 64;
const AGE_CLOCK = 'age_clock';

/** A step: the wall time, and how long rows are kept. Units: ms. */
interface Bound extends Pick<RetentionStep, 'livedMs' | 'isSynced'> {
  readonly atMs: WallMs;
  readonly keepMs: number;
}

/**
 * Removes a limited number of the oldest rows, as far as they count as too old. Undelivered rows are removed only if the clock is
 * synchronised; their undelivered readings become losses. `more`: another step may remove more. The first step of a retention also updates
 * the age clock.
 */
export function retainSome(handle: Handle, losses: Losses, bound: Bound): Omit<RetentionReport, 'people'> & { readonly more: boolean } {
  const { ageMs, doubted } = lookAt(handle, bound);
  const count = countOver(handle, { ageMs, beforeMs: ageMs - bound.keepMs });
  const before = accountOf(handle);
  let [readings, dropped] = [0, 0];
  for (; dropped < Math.min(count, RETAIN_ROWS); dropped++) {
    const [piece] = piecesAfter(handle, 0, 1);
    if (piece === undefined || (!bound.isSynced && undeliveredOf(handle.db, piece) > 0)) break;
    readings += piece.n;
    dropPiece(handle, losses, { piece, reason: 'age' });
  }
  const lost = before.backlog - accountOf(handle).backlog;
  return { readings, lost, isClockDoubted: doubted !== null, more: dropped === RETAIN_ROWS && count > RETAIN_ROWS };
}

/** Updates the age clock at the first step of a retention. */
function lookAt(handle: Handle, { atMs, livedMs, keepMs }: Bound): AgeClock {
  const before = ageClockOf(handle.db) ?? { ageMs: (oldestOf(handle) ?? atMs) + keepMs, doubted: null };
  if (livedMs === null) return before;
  const next = nextAgeClock(before, atMs, livedMs);
  setMeta(handle.db, AGE_CLOCK, JSON.stringify(next));
  return next;
}

/** Null if the file has none, or if its bytes cannot be parsed. */
function ageClockOf(db: Sqlite): AgeClock | null {
  const text = getMeta(db, AGE_CLOCK);
  if (typeof text !== 'string') return null;
  try {
    const { ageMs, doubted } = JSON.parse(text) as Record<keyof AgeClock, unknown>;
    if (!Number.isFinite(ageMs)) return null;
    const isDoubted = isRecord(doubted) && Number.isFinite(doubted['sinceMs']) && Number.isFinite(doubted['seenMs']);
    return {
      ageMs: Number(ageMs),
      doubted: isDoubted ? { sinceMs: Number(doubted['sinceMs']), seenMs: Number(doubted['seenMs']) } : null,
    };
  } catch {
    return null;
  }
}

/** How many of the oldest rows are too old; the newest row always stays. */
function countOver(handle: Handle, { ageMs, beforeMs }: { readonly ageMs: WallMs; readonly beforeMs: WallMs }): number {
  const labels = handle.segments.labels();
  const over = overAge(labels, { ageMs, beforeMs });
  if (over < labels.length) return over;
  const newest = handle.frames.last()?.seq;
  // One more than a step removes, so that `more` is true if old rows remain.
  const rows = handle.frames.after(0, RETAIN_ROWS + 1).filter((row) => row.seq !== newest);
  const firstYoung = rows.findIndex((row) => !isRowBefore(handle, row, beforeMs));
  return over + (firstYoung === -1 ? rows.length : firstYoung);
}

/**
 * How many of the oldest segments are too old: a run of old ones, including those of unknown age before and between them. A segment with a future
 * time was written with a wrong clock, so its age is unknown too.
 */
function overAge(labels: readonly SegmentLabel[], { ageMs, beforeMs }: { readonly ageMs: WallMs; readonly beforeMs: WallMs }): number {
  let over = 0;
  for (const [i, { t1_ms: t1Ms }] of labels.entries()) {
    if (t1Ms === ANY_TIME.toMs || t1Ms > ageMs) continue;
    if (t1Ms >= beforeMs) break;
    over = i + 1;
  }
  return over;
}

/** Whether a row's time is known and before this time. */
function isRowBefore({ boots }: Handle, row: FrameRow, beforeMs: WallMs): boolean {
  const { boot, tq: clockQuality, mono_ms: monoMs, wall_ms: wallMs } = row;
  return boots.isDated(boot, clockQuality) && wallMs + boots.shiftMs(boot, { clockQuality, monoMs, wallMs }) < beforeMs;
}
