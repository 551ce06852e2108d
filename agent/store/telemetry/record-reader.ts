/** Reads the record of decisions: its segments of a period with corrected times, and its facts. */
import type { WallMs } from '../../core/clock.ts';
import type { RecordFacts, RecordLabel, RecordPage, RecordQuery, StoredRecord } from '../../core/decision-record.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import { unpack } from './frame-codec.ts';
import { CLOCK_QUALITIES } from './frame-table.ts';
import { type RecordHead, type RecordRow, soundPrefix } from './record-table.ts';
import type { Handle } from './telemetry-handle.ts';

/** Segments in one answer. Source: two days of a quiet street; a request blocks the storage thread for some milliseconds. */
const PAGE_SEGMENTS = 8;
/** Far above any segment; damaged bytes must not fill the memory. Units: bytes. */
const MAX_UNPACKED_BYTES = 2 ** 23;

/**
 * A segment of the record of decisions without its bytes. Its own wall times are corrected where the real time is known; those in `rows`,
 * the heads of its rows, are as recorded.
 */
export interface SegmentHeads extends RecordLabel {
  readonly rows: readonly RecordHead[];
}

/**
 * The segments of the record of decisions, also damaged ones, in the order of writing. Their times are corrected where the real time is
 * known.
 */
export function segmentsOf(handle: Handle): readonly SegmentHeads[] {
  const byKey = new Map<string, RecordHead[]>();
  for (const head of handle.record.heads()) {
    const key = `${head.boot} ${head.segment}`;
    const rows = byKey.get(key);
    if (rows === undefined) byKey.set(key, [head]);
    else rows.push(head);
  }
  return [...byKey.values()].map((rows) => labelled(handle, rows));
}

/**
 * One page of the segments of a period; continue with `nextId` until it is null. A segment that cannot be read, or only up to a time before
 * the period, is left out and counted in `damaged`. One that can be read for a part of the period ends where the damage begins.
 * `maxBytes`: the size limit of the record, for the facts; it does not limit the page.
 */
export function recordPage(handle: Handle, { fromMs, toMs, afterId }: RecordQuery, maxBytes: number): RecordPage {
  const all = segmentsOf(handle);
  const found = all.filter((segment) => segment.toMs >= fromMs && segment.fromMs < toMs && segment.id > afterId);
  const page = found.slice(0, PAGE_SEGMENTS);
  const segments = page.flatMap((segment) => storedRecord(handle, segment) ?? []).filter((segment) => segment.toMs >= fromMs);
  const { before, after } = neighbours(all, { fromMs, toMs });
  return {
    ...{ segments, damaged: page.length - segments.length, before, after },
    nextId: found.length > page.length ? (page.at(-1)?.id ?? null) : null,
    facts: recordFacts(handle, all, maxBytes),
  };
}

/**
 * The size of the record, its oldest time, and up to when inputs and segments were removed. `all`: its segments, as `segmentsOf` returns
 * them. `maxBytes`: its size limit, which is only passed on.
 */
export function recordFacts(handle: Handle, all: readonly SegmentHeads[], maxBytes: number): RecordFacts {
  const whole = all.filter(({ isThinned }) => !isThinned);
  const thinned = all.filter(({ isThinned }) => isThinned);
  const coveredMs = whole.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - fromMs), 0);
  const wholeBytes = whole.flatMap(({ rows }) => rows).reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    segments: all.length,
    bytes: handle.record.bytes(),
    maxBytes,
    bytesPerDay: coveredMs < HOUR_MS ? null : Math.round((wholeBytes / coveredMs) * DAY_MS),
    oldestMs: all.length === 0 ? null : Math.min(...all.map(({ fromMs }) => fromMs)),
    thinned: thinned.length,
    thinnedToMs: thinned.length === 0 ? null : Math.max(...thinned.map(({ toMs }) => toMs)),
    ...handle.record.removed(),
  };
}

function labelled({ boots }: Handle, rows: readonly RecordHead[]): SegmentHeads {
  const [first, last] = [rows[0] as RecordHead, rows.at(-1) as RecordHead];
  const shiftMs = Math.round(boots.shiftMs(first.boot, { clockQuality: first.tq, monoMs: first.from_us / 1_000, wallMs: first.from_ms }));
  return {
    ...{ rows, id: first.id, run: first.boot, isEnd: last.is_end === 1, lost: first.lost, isCorrected: shiftMs !== 0 },
    fromMs: first.from_ms + shiftMs,
    toMs: last.to_ms + shiftMs,
    fromMono: first.from_us / 1_000,
    toMono: last.to_us / 1_000,
    clockQuality: CLOCK_QUALITIES[first.tq] ?? 'none',
    isThinned: rows.every(({ inputs_bytes: bytes }) => bytes === null),
  };
}

function neighbours(
  all: readonly SegmentHeads[],
  { fromMs, toMs }: { readonly fromMs: WallMs; readonly toMs: WallMs },
): Pick<RecordPage, 'before' | 'after'> {
  let [before, after]: [SegmentHeads | null, SegmentHeads | null] = [null, null];
  for (const segment of all) {
    if (segment.toMs < fromMs && (before === null || segment.toMs > before.toMs)) before = segment;
    if (segment.fromMs >= toMs && (after === null || segment.fromMs < after.fromMs)) after = segment;
  }
  return { before: before && withoutRows(before), after: after && withoutRows(after) };
}

function withoutRows({ rows: _, ...label }: SegmentHeads): RecordLabel {
  return label;
}

/** The segment up to the first part that is damaged or missing; undefined if nothing can be read. */
function storedRecord({ record }: Handle, segment: SegmentHeads): StoredRecord | undefined {
  const [first] = segment.rows;
  const rows = first === undefined ? [] : soundPrefix(record.rows(first));
  const [start, end] = [rows[0], rows.at(-1)];
  const basis = start === undefined ? undefined : record.basis(start.basis);
  if (basis === undefined || start === undefined || end === undefined) return undefined;
  const reach = { toMs: segment.fromMs + end.to_ms - start.from_ms, toMono: end.to_us / 1_000, isEnd: end.is_end === 1 };
  try {
    return { ...withoutRows(segment), ...reach, basis, ...streamsOf(rows) };
  } catch {
    // Bytes with a right checksum that do not unpack: as damaged as others.
    return undefined;
  }
}

function streamsOf(rows: readonly RecordRow[]): Pick<StoredRecord, 'ticks' | 'inputs' | 'levels'> {
  const all = (stream: 'ticks' | 'inputs' | 'levels'): Uint8Array =>
    new Uint8Array(
      Buffer.concat(
        rows.map((row) =>
          row[stream] === null ? Buffer.alloc(0) : row.packed === 1 ? unpack(row[stream], MAX_UNPACKED_BYTES) : row[stream],
        ),
      ),
    );
  return { ticks: all('ticks'), inputs: all('inputs'), levels: all('levels') };
}
