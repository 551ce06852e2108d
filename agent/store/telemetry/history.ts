/**
 * One point's history, in pages that start with the newest row. A page has a limited number of rows, so that commits can run in between and no
 * request takes long enough to count as a hang.
 */
import type { HistoryQuery, HistoryRow } from '../../core/ports.ts';
import { type HistoryPage, type HistoryPageQuery, historyPart } from '../history-sums.ts';
import { toStoreError } from '../sqlite.ts';
import { framePiece, type Handle, type Piece, segmentPiece } from './telemetry-handle.ts';
import type { Found } from './telemetry-reader.ts';

/** Rows of one page. Source: a segment takes 2 ms (`bench -- store`), on a slow machine 30 ms, so that a page takes a quarter of a second there; 256 rows of frames take about as long. */
const PAGE_ROWS = { frames: 256, segments: 8 };
const NOTHING: Found<HistoryPage> = { value: { rows: [], sums: [], nextBeforeSeq: null }, damaged: [] };

/**
 * One page of the readings of a point within the time range, in any order; `rows` or `sums` by the resolution. The first page has the
 * newest frames; the `limit` of the query is ignored. Add the sums of one bucket over all pages. A page may be empty: continue with
 * `nextBeforeSeq` until it is null. Damaged rows of the store are skipped and returned in `damaged`.
 */
export function historyPage(handle: Handle, query: HistoryPageQuery): Found<HistoryPage> {
  const ids = handle.series.idsOf(query.pointId);
  const search = { query, ids, beforeSeq: query.beforeSeq ?? Number.MAX_SAFE_INTEGER };
  if (ids.length === 0) return NOTHING;
  const frames = handle.frames.before(search.beforeSeq, PAGE_ROWS.frames).map((row) => framePiece(handle, row));
  const pieces = frames.length > 0 ? frames : segmentsBefore(handle, search);
  const last = pieces.at(-1);
  if (last === undefined) return NOTHING;
  const readings: HistoryRow[] = [];
  const damaged: Piece[] = [];
  for (const piece of pieces) {
    const own = piece.kind === 'frames' ? fromFrames(handle, search, piece) : fromSegment(handle, search, piece.seq);
    if (own === null) damaged.push(piece);
    else for (const reading of own) readings.push(reading);
  }
  return { value: { ...historyPart(query, readings), nextBeforeSeq: last.firstSeq }, damaged };
}

interface Search {
  readonly query: HistoryQuery;
  readonly ids: readonly number[];
  readonly beforeSeq: number;
}

/** The next segments that may contain readings of the time range, newest first. */
function segmentsBefore(handle: Handle, { query: { fromMs, toMs }, beforeSeq }: Search): Piece[] {
  const labels = handle.segments
    .labels()
    .filter((label) => label.first_seq < beforeSeq && label.t1_ms >= fromMs && label.t0_ms < toMs)
    .slice(-PAGE_ROWS.segments);
  return labels.reverse().flatMap(({ seq }) => {
    const row = handle.segments.at(seq);
    return row === undefined ? [] : [segmentPiece(handle, row)];
  });
}

/** Null for a damaged row. */
function fromFrames(handle: Handle, { ids }: Search, piece: Piece): HistoryRow[] | null {
  const read = piece.read();
  if (read.kind === 'damaged') return null;
  return read.frames.flatMap((frame) => {
    const own = frame.readings.filter(({ seriesId }) => ids.includes(seriesId));
    return own.length === 0 ? [] : own.map((reading) => toRow(reading, handle.boots.shiftMs(frame.boot, frame)));
  });
}

/** Null for a damaged row. A segment may have been made since the last page from frames that this page must not repeat. */
function fromSegment(handle: Handle, { ids, beforeSeq }: Search, seq: number): HistoryRow[] | null {
  const row = handle.segments.at(seq);
  if (row === undefined) return [];
  try {
    const segment = handle.segments.open(row);
    return ids.flatMap((id) =>
      segment.series(id, handle.series.decimalsOf(id) ?? 0).flatMap((reading) => {
        const head = segment.head(reading.frame);
        if (head !== undefined && head.seq >= beforeSeq) return [];
        return [toRow(reading, head === undefined ? 0 : handle.boots.shiftMs(head.boot, head))];
      }),
    );
  } catch (error) {
    if (toStoreError(error, '').code !== 'corrupt') throw error;
    return null;
  }
}

function toRow({ value, quality, atMs }: Omit<HistoryRow, 'isCorrected'>, shiftMs: number): HistoryRow {
  return { value, quality, atMs: atMs + shiftMs, isCorrected: shiftMs !== 0 };
}
