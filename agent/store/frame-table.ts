/**
 * Frames in the telemetry file: adding, reading, counting.
 *
 * Owns the rows of `frame`, `series` and `boot`. Decides nothing about room, gaps or cursor. Called by the telemetry file,
 * within its transactions.
 */
import type { ClockQuality } from '../core/clock.ts';
import type { StoreError } from '../core/errors.ts';
import type { Frame, StoredFrame } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';
import { decodeReadings, EXACT, encodeReadings, type FrameHead, frameCrc, MAX_DECIMALS } from './frame-codec.ts';
import { type Sqlite, storeError, toStoreError } from './sqlite.ts';

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
}

/** A row that was read: its frame, the damage found in it, or nothing left of it. */
export type ReadRow =
  | { readonly kind: 'frame'; readonly frame: StoredFrame }
  | { readonly kind: 'damaged'; readonly row: FrameRow; readonly cause: StoreError }
  | { readonly kind: 'emptied' };

export interface FrameTable {
  /** Highest seq ever given out. */
  lastSeq(): number;
  /** Frames of this run with a ticket up to this one are in the file. */
  committedTicket(): number;
  first(): FrameRow | undefined;
  last(): FrameRow | undefined;
  at(seq: number): FrameRow | undefined;
  /** Frames of this run that are in the file already, newest `limit` of them. */
  ownSince(ticket: number, limit: number): readonly FrameRow[];
  /** Bytes the frame will need, roughly. */
  estimate(frame: Frame): number;
  add(frame: Frame): FrameRow;
  after(seq: number, maxRows: number): readonly FrameRow[];
  read(row: FrameRow): ReadRow;
  /** Keeps the row, so that counts hold, but not its bytes. */
  empty(seq: number): void;
  removeUpTo(seq: number): void;
}

const CLOCK_QUALITIES: readonly ClockQuality[] = ['none', 'restored', 'rtc', 'synced'];
/** Units: bytes. Source: a reading takes 3 to 6 in a frame; an estimate above it keeps the cap on the safe side. */
const ESTIMATE = { frame: 64, reading: 8 };

export interface FrameTableParts {
  readonly boot: string;
  readonly decimals: ReadonlyMap<string, number>;
}

