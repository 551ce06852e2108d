/**
 * Frames as they were committed: one row a commit.
 *
 * Owns the rows of `frame`; a row's `seq` is that of its last frame, `k` says how many it holds. Decides nothing about room, gaps or
 * cursor. Runs within the transactions of the telemetry file.
 */
import type { ClockQuality } from '../../core/clock.ts';
import type { StoreError } from '../../core/errors.ts';
import type { ReadingFrame } from '../../core/ports.ts';
import type { SegmentFrame } from '../segment-codec.ts';
import { type Sqlite, storeError, toStoreError } from '../sqlite.ts';
import type { BootTable } from './boot-table.ts';
import { decodeFrames, encodeFrames, frameRowCrc, type SeriesFrame } from './frame-codec.ts';
import type { SeriesTable } from './series-table.ts';

export interface FrameRow {
  readonly seq: number;
  readonly boot: number;
  readonly ticket: number;
  readonly mono_ms: number;
  readonly wall_ms: number;
  readonly tq: number;
  readonly n: number;
  readonly total: number;
  readonly crc: number;
  readonly p: Buffer;
  readonly k: number;
}

/** What a row of frames or a segment gave: its frames, or the damage found in it. */
export type Read =
  | { readonly kind: 'frames'; readonly frames: readonly SegmentFrame[] }
  | { readonly kind: 'damaged'; readonly cause: StoreError };

export interface Tally {
  readonly rows: number;
  readonly frames: number;
  readonly readings: number;
  readonly bytes: number;
}

export interface FrameTable {
  /** Highest seq ever given out. */
  lastSeq(): number;
  /** Readings ever committed. */
  totalReadings(): number;
  /** Frames of this run with a ticket up to this one are in the file. */
  committedTicket(): number;
  first(): FrameRow | undefined;
  last(): FrameRow | undefined;
  /** Rows that end after this seq, oldest first. */
  after(seq: number, maxRows: number): readonly FrameRow[];
  /** Rows of this run that end with this ticket or a later one. */
  ownSince(ticket: number): readonly FrameRow[];
  /** Bytes the frames will need, roughly. */
  estimate(frames: readonly ReadingFrame[]): number;
  /** One row for each run of tickets without a hole; `base` plus its ticket is the seq of a frame. */
  add(frames: readonly ReadingFrame[], base: number): void;
  read(row: FrameRow): Read;
  tally(afterSeq: number): Tally;
  /** Keeps the row, so that seq, ticket and total go on from it, but not its bytes. */
  empty(seq: number): void;
  remove(seq: number): void;
  removeUpTo(seq: number): void;
}

export const CLOCK_QUALITIES: readonly ClockQuality[] = ['none', 'restored', 'rtc', 'synced'];
/** Units: bytes. Source: a reading takes 4 to 6 in a frame; an estimate above it keeps the cap on the safe side. */
const ESTIMATE = { row: 64, frame: 8, reading: 8 };

