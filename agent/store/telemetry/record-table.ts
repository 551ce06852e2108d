/**
 * The tables `record` and `record_basis`: segments of the record of decisions, in parts until they are packed.
 *
 * The store does not interpret the streams of bytes. It joins the parts of a segment in their order, deflates them once the segment has ended, and removes
 * the stream `inputs` first when room is needed.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { NumberedPart, RecordBasis } from '../../core/decision-record.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { isTrustedQuality } from './boot-table.ts';
import { CLOCK_QUALITIES } from './frame-table.ts';

/**
 * The columns of a row of `record` without its bytes. `boot`: number of the run in this file. `segment`, `part`: as in `NumberedPart`; a
 * packed row has those of its first part. `basis`: the `id` of its basis in `record_basis`. `bytes`: the stored size of all its streams;
 * `inputs_bytes`: of the inputs alone, null if they were removed. `tq`: index in `CLOCK_QUALITIES` of the clock quality at the start of the
 * segment. `packed`: 1 if the row is deflated. `is_end`: 1 if the control of the light stopped after it. `lost`: as in `RecordPart`.
 * `crc`: checksum of the row. Units: `from_us` and `to_us` µs of the run's monotonic clock; `from_ms` and `to_ms` ms of the wall clock,
 * uncorrected.
 */
export interface RecordHead {
  readonly id: number;
  readonly boot: number;
  readonly segment: number;
  readonly part: number;
  readonly basis: number;
  readonly from_us: number;
  readonly to_us: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly tq: number;
  readonly packed: number;
  readonly is_end: number;
  readonly lost: number;
  readonly crc: number;
  readonly bytes: number;
  readonly inputs_bytes: number | null;
}

/**
 * The bytes of a row, as in `RecordStreams`: the instants, the inputs of decisions, and the levels. Shape: each deflated if the row is
 * packed; `inputs` null if they were removed.
 */
export interface RecordBytes {
  readonly ticks: Buffer;
  readonly inputs: Buffer | null;
  readonly levels: Buffer;
}

/** A row of the table `record`, with its bytes. Its checksum was not verified. */
export type RecordRow = RecordHead & RecordBytes;

/** Size of a row beside its streams. Units: bytes. Source: fourteen small integers and their types. */
const ROW_BYTES = 64;
const HEAD =
  'id, boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost, crc, length(ticks) + coalesce(length(inputs), 0) + length(levels) AS bytes, length(inputs) AS inputs_bytes';
/** Times up to which segments were removed to make room, and by age. Shape: ms of the wall clock. */
const DROPPED = 'record_dropped_ms';
const AGED = 'record_aged_ms';

