/**
 * One point's history, built from the pages of the storage thread: its readings, or sums per minute or hour. Pure.
 */
import type { WallMs } from '../core/clock.ts';
import type { History, HistoryBucket, HistoryQuery, HistoryRow, Resolution } from '../core/ports.ts';

/** Units: ms. */
const BUCKET_MS: Readonly<Record<Exclude<Resolution, 'raw'>, number>> = { minute: 60_000, hour: 3_600_000 };
/** Longest answer. Source: assumed; a month of minutes. Confirmed by: the longest time range that operators request. */
const MAX_ROWS = 50_000;
/** Digits of a mean that do not depend on the order of addition. */
const MEAN_DIGITS = 12;

/**
 * The sums of the requested readings of the minute or hour that begins at `atMs`; a page may have only some of them. `readings`: their
 * number; `values`: how many of them have a value; `total`: the sum of these. Without a value `min` is infinite and `max` minus infinite.
 */
export interface HistorySum {
  readonly atMs: WallMs;
  min: number;
  max: number;
  total: number;
  values: number;
  readings: number;
}

/**
 * The content of one page, in any order: `rows` if raw readings are requested, otherwise `sums`. The other list is empty. Sums of the same
 * minute or hour may be in several pages, and must be added.
 */
export interface HistoryPart {
  readonly rows: readonly HistoryRow[];
  readonly sums: readonly HistorySum[];
}

/** The request for one page. `beforeSeq`: all frames from this seq on have been read; null for the first page. */
export interface HistoryPageQuery extends HistoryQuery {
  readonly beforeSeq: number | null;
}

/** One page. `nextBeforeSeq` is the `beforeSeq` of the next page; null when this was the last. */
export interface HistoryPage extends HistoryPart {
  readonly nextBeforeSeq: number | null;
}

/** Returns the readings from `fromMs` (included) to `toMs` (excluded): as they are for `raw`, otherwise as sums per minute or hour. */
export function historyPart({ fromMs, toMs, resolution }: HistoryQuery, readings: Iterable<HistoryRow>): HistoryPart {
  const rows: HistoryRow[] = [];
  const sums = new Map<WallMs, HistorySum>();
  for (const row of readings) {
    if (row.atMs < fromMs || row.atMs >= toMs) continue;
    if (resolution === 'raw') rows.push(row);
    else addTo(sums, sumOf(Math.floor(row.atMs / BUCKET_MS[resolution]) * BUCKET_MS[resolution], row.value));
  }
  return { rows, sums: [...sums.values()] };
}

/**
 * Creates an object that collects pages, which must be added from the newest on. `done` returns the newest rows or buckets within the
 * limit of the query, oldest first. The limit counts as at least 1 and at most `MAX_ROWS`.
 */
export function createHistoryGatherer({ resolution, limit: asked }: HistoryQuery) {
  const limit = Math.max(1, Math.min(asked, MAX_ROWS));
  const rows: HistoryRow[] = [];
  const sums = new Map<WallMs, HistorySum>();
  return {
    /** Returns false if no older page is needed. */
    add: (page: HistoryPart): boolean => {
      for (const row of page.rows) rows.push(row);
      for (const sum of page.sums) addTo(sums, sum);
      return Math.max(rows.length, sums.size) <= limit;
    },
    /** The newest rows or buckets within the limit. */
    done: (): History => {
      if (resolution === 'raw') return { ...newest(rows, limit), buckets: [] };
      const { rows: buckets, isCut } = newest([...sums.values()].map(toBucket), limit);
      return { rows: [], buckets, isCut };
    },
  };
}

function newest<T extends { readonly atMs: WallMs }>(found: readonly T[], limit: number): { readonly rows: T[]; readonly isCut: boolean } {
  const sorted = found.toSorted((a, b) => a.atMs - b.atMs);
  return { rows: sorted.slice(-limit), isCut: sorted.length > limit };
}

function sumOf(atMs: WallMs, value: number | null): HistorySum {
  if (value === null) return { atMs, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, total: 0, values: 0, readings: 1 };
  return { atMs, min: value, max: value, total: value, values: 1, readings: 1 };
}

function addTo(sums: Map<WallMs, HistorySum>, more: HistorySum): void {
  const sum = sums.get(more.atMs);
  if (sum === undefined) {
    sums.set(more.atMs, { ...more });
    return;
  }
  sum.min = Math.min(sum.min, more.min);
  sum.max = Math.max(sum.max, more.max);
  sum.total += more.total;
  sum.values += more.values;
  sum.readings += more.readings;
}

function toBucket({ atMs, min, max, total, values, readings }: HistorySum): HistoryBucket {
  const isEmpty = values === 0;
  return {
    atMs,
    min: isEmpty ? null : min,
    mean: isEmpty ? null : Number((total / values).toPrecision(MEAN_DIGITS)),
    max: isEmpty ? null : max,
    values,
    readings,
  };
}
