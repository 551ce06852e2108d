/**
 * The tables `record` and `record_basis`: segments of the record of decisions, in parts until they are packed.
 *
 * The store does not interpret the streams of bytes. It joins the parts of a segment in their order, deflates them once the segment has ended, and removes
 * the stream `inputs` first when room is needed.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { RecordBasis, RecordPart } from '../../core/decision-record.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { isTrustedQuality } from './boot-table.ts';
import { CLOCK_QUALITIES } from './frame-table.ts';

/** A part with its place: numbers of its segment within the run, and of the part within the segment, both from 0. */
export interface NumberedPart extends RecordPart {
  readonly segment: number;
  readonly part: number;
}

/** The columns of a row without its bytes. `inputs_bytes` is null if the inputs were removed. */
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

/** The bytes of a row. Shape: deflated if the row is packed; `inputs` null if they were removed. */
export interface RecordBytes {
  readonly ticks: Buffer;
  readonly inputs: Buffer | null;
  readonly levels: Buffer;
}

/** A row with its bytes. */
export type RecordRow = RecordHead & RecordBytes;

/** Size of a row beside its streams. Units: bytes. Source: fourteen small integers and their types. */
const ROW_BYTES = 64;
const HEAD =
  'id, boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost, crc, length(ticks) + coalesce(length(inputs), 0) + length(levels) AS bytes, length(inputs) AS inputs_bytes';
/** Times up to which segments were removed to make room, and by age. Shape: ms of the wall clock. */
const DROPPED = 'record_dropped_ms';
const AGED = 'record_aged_ms';