/** The record of decisions in an open file: adds, joins, reads and removes segments. Errors: its methods throw SQLite errors. */
export class RecordTable {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /**
   * Inserts a part, unless it or a later one of its run is in the file, or it has no basis and the part before it is missing. Returns
   * false in the last case: the part is lost.
   */
  add(numbered: NumberedPart, boot: number): boolean {
    const { segment, part, basis } = numbered;
    const last = this.#db
      .prepare<[number], Pick<RecordHead, 'segment' | 'part' | 'basis'>>(
        'SELECT segment, part, basis FROM record WHERE boot = ? ORDER BY id DESC LIMIT 1',
      )
      .get(boot);
    if (last !== undefined && (segment < last.segment || (segment === last.segment && part <= last.part))) return true;
    const isNext = last?.segment === segment && part === last.part + 1;
    if (basis === null && !isNext) return false;
    const row = rowOf(numbered, boot, basis === null ? Number(last?.basis) : this.#idOf(basis));
    this.#db
      .prepare(
        `INSERT INTO record(boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost, crc, ticks, inputs, levels)
         VALUES(@boot, @segment, @part, @basis, @from_us, @to_us, @from_ms, @to_ms, @tq, @packed, @is_end, @lost, @crc, @ticks, @inputs, @levels)`,
      )
      .run({ ...row, crc: crcOf(row) });
    return true;
  }

  /** All rows in the order in which they were written, also damaged ones, without their bytes. */
  heads(): readonly RecordHead[] {
    return this.#db.prepare<[], RecordHead>(`SELECT ${HEAD} FROM record ORDER BY id`).all();
  }

  /** The rows of a segment, in order, also damaged ones; empty if there is no such segment. */
  rows({ boot, segment }: SegmentKey): readonly RecordRow[] {
    return this.#db
      .prepare<[number, number], RecordRow>(`SELECT ${HEAD}, ticks, inputs, levels FROM record WHERE boot = ? AND segment = ? ORDER BY id`)
      .all(boot, segment);
  }

  /** The basis with this number; undefined if it is missing or not JSON. */
  basis(id: number): RecordBasis | undefined {
    const body = this.#db.prepare<[number], string>('SELECT body FROM record_basis WHERE id = ? AND json_valid(body)').pluck().get(id);
    return body === undefined ? undefined : (JSON.parse(body) as RecordBasis);
  }

  /** The approximate size of all rows and bases; free space in pages does not count. Units: bytes. */
  bytes(): number {
    const sizes = this.#db
      .prepare<[], number>(
        `SELECT count(*) * ${ROW_BYTES} + coalesce(sum(length(ticks) + coalesce(length(inputs), 0) + length(levels)), 0)
           + (SELECT coalesce(sum(length(body)), 0) FROM record_basis) FROM record`,
      )
      .pluck();
    return sizes.get() ?? 0;
  }

  /**
   * Joins the rows of a segment that is not packed to a deflated one. Parts from a missing or damaged one on are dropped; without a first,
   * the segment.
   */
  pack(key: SegmentKey): void {
    const all = this.rows(key);
    const good = soundPrefix(all);
    const [first, last] = [good[0], good.at(-1)];
    if (first === undefined || last === undefined) {
      this.remove(key);
      return;
    }
    const { to_us, to_ms, is_end } = last;
    const joined = { ...first, to_us, to_ms, is_end, packed: 1, ...deflated(joinedStreams(good)) };
    const removeRow = this.#db.prepare('DELETE FROM record WHERE id = ?');
    for (const { id } of all.slice(1)) removeRow.run(id);
    this.#db
      .prepare('UPDATE record SET to_us = ?, to_ms = ?, is_end = ?, packed = 1, crc = ?, ticks = ?, inputs = ?, levels = ? WHERE id = ?')
      .run(to_us, to_ms, is_end, crcOf(joined), joined.ticks, joined.inputs, joined.levels, first.id);
  }

  /** Removes the inputs of a segment; its instants and levels stay. A damaged row stays damaged. */
  thin(key: SegmentKey): void {
    const thin = this.#db.prepare('UPDATE record SET inputs = NULL, crc = ? WHERE id = ?');
    for (const row of this.rows(key)) thin.run(isSoundRow(row) ? crcOf({ ...row, inputs: null }) : row.crc, row.id);
  }

  /** Removes a segment, and each basis that no segment uses. */
  remove({ boot, segment }: SegmentKey): void {
    this.#db.prepare('DELETE FROM record WHERE boot = ? AND segment = ?').run(boot, segment);
    this.#db.exec('DELETE FROM record_basis WHERE id NOT IN (SELECT basis FROM record)');
  }

  /** Removes a segment, and remembers its end `toMs` with the reason. Units: ms. */
  drop(key: SegmentKey, reason: 'cap' | 'age', toMs: number): void {
    this.remove(key);
    const name = reason === 'cap' ? DROPPED : AGED;
    setMeta(this.#db, name, Math.max(Number(getMeta(this.#db, name) ?? 0), Math.round(toMs)));
  }

  /** For the reasons `cap` and `age`, the latest end of a segment that `drop` removed; null if none was. Units: ms. */
  removed(): { readonly droppedToMs: number | null; readonly agedToMs: number | null } {
    const found = (name: string): number | null => {
      const value = getMeta(this.#db, name);
      return value === undefined ? null : Number(value);
    };
    return { droppedToMs: found(DROPPED), agedToMs: found(AGED) };
  }

  #idOf(basis: RecordBasis): number {
    const body = JSON.stringify(basis);
    const known = this.#db.prepare<[string], number>('SELECT id FROM record_basis WHERE body = ?').pluck().get(body);
    return known ?? Number(this.#db.prepare('INSERT INTO record_basis(body) VALUES(?)').run(body).lastInsertRowid);
  }
}

/** Identifies a segment of the record of decisions: the number of its run in this file, and its number within the run. */
export type SegmentKey = Pick<RecordHead, 'boot' | 'segment'>;

/** Whether checksum and order of the row are right. */
function isSoundRow(row: RecordRow): boolean {
  const isBytes = row.ticks instanceof Uint8Array && row.levels instanceof Uint8Array;
  return isBytes && (row.inputs === null || row.inputs instanceof Uint8Array) && crcOf(row) === row.crc;
}

/**
 * Returns the rows of a segment from its first part on, before the first that is damaged or missing; empty if the first part is. `rows`: as
 * `RecordTable.rows` returns them. Parts that are missing at the end are not detected.
 */
export function soundPrefix(rows: readonly RecordRow[]): readonly RecordRow[] {
  const end = rows.findIndex((row, at) => row.part !== at || !isSoundRow(row));
  return end === -1 ? rows : rows.slice(0, end);
}

/**
 * Returns whether the clock was trusted at the start of the segment of a row. Then its times are final. False: they are final only once
 * corrected by a network time.
 */
export function isDatedRow({ tq }: Pick<RecordHead, 'tq'>): boolean {
  return isTrustedQuality(tq);
}

function rowOf(
  { segment, part, ...rest }: NumberedPart,
  boot: number,
  basis: number,
): Omit<RecordRow, 'id' | 'crc' | 'bytes' | 'inputs_bytes'> {
  const { fromMono, toMono, fromMs, toMs, clockQuality, isEnd, lost, ticks, inputs, levels } = rest;
  return {
    ...{ boot, segment, part, basis, packed: 0, lost, is_end: isEnd ? 1 : 0, tq: CLOCK_QUALITIES.indexOf(clockQuality) },
    from_us: Math.round(fromMono * 1_000),
    to_us: Math.round(toMono * 1_000),
    from_ms: Math.round(fromMs),
    to_ms: Math.round(toMs),
    ticks: Buffer.from(ticks),
    inputs: Buffer.from(inputs),
    levels: Buffer.from(levels),
  };
}

function joinedStreams(rows: readonly RecordRow[]): RecordBytes {
  return {
    ticks: Buffer.concat(rows.map(({ ticks }) => ticks)),
    inputs: Buffer.concat(rows.map(({ inputs }) => inputs ?? Buffer.alloc(0))),
    levels: Buffer.concat(rows.map(({ levels }) => levels)),
  };
}

function deflated({ ticks, inputs, levels }: RecordBytes): RecordBytes {
  const small = (bytes: Buffer): Buffer => deflateRawSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  return { ticks: small(ticks), inputs: inputs === null ? null : small(inputs), levels: small(levels) };
}

type Checked = Omit<RecordRow, 'id' | 'crc' | 'bytes' | 'inputs_bytes'>;

/** CRC-32 of all columns and bytes. */
function crcOf({ boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost, ...streams }: Checked): number {
  const columns = new Float64Array([boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost]);
  const { ticks, inputs, levels } = streams;
  const isThin = Buffer.from([inputs === null ? 1 : 0]);
  return [ticks, inputs ?? Buffer.alloc(0), levels, isThin].reduce(
    (crc, bytes) => crc32(bytes, crc),
    crc32(new Uint8Array(columns.buffer)),
  );
}