/** The table on one connection. Errors: all functions throw what SQLite throws. */
export function createFrameTable(db: Sqlite, parts: FrameTableParts): FrameTable {
  const series = createSeries(db, parts.decimals);
  const bootId = createBootId(db, parts.boot);
  const newest = db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq DESC LIMIT 1');
  const oldest = db.prepare<[], FrameRow>('SELECT * FROM frame ORDER BY seq LIMIT 1');
  const bySeq = db.prepare<[number], FrameRow>('SELECT * FROM frame WHERE seq = ?');
  const newestRows = db.prepare<[number], FrameRow>('SELECT * FROM frame ORDER BY seq DESC LIMIT ?');
  const afterSeq = db.prepare<[number, number], FrameRow>('SELECT * FROM frame WHERE seq > ? ORDER BY seq LIMIT ?');
  const insert = db.prepare('INSERT INTO frame(boot, ticket, mono_ms, wall_ms, tq, n, total, crc, p) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const emptied = db.prepare("UPDATE frame SET p = x'' WHERE seq = ?");
  const remove = db.prepare('DELETE FROM frame WHERE seq <= ?');
  const given = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").pluck();
  let total = newest.get()?.total ?? 0;

  const isOwn = (row: FrameRow): boolean => row.boot === bootId.known();
  return {
    lastSeq: () => given.get() ?? 0,
    committedTicket: () => {
      const row = newest.get();
      return row !== undefined && isOwn(row) ? row.ticket : 0;
    },
    first: () => oldest.get(),
    last: () => newest.get(),
    at: (seq) => bySeq.get(seq),
    ownSince: (ticket, limit) => newestRows.all(limit).filter((row) => isOwn(row) && row.ticket >= ticket),
    estimate: (frame) => ESTIMATE.frame + ESTIMATE.reading * frame.readings.length,
    add: (frame) => {
      const wallMs = Math.round(frame.atMs);
      const coded = frame.readings.map((reading) => ({ ...reading, seriesId: series.idOf(reading.pointId) }));
      const p = encodeReadings(coded, wallMs, (id) => series.decimalsOf(id) ?? EXACT);
      const head: FrameHead = {
        boot: bootId.own(wallMs),
        ticket: frame.ticket,
        monoMs: Math.round(frame.atMono),
        wallMs,
        clockQuality: CLOCK_QUALITIES.indexOf(frame.clockQuality),
        readings: coded.length,
        total: total + coded.length,
      };
      const crc = frameCrc(head, p);
      const { boot, ticket, monoMs, clockQuality: tq, readings: n } = head;
      const { lastInsertRowid } = insert.run(boot, ticket, monoMs, wallMs, tq, n, head.total, crc, p);
      total = head.total;
      return { seq: Number(lastInsertRowid), boot, ticket, mono_ms: monoMs, wall_ms: wallMs, tq, n, total, crc, p };
    },
    after: (seq, maxRows) => afterSeq.all(seq, maxRows),
    read: (row) => readRow(row, series),
    empty: (seq) => {
      emptied.run(seq);
    },
    removeUpTo: (seq) => {
      remove.run(seq);
    },
  };
}

function readRow(row: FrameRow, series: Series): ReadRow {
  const { seq, boot, ticket, mono_ms: monoMs, wall_ms: wallMs, tq, n, total, crc, p } = row;
  if (p.length === 0) return { kind: 'emptied' };
  const found = frameCrc({ boot, ticket, monoMs, wallMs, clockQuality: tq, readings: n, total }, p);
  if (found !== crc) return { kind: 'damaged', row, cause: storeError('corrupt', `frame ${seq}: checksum ${found}, expected ${crc}`) };
  try {
    const readings = decodeReadings(p, wallMs, series.decimalsOf).map(({ seriesId, value, quality, atMs }) => ({
      pointId: series.pointOf(seriesId),
      value,
      quality,
      atMs,
    }));
    return { kind: 'frame', frame: { seq, atMs: wallMs, clockQuality: CLOCK_QUALITIES[tq] ?? 'none', readings } };
  } catch (error) {
    return { kind: 'damaged', row, cause: toStoreError(error, `frame ${seq}`) };
  }
}

interface Series {
  idOf(pointId: PointId): number;
  decimalsOf(id: number): number | undefined;
  /** Only for ids whose decimals are known. */
  pointOf(id: number): PointId;
}

/** Points as numbers. A point whose decimals change becomes a new series, so that old frames still mean what they meant. */
function createSeries(db: Sqlite, decimals: ReadonlyMap<string, number>): Series {
  const all = db.prepare<[], { id: number; point: PointId; decimals: number }>('SELECT id, point, decimals FROM series').all();
  const insert = db.prepare('INSERT INTO series(point, decimals) VALUES(?, ?)');
  const byId = new Map(all.map((row) => [row.id, row]));
  const idByPoint = new Map<string, number>();
  for (const row of all) if (row.decimals === decimalsFor(row.point)) idByPoint.set(row.point, row.id);

  function decimalsFor(point: string): number {
    const wanted = decimals.get(point) ?? EXACT;
    return Number.isInteger(wanted) && wanted >= 0 && wanted <= MAX_DECIMALS ? wanted : EXACT;
  }
  function begin(point: PointId): number {
    const row = { point, decimals: decimalsFor(point) };
    const id = Number(insert.run(row.point, row.decimals).lastInsertRowid);
    byId.set(id, { id, ...row });
    idByPoint.set(point, id);
    return id;
  }
  return {
    idOf: (point) => idByPoint.get(point) ?? begin(point),
    decimalsOf: (id) => byId.get(id)?.decimals,
    pointOf: (id) => byId.get(id)?.point ?? 'unknown.unknown',
  };
}

/** This run's small number in the file, written with its first frame. */
function createBootId(db: Sqlite, token: string): { known(): number | null; own(atMs: number): number } {
  const find = db.prepare<[string], number>('SELECT id FROM boot WHERE token = ?').pluck();
  const insert = db.prepare('INSERT INTO boot(token, at_ms) VALUES(?, ?)');
  let id = find.get(token) ?? null;
  return {
    known: () => id,
    own: (atMs) => {
      id ??= find.get(token) ?? Number(insert.run(token, atMs).lastInsertRowid);
      return id;
    },
  };
}
