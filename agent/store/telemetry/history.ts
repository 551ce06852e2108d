import type { WallMs } from '../../core/clock.ts';
import type { History, HistoryBucket, HistoryQuery, HistoryRow, Resolution } from '../../core/ports.ts';
import { toStoreError } from '../sqlite.ts';
import { framePiece, type Handle, type Piece, segmentPiece } from './telemetry-handle.ts';
import type { Found } from './telemetry-reader.ts';

/** Units: ms. */
const BUCKET_MS: Readonly<Record<Exclude<Resolution, 'raw'>, number>> = { minute: 60_000, hour: 3_600_000 };
/** Longest answer. Source: assumed; a month of minutes. */
const MAX_ROWS = 50_000;
/** Digits of a mean that do not depend on the order of adding. */
const MEAN_DIGITS = 12;
/** Rows of frames fetched at once. */
const ROWS = 64;

/**
 * The history of one point: its readings, or sums by minute or hour. Reads segments and frames with the newest first, so that a bound keeps
 * the newest.
 */
export function historyOf(handle: Handle, query: HistoryQuery): Found<History> {
  const limit = Math.max(1, Math.min(query.limit, MAX_ROWS));
  const isRaw = query.resolution === 'raw';
  const gatherer = createGatherer(query, limit);
  const damaged: Piece[] = [];
  const ids = handle.series.idsOf(query.pointId);
  for (const batch of newestFirst(handle, { query, ids, damaged })) if (!gatherer.add(batch)) break;
  const { found, isCut } = gatherer.done();
  return {
    value: isRaw ? { rows: found as HistoryRow[], buckets: [], isCut } : { rows: [], buckets: found as HistoryBucket[], isCut },
    damaged,
  };
}

interface Search {
  readonly query: HistoryQuery;
  readonly ids: readonly number[];
  readonly damaged: Piece[];
}

/** The readings of each table row that may hold some, latest table row first. */
function* newestFirst(handle: Handle, search: Search): Generator<HistoryRow[]> {
  if (search.ids.length === 0) return;
  yield* fromFrames(handle, search);
  for (const label of handle.segments.labels().toReversed()) {
    if (label.t1_ms < search.query.fromMs || label.t0_ms >= search.query.toMs) continue;
    yield fromSegment(handle, search, label.seq);
  }
}

function* fromFrames(handle: Handle, { ids, damaged }: Search): Generator<HistoryRow[]> {
  const pieces: Piece[] = [];
  for (let seq = 0; ; ) {
    const rows = handle.frames.after(seq, ROWS);
    pieces.push(...rows.map((row) => framePiece(handle, row)));
    const last = rows.at(-1);
    if (last === undefined) break;
    seq = last.seq;
  }
  for (const piece of pieces.toReversed()) {
    const read = piece.read();
    if (read.kind === 'damaged') damaged.push(piece);
    else
      yield read.frames.flatMap((frame) => {
        const own = frame.readings.filter(({ seriesId }) => ids.includes(seriesId));
        return own.length === 0 ? [] : own.map((reading) => toRow(reading, handle.boots.shiftMs(frame.boot, frame)));
      });
  }
}

function fromSegment(handle: Handle, { ids, damaged }: Search, seq: number): HistoryRow[] {
  const row = handle.segments.at(seq);
  if (row === undefined) return [];
  try {
    const segment = handle.segments.open(row);
    return ids.flatMap((id) =>
      segment.series(id, handle.series.decimalsOf(id) ?? 0).map((reading) => {
        const head = segment.head(reading.frame);
        return toRow(reading, head === undefined ? 0 : handle.boots.shiftMs(head.boot, head));
      }),
    );
  } catch (error) {
    if (toStoreError(error, '').code !== 'corrupt') throw error;
    damaged.push(segmentPiece(handle, row));
    return [];
  }
}

function toRow({ value, quality, atMs }: Omit<HistoryRow, 'isCorrected'>, shiftMs: number): HistoryRow {
  return { value, quality, atMs: atMs + shiftMs, isCorrected: shiftMs !== 0 };
}

function createGatherer({ fromMs, toMs, resolution }: HistoryQuery, limit: number) {
  const rows: HistoryRow[] = [];
  const buckets = new Map<WallMs, Sum>();
  const isFull = (): boolean => Math.max(rows.length, buckets.size) > limit;
  return {
    /** Returns false when no older rows are needed. */
    add: (more: readonly HistoryRow[]): boolean => {
      for (const row of more) {
        if (row.atMs < fromMs || row.atMs >= toMs) continue;
        if (resolution === 'raw') rows.push(row);
        else addTo(buckets, Math.floor(row.atMs / BUCKET_MS[resolution]) * BUCKET_MS[resolution], row.value);
      }
      return !isFull();
    },
    done: () => {
      const found = resolution === 'raw' ? rows : [...buckets].map(([atMs, sum]) => toBucket(atMs, sum));
      const sorted = found.toSorted((a, b) => a.atMs - b.atMs);
      return { found: sorted.slice(-limit), isCut: sorted.length > limit };
    },
  };
}

interface Sum {
  min: number;
  max: number;
  total: number;
  values: number;
  readings: number;
}

function addTo(buckets: Map<WallMs, Sum>, atMs: WallMs, value: number | null): void {
  const sum = buckets.get(atMs) ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, total: 0, values: 0, readings: 0 };
  buckets.set(atMs, sum);
  sum.readings += 1;
  if (value === null) return;
  sum.min = Math.min(sum.min, value);
  sum.max = Math.max(sum.max, value);
  sum.total += value;
  sum.values += 1;
}

function toBucket(atMs: WallMs, { min, max, total, values, readings }: Sum): HistoryBucket {
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
