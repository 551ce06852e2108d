/**
 * The table `frame`: frames as they were committed, one row for each run of consecutive tickets in a commit. Runs within the transactions
 * of the telemetry file.
 *
 * Shape: a row's `seq` is that of its last frame; `k` is the number of its frames.
 */

import type { ClockQuality } from '../../core/clock.ts';
import type { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { ReadingFrame } from '../../core/ports.ts';
import type { SegmentFrame } from '../segment-codec.ts';
import { type Sqlite, storeError, toStoreError } from '../sqlite.ts';
import type { BootTable } from './boot-table.ts';
import { decodeFrames, encodeFrames, frameRowCrc, type SeriesFrame } from './frame-codec.ts';
import type { SeriesTable } from './series-table.ts';

/**
 * A row of the table `frame`: `k` frames of one commit with `n` readings, encoded in `p`. If `p` is empty, the readings were removed, and
 * `n` and `crc` are 0. Seq, ticket, times and clock quality (`tq`) are those of the last frame. `boot`: number of the run in this file.
 * `total`: readings ever committed, up to and with this row. `crc`: checksum of `p` and of the fields from `boot` to `total`.
 */
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

/** The content of a row of frames or of a segment: its frames, or the damage found in it. */
export type Read =
  | { readonly kind: 'frames'; readonly frames: readonly SegmentFrame[] }
  | { readonly kind: 'damaged'; readonly cause: StoreError };

/** The number of rows, of frames or of segments, and sums over them. `bytes`: of the encoded frames, without the rest of a row. */
export interface Tally {
  readonly rows: number;
  readonly frames: number;
  readonly readings: number;
  readonly bytes: number;
}

/** The clock qualities from the worst to the best; the index of each is its number in the file. */
export const CLOCK_QUALITIES: readonly ClockQuality[] = ['none', 'restored', 'rtc', 'synced'];
/** Units: bytes. Source: a reading takes 4 to 6 in a frame; a higher estimate keeps the file below the cap. */
const ESTIMATE = { row: 64, frame: 8, reading: 8 };

/**
 * Adds, reads and removes rows of the table `frame` of an open file. Errors: its methods throw SQLite errors; `read` returns damage and
 * does not throw it.
 */
export class FrameTable {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #series: SeriesTable;
  readonly #boots: BootTable;

  constructor(db: Sqlite, series: SeriesTable, boots: BootTable) {
    this.#sql = prepare(db);
    this.#series = series;
    this.#boots = boots;
  }

  /** The seq above which later rows are numbered. */
  lastSeq(): number {
    return Math.max(this.#sql.sequence.get() ?? 0, this.#sql.highest.get() ?? 0);
  }

  /** Readings ever committed to this file, also those removed since. */
  totalReadings(): number {
    return this.last()?.total ?? 0;
  }

  /** The highest ticket of this run that was committed, by the newest row; 0 if there is no row, or that row is of another run. */
  committedTicket(): number {
    const newest = this.last();
    return newest !== undefined && newest.boot === this.#boots.known() ? newest.ticket : 0;
  }

  first(): FrameRow | undefined {
    return this.#sql.first.get();
  }

  last(): FrameRow | undefined {
    return this.#sql.last.get();
  }

  /** Rows that end after this seq, oldest first. */
  after(seq: number, maxRows: number): readonly FrameRow[] {
    return this.#sql.after.all(seq, maxRows);
  }

  /** Rows that end before this seq, newest first. */
  before(seq: number, maxRows: number): readonly FrameRow[] {
    return this.#sql.before.all(seq, maxRows);
  }

  /** Rows of this run that end with this ticket or a later one, oldest first. */
  ownSince(ticket: number): readonly FrameRow[] {
    const own: FrameRow[] = [];
    for (const row of this.#sql.backwards.iterate()) {
      if (row.boot !== this.#boots.known() || row.ticket < ticket) break;
      own.unshift(row);
    }
    return own;
  }

  /** Estimated size that these frames will have in the file. Units: bytes. */
  estimate(frames: readonly ReadingFrame[]): number {
    return frames.reduce((sum, { readings }) => sum + ESTIMATE.frame + ESTIMATE.reading * readings.length, ESTIMATE.row);
  }

  /** Inserts one row for each run of consecutive tickets; the seq of a frame is `base` plus its ticket. */
  add(frames: readonly ReadingFrame[], base: number): void {
    for (const row of withoutHoles(frames)) this.#addRow(row, base);
  }

  /** Reads and checks a row. A row whose bytes `empty` removed has no frames. */
  read(row: FrameRow): Read {
    return readRow(row, this.#series);
  }

  /** Sums over the rows that end after this seq. */
  tally(afterSeq: number): Tally {
    return this.#sql.tally.get(afterSeq) ?? { rows: 0, frames: 0, readings: 0, bytes: 0 };
  }

  /** Removes the bytes of a row but keeps the row, so that seq, ticket and total continue after it. */
  empty(seq: number): void {
    this.#sql.empty.run(seq);
  }

  remove(seq: number): void {
    this.#sql.remove.run(seq);
  }

  /** Removes the rows that end at this seq or before. */
  removeUpTo(seq: number): void {
    this.#sql.removeUpTo.run(seq);
  }

  #addRow(frames: readonly ReadingFrame[], base: number): void {
    const coded = frames.map((frame) => toSeriesFrame(frame, this.#series));
    const newest = coded.at(-1);
    if (newest === undefined) return;
    const seq = base + newest.ticket;
    const p = encodeFrames(coded, (id) => this.#series.decimalsOf(id) ?? 0);
    const n = coded.reduce((sum, { readings }) => sum + readings.length, 0);
    const total = this.totalReadings() + n;
    const { ticket, monoMs, wallMs, clockQuality } = newest;
    const boot = this.#boots.own(wallMs);
    const crc = frameRowCrc({ boot, ticket, monoMs, wallMs, clockQuality, readings: n, total }, p);
    this.#sql.insert.run(seq, boot, ticket, monoMs, wallMs, clockQuality, n, total, crc, p, coded.length);
  }
}

function prepare(db: Sqlite) {
  return {
    insert: db.prepare(
      'INSERT INTO frame(seq, boot, ticket, mono_ms, wall_ms, tq, n, total, crc, p, k) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    first: db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq LIMIT 1'),
    last: db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq DESC LIMIT 1'),
    after: db.prepare<[number, number], FrameRow>('SELECT * FROM frame WHERE seq > ? ORDER BY seq LIMIT ?'),
    before: db.prepare<[number, number], FrameRow>('SELECT * FROM frame WHERE seq < ? ORDER BY seq DESC LIMIT ?'),
    backwards: db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq DESC'),
    tally: db.prepare<[number], Tally>(
      'SELECT count(*) AS rows, coalesce(sum(k), 0) AS frames, coalesce(sum(n), 0) AS readings, coalesce(sum(length(p)), 0) AS bytes FROM frame WHERE seq > ?',
    ),
    sequence: db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").pluck(),
    empty: db.prepare("UPDATE frame SET p = x'', n = 0, crc = 0 WHERE seq = ?"),
    remove: db.prepare('DELETE FROM frame WHERE seq = ?'),
    removeUpTo: db.prepare('DELETE FROM frame WHERE seq <= ?'),
    // A damaged count must neither block all frames nor assign a seq twice.
    highest: db
      .prepare<[], number>('SELECT max(coalesce((SELECT max(seq) FROM frame), 0), coalesce((SELECT max(seq) FROM segment), 0))')
      .pluck(),
  };
}

/** Splits where a ticket is missing, because a row has only the number of its last frame. */
function withoutHoles(frames: readonly ReadingFrame[]): readonly (readonly ReadingFrame[])[] {
  const rows: ReadingFrame[][] = [];
  for (const frame of frames) {
    const row = rows.at(-1);
    if (row?.at(-1)?.ticket === frame.ticket - 1) row.push(frame);
    else rows.push([frame]);
  }
  return rows;
}

/** Sorts the readings by series and then by time, so that a frame reads the same from a row and from a segment. */
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
  // Damage may leave a null that the schema does not allow.
  if (!(p instanceof Uint8Array)) return { kind: 'damaged', cause: storeError('corrupt', msg`frames up to ${seq}: no bytes`) };
  if (p.length === 0) return { kind: 'frames', frames: [] };
  const head = { ticket, monoMs, wallMs, clockQuality };
  const found = frameRowCrc({ ...head, boot, readings, total }, p);
  if (found !== crc) return { kind: 'damaged', cause: storeError('corrupt', msg`frames up to ${seq}: checksum ${found}, expected ${crc}`) };
  try {
    const frames = decodeFrames(p, head, series.decimalsOf);
    return { kind: 'frames', frames: frames.map((frame, i) => ({ ...frame, boot, seq: seq - k + 1 + i })) };
  } catch (error) {
    return { kind: 'damaged', cause: toStoreError(error, msg`frames up to ${seq}`) };
  }
}