/** Creates the access to the record of an open file. Errors: all functions throw SQLite errors. */
export function createRecordTable(db: Sqlite) {
  const insert = db.prepare(
    `INSERT INTO record(boot, segment, part, basis, from_us, to_us, from_ms, to_ms, tq, packed, is_end, lost, crc, ticks, inputs, levels)
     VALUES(@boot, @segment, @part, @basis, @from_us, @to_us, @from_ms, @to_ms, @tq, @packed, @is_end, @lost, @crc, @ticks, @inputs, @levels)`,
  );
  const heads = db.prepare<[], RecordHead>(`SELECT ${HEAD} FROM record ORDER BY id`);
  const newest = db.prepare<[number], Pick<RecordHead, 'segment' | 'part' | 'basis'>>(
    'SELECT segment, part, basis FROM record WHERE boot = ? ORDER BY id DESC LIMIT 1',
  );
  const rows = db.prepare<[number, number], RecordRow>(
    `SELECT ${HEAD}, ticks, inputs, levels FROM record WHERE boot = ? AND segment = ? ORDER BY id`,
  );
  const remove = db.prepare('DELETE FROM record WHERE boot = ? AND segment = ?');
  const removeRow = db.prepare('DELETE FROM record WHERE id = ?');
  const pack = db.prepare(
    'UPDATE record SET to_us = ?, to_ms = ?, is_end = ?, packed = 1, crc = ?, ticks = ?, inputs = ?, levels = ? WHERE id = ?',
  );
  const thin = db.prepare('UPDATE record SET inputs = NULL, crc = ? WHERE id = ?');
  const sizes = db.prepare<[], { readonly rows: number; readonly bytes: number }>(
    'SELECT count(*) AS rows, coalesce(sum(length(ticks) + coalesce(length(inputs), 0) + length(levels)), 0) AS bytes FROM record',
  );
  const basisBytes = db.prepare<[], number>('SELECT coalesce(sum(length(body)), 0) FROM record_basis').pluck();
  const basisId = db.prepare<[string], number>('SELECT id FROM record_basis WHERE body = ?').pluck();
  const basisOf = db.prepare<[number], string>('SELECT body FROM record_basis WHERE id = ?').pluck();
  const addBasis = db.prepare('INSERT INTO record_basis(body) VALUES(?)');
  const dropBases = db.prepare('DELETE FROM record_basis WHERE id NOT IN (SELECT basis FROM record)');

  const idOf = (basis: RecordBasis): number => {
    const body = JSON.stringify(basis);
    return basisId.get(body) ?? Number(addBasis.run(body).lastInsertRowid);
  };
  const bytes = (): number => {
    const { rows: count, bytes: sum } = sizes.get() ?? { rows: 0, bytes: 0 };
    return sum + count * ROW_BYTES + (basisBytes.get() ?? 0);
  };
  return {
    /** Inserts a part. A part that an earlier commit inserted, whose answer was lost, changes nothing; so does one whose first part is missing. */
    add: (numbered: NumberedPart, boot: number): void => {
      const { segment, part, basis } = numbered;
      const last = newest.get(boot);
      if (last !== undefined && (segment < last.segment || (segment === last.segment && part <= last.part))) return;
      const isNext = last?.segment === segment && part === last.part + 1;
      if (basis === null && !isNext) return;
      const row = rowOf(numbered, boot, basis === null ? Number(last?.basis) : idOf(basis));
      insert.run({ ...row, crc: crcOf(row) });
    },
    /** All rows in the order in which they were written, without their bytes. */
    heads: (): readonly RecordHead[] => heads.all(),
    /** The rows of a segment, in order. */
    rows: (boot: number, segment: number): readonly RecordRow[] => rows.all(boot, segment),
    /** The basis with this number; undefined if it is missing. */
    basis: (id: number): RecordBasis | undefined => {
      const body = basisOf.get(id);
      return body === undefined ? undefined : (JSON.parse(body) as RecordBasis);
    },
    bytes,
    /** Joins the rows of a segment to one. Parts after a missing or damaged one are dropped. */
    pack: (boot: number, segment: number): void => {
      const all = rows.all(boot, segment);
      const good = soundPrefix(all);
      const [first, last] = [good[0], good.at(-1)];
      if (first === undefined || last === undefined) {
        remove.run(boot, segment);
        return;
      }
      for (const { id } of all.slice(1)) removeRow.run(id);
      const joined = { ...first, to_us: last.to_us, to_ms: last.to_ms, is_end: last.is_end, packed: 1, ...deflated(joinedStreams(good)) };
      pack.run(joined.to_us, joined.to_ms, joined.is_end, crcOf(joined), joined.ticks, joined.inputs, joined.levels, first.id);
    },
    /** Removes the inputs of a packed segment. */
    thin: (boot: number, segment: number): void => {
      for (const row of rows.all(boot, segment)) thin.run(crcOf({ ...row, inputs: null }), row.id);
    },
    /** Removes a damaged segment. */
    remove: ({ boot, segment }: Pick<RecordHead, 'boot' | 'segment'>): void => {
      remove.run(boot, segment);
    },
    /** Removes a segment. `toMs`: its end, which is remembered with the reason. */
    drop: ({ boot, segment }: Pick<RecordHead, 'boot' | 'segment'>, reason: 'cap' | 'age', toMs: number): void => {
      remove.run(boot, segment);
      dropBases.run();
      const key = reason === 'cap' ? DROPPED : AGED;
      setMeta(db, key, Math.max(Number(getMeta(db, key) ?? 0), Math.round(toMs)));
    },
    /** The ends of the newest segments that were removed; null if none was. Units: ms. */
    removed: (): { readonly droppedToMs: number | null; readonly agedToMs: number | null } => {
      const found = (key: string): number | null => (getMeta(db, key) === undefined ? null : Number(getMeta(db, key)));
      return { droppedToMs: found(DROPPED), agedToMs: found(AGED) };
    },
  };
}

/** Adds, joins, reads and removes the segments of the record. */
export type RecordTable = ReturnType<typeof createRecordTable>;

/** Whether checksum and order of the row are right. */
export function isSoundRow(row: RecordRow): boolean {
  return row.ticks instanceof Uint8Array && row.levels instanceof Uint8Array && crcOf(row) === row.crc;
}

/** The rows from the first part on, up to the first that is damaged or missing. */
export function soundPrefix(rows: readonly RecordRow[]): readonly RecordRow[] {
  const end = rows.findIndex((row, at) => row.part !== at || !isSoundRow(row));
  return end === -1 ? rows : rows.slice(0, end);
}

/** Whether the times of a row are final: its clock was trusted. */
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