/** The table on one connection. Errors: all functions throw what SQLite throws. */
export function createFrameTable(db: Sqlite, series: SeriesTable, boots: BootTable): FrameTable {
  const insert = db.prepare(
    'INSERT INTO frame(seq, boot, ticket, mono_ms, wall_ms, tq, n, total, crc, p, k) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const first = db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq LIMIT 1');
  const last = db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq DESC LIMIT 1');
  const after = db.prepare<[number, number], FrameRow>('SELECT * FROM frame WHERE seq > ? ORDER BY seq LIMIT ?');
  const backwards = db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq DESC');
  const tally = db.prepare<[number], Tally>(
    'SELECT count(*) AS rows, coalesce(sum(k), 0) AS frames, coalesce(sum(n), 0) AS readings, coalesce(sum(length(p)), 0) AS bytes FROM frame WHERE seq > ?',
  );
  const sequence = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").pluck();
  const emptied = db.prepare("UPDATE frame SET p = x'', n = 0, crc = 0 WHERE seq = ?");
  const remove = db.prepare('DELETE FROM frame WHERE seq = ?');
  const removeUpTo = db.prepare('DELETE FROM frame WHERE seq <= ?');
  // A damaged count must neither refuse all frames nor give a seq twice.
  const highest = db
    .prepare<[], number>('SELECT max(coalesce((SELECT max(seq) FROM frame), 0), coalesce((SELECT max(seq) FROM segment), 0))')
    .pluck();
  const lastSeq = (): number => Math.max(sequence.get() ?? 0, highest.get() ?? 0);
  const committedTicket = (): number => {
    const newest = last.get();
    return newest !== undefined && newest.boot === boots.known() ? newest.ticket : 0;
  };

  return {
    lastSeq,
    committedTicket,
    totalReadings: () => last.get()?.total ?? 0,
    first: () => first.get(),
    last: () => last.get(),
    after: (seq, maxRows) => after.all(seq, maxRows),
    ownSince: (ticket) => {
      const own: FrameRow[] = [];
      for (const row of backwards.iterate()) {
        if (row.boot !== boots.known() || row.ticket < ticket) break;
        own.unshift(row);
      }
      return own;
    },
    estimate: (frames) => frames.reduce((sum, { readings }) => sum + ESTIMATE.frame + ESTIMATE.reading * readings.length, ESTIMATE.row),
    add: (frames, base) => {
      for (const row of withoutHoles(frames)) addRow(row, base);
    },
    read: (row) => readRow(row, series),
    tally: (afterSeq) => tally.get(afterSeq) ?? { rows: 0, frames: 0, readings: 0, bytes: 0 },
    empty: (seq) => {
      emptied.run(seq);
    },
    remove: (seq) => {
      remove.run(seq);
    },
    removeUpTo: (seq) => {
      removeUpTo.run(seq);
    },
  };

  function addRow(frames: readonly ReadingFrame[], base: number): void {
    const coded = frames.map((frame) => toSeriesFrame(frame, series));
    const newest = coded.at(-1);
    if (newest === undefined) return;
    const seq = base + newest.ticket;
    const p = encodeFrames(coded, (id) => series.decimalsOf(id) ?? 0);
    const n = coded.reduce((sum, { readings }) => sum + readings.length, 0);
    const total = (last.get()?.total ?? 0) + n;
    const { ticket, monoMs, wallMs, clockQuality } = newest;
    const boot = boots.own(wallMs);
    const crc = frameRowCrc({ boot, ticket, monoMs, wallMs, clockQuality, readings: n, total }, p);
    insert.run(seq, boot, ticket, monoMs, wallMs, clockQuality, n, total, crc, p, coded.length);
  }
}

/** Apart where a ticket is missing, since a row says only the number of its last frame. */
function withoutHoles(frames: readonly ReadingFrame[]): readonly (readonly ReadingFrame[])[] {
  const rows: ReadingFrame[][] = [];
  for (const frame of frames) {
    const row = rows.at(-1);
    if (row?.at(-1)?.ticket === frame.ticket - 1) row.push(frame);
    else rows.push([frame]);
  }
  return rows;
}

/** Within a frame by series and then by time, so that what it says does not depend on where it is kept. */
function toSeriesFrame(frame: ReadingFrame, series: SeriesTable): SeriesFrame {
  const wallMs = Math.round(frame.atMs);
  const readings = frame.readings.map(({ pointId, value, quality, atMs }) => ({ seriesId: series.idOf(pointId), value, quality, atMs }));
  return {
    ticket: frame.ticket,
    monoMs: Math.round(frame.atMono),
    wallMs,
    clockQuality: CLOCK_QUALITIES.indexOf(frame.clockQuality),
    readings: readings.sort((a, b) => a.seriesId - b.seriesId),
  };
}

function readRow(row: FrameRow, series: SeriesTable): Read {
  const { seq, boot, ticket, mono_ms: monoMs, wall_ms: wallMs, tq: clockQuality, n: readings, total, crc, p, k } = row;
  // Damage may leave nothing where the schema allows no nothing.
  if (!(p instanceof Uint8Array)) return { kind: 'damaged', cause: storeError('corrupt', `frames up to ${seq}: no bytes`) };
  if (p.length === 0) return { kind: 'frames', frames: [] };
  const head = { ticket, monoMs, wallMs, clockQuality };
  const found = frameRowCrc({ ...head, boot, readings, total }, p);
  if (found !== crc) return { kind: 'damaged', cause: storeError('corrupt', `frames up to ${seq}: checksum ${found}, expected ${crc}`) };
  try {
    const frames = decodeFrames(p, head, series.decimalsOf);
    return { kind: 'frames', frames: frames.map((frame, i) => ({ ...frame, boot, seq: seq - k + 1 + i })) };
  } catch (error) {
    return { kind: 'damaged', cause: toStoreError(error, `frames up to ${seq}`) };
  }
}
