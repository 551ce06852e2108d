import { randomBytes } from 'node:crypto';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { count } from '../core/counts.ts';
import type { RecordPage, RecordQuery } from '../core/decision-record.ts';
import { DAY_MS } from '../core/durations.ts';
import { type Message, msg } from '../core/message.ts';
import type {
  CompactionReport,
  ExportPage,
  ExportQuery,
  Gap,
  ReadingFrame,
  RetentionReport,
  StoreAccount,
  StoredFrame,
  TelemetryFacts,
} from '../core/ports.ts';
import { baseFor, numberingOf, releaseReserved, reserveBeyond } from './client/numbering.ts';
import { earlierTraces } from './earlier-life.ts';
import { type Replaced, StoreFile } from './files/store-file.ts';
import type { HistoryPage, HistoryPageQuery } from './history-sums.ts';
import type { Notice, RetentionStep, RoomStep, Setup, TelemetryDone, TelemetryWork } from './messages.ts';
import { PAGE_BYTES, TELEMETRY } from './schema.ts';
import { getMeta, openReadOnly, type Sqlite, setMeta } from './sqlite.ts';
import type { UndeliveredNote } from './state/undelivered-note.ts';
import { accountOf, addDeliveredUnstored, cursorOf, moveCursor, undeliveredByCount } from './telemetry/account.ts';
import { compactOne, createLosses, dropPiece, type Losses, learnTime } from './telemetry/compaction.ts';
import { CLOCK_QUALITIES } from './telemetry/frame-table.ts';
import { createGapTable } from './telemetry/gap-table.ts';
import { historyPage } from './telemetry/history.ts';
import { recordFacts, recordPage, segmentsOf } from './telemetry/record-reader.ts';
import { dropDamagedRecords, makeRecordRoom, packOneRecord, recordMaxBytes, retainRecord } from './telemetry/record-room.ts';
import { retainSome } from './telemetry/retention.ts';
import { isOverCap, makeRoomFor, makeRoomOnce, returnTrial } from './telemetry/room.ts';
import { createWriteMeter, epochOf, telemetryFacts } from './telemetry/telemetry-facts.ts';
import { type Handle, openTables, type Piece } from './telemetry/telemetry-handle.ts';
import { allDamaged, createPieceMemory, exportPage, type Found, framesAfter } from './telemetry/telemetry-reader.ts';

/** The hard stop is never smaller; otherwise a commit might not fit into an empty file. Source: a full batch and a segment as doubles, packed badly; the smallest cap of a cabinet is 16 MB. */
const SMALLEST_STOP_BYTES = 2 ** 20;
/** Longest answer to one request. Units: frames, gaps. */
const MAX_ANSWER = 2_000;
/** Age at which frames are packed into segments: the newest are read most often. Units: ms. Source: frames are packed once an hour. */
const COMPACT_AFTER_MS = 3_600_000;

const NOTHING_COMPACTED: CompactionReport = { segments: 0, frames: 0, readings: 0, bytesBefore: 0, bytesAfter: 0 };

/**
 * `telemetry.db`: readings in frames and segments, the cursor, the recorded losses and the record of decisions. A read may remove damaged
 * rows. One answer has at most 2,000 frames or gaps. Errors: methods that use the file throw StoreError.
 */
export class TelemetryFile {
  readonly #setup: Setup;
  readonly #onNotice: (notice: Notice) => void;
  readonly #file: StoreFile<Handle>;
  readonly #memory = createPieceMemory();
  readonly #meter = createWriteMeter();
  readonly #noted: (atMs: WallMs) => UndeliveredNote | null;
  /** A new file numbers its frames above this. */
  #floorSeq: number;
  /** The undelivered readings of the file in use, needed when the file cannot be read; null if unknown. */
  #undelivered: (UndeliveredNote & { readonly isEstimate: boolean }) | null = null;

  /** `noted` returns the number of undelivered readings of this file as recorded in `state.db`. */
  constructor(setup: Setup, onNotice: (notice: Notice) => void, noted: (atMs: WallMs) => UndeliveredNote | null) {
    this.#noted = noted;
    this.#setup = setup;
    this.#onNotice = onNotice;
    this.#floorSeq = setup.floorSeq;
    this.#file = new StoreFile<Handle>({
      dir: setup.dir,
      schema: TELEMETRY,
      maxPages: setup.maxPages ?? Math.floor(Math.max(setup.maxBytes, SMALLEST_STOP_BYTES) / PAGE_BYTES),
      begin: (db, atMs, replaced) => begin(db, { atMs, floorSeq: this.#floorSeq, lost: this.#lostWith(replaced, atMs) }),
      lastLook: (db) => {
        this.#undelivered = { epoch: epochOf(db), readings: undeliveredReadings(db), isEstimate: false };
      },
      attach: (db) => {
        if (this.#undelivered?.epoch !== epochOf(db)) this.#undelivered = null;
        return openTables(db, setup);
      },
      onNotice,
    });
  }

  commit(work: TelemetryWork, atMs: WallMs): TelemetryDone {
    const setup = this.#setup;
    const isIdle = isEmpty(work) && this.#file.read(atMs, ({ db }) => numberingOf(db, setup.boot)) !== undefined;
    const done = isIdle
      ? this.#file.read(atMs, (handle) => answer(handle, work.frames, setup))
      : this.#write(atMs, (handle, losses) => {
          const lostParts = writeDown(handle, losses, { work, atMs, setup });
          return { ...answer(handle, work.frames, setup), lostParts };
        });
    if (!isIdle || this.#undelivered === null) this.#undelivered = this.#file.read(atMs, countedNow);
    this.#floorSeq = Math.max(this.#floorSeq, done.lastSeq);
    return done;
  }

  /**
   * The stored readings that were not delivered, by the cursor in the file, as last counted: usually at a commit that wrote. With the
   * random identifier in the file; null if the number is not known, as before the first commit.
   */
  get undelivered(): UndeliveredNote | null {
    return this.#undelivered;
  }

  readAfter(seq: number, maxFrames: number, atMs: WallMs): readonly StoredFrame[] {
    const query = { seq, maxFrames: Math.min(maxFrames, MAX_ANSWER) };
    return this.#find(atMs, (handle) => framesAfter(handle, this.#memory, query));
  }

  gapsAfter(id: number, atMs: WallMs): readonly Gap[] {
    return this.#file.read(atMs, ({ gaps }) => gaps.after(id, MAX_ANSWER));
  }

  historyPage(query: HistoryPageQuery, atMs: WallMs): HistoryPage {
    return this.#find(atMs, (handle) => historyPage(handle, query));
  }

  decisions(query: RecordQuery, atMs: WallMs): RecordPage {
    return this.#file.read(atMs, (handle) => recordPage(handle, query, recordMaxBytes(this.#setup.maxBytes)));
  }

  exportPage(query: ExportQuery, atMs: WallMs): ExportPage {
    return this.#find(atMs, (handle) => {
      const { value, damaged } = exportPage(handle, this.#memory, { ...query, maxFrames: Math.min(query.maxFrames, MAX_ANSWER) });
      return { value: { epoch: epochOf(handle.db), ...value }, damaged };
    });
  }

  /** Packs some old frames, or a part of the record of decisions. `more`: rows were changed, so there may be more to pack. */
  compact({ atMs, atMono }: { readonly atMs: WallMs; readonly atMono: MonoMs }): CompactionReport & { readonly more: boolean } {
    return this.#write(atMs, (handle, losses) => {
      const isDue = (row: { boot: number; mono_ms: number }): boolean =>
        row.boot !== handle.boots.known() || atMono - row.mono_ms >= COMPACT_AFTER_MS;
      const report = compactOne(handle, losses, isDue);
      return report === null ? { ...NOTHING_COMPACTED, more: packOneRecord(handle) } : { ...report, more: true };
    });
  }

  /**
   * Removes some of the rows that count as older than the limit in days. The last step also removes segments of the record of decisions by
   * their own limit, unless the clock is doubted.
   */
  retain(step: RetentionStep, atMs: WallMs): Omit<RetentionReport, 'people'> & { readonly more: boolean } {
    return this.#write(atMs, (handle, losses) => {
      moveCursor(handle, step.provenSeq);
      const report = retainSome(handle, losses, { ...step, atMs, keepMs: this.#setup.maxDays * DAY_MS });
      const { recordDays } = this.#setup;
      if (recordDays !== undefined && !report.more && !report.isClockDoubted) retainRecord(handle, atMs - recordDays * DAY_MS);
      return report;
    });
  }

  /** One step towards the byte cap; the work of a step is limited. */
  makeRoom(provenSeq: number, atMs: WallMs): RoomStep {
    const { result: more, lost } = this.#transact(atMs, (handle, losses) => {
      // The file gets the cursor up to a minute late; delivered rows are not a loss.
      moveCursor(handle, provenSeq);
      return makeRoomOnce(handle, losses, this.#setup.maxBytes);
    });
    return { more, lost };
  }

  /** Reads every row and removes damaged rows, also segments of the record of decisions. Undelivered readings in them become gaps. */
  check(atMs: WallMs): { readonly problems: readonly Message[]; readonly account: StoreAccount } {
    const pages = this.#file.check(atMs);
    const damaged = this.#find(atMs, (handle) => {
      const pieces = allDamaged(handle);
      return { value: pieces, damaged: pieces };
    });
    const records = this.#write(atMs, (handle) => dropDamagedRecords(handle));
    const recordText = msg`${count(records, 'segment')} of the record of decisions removed as damaged: \`why --at\` lacks that time`;
    const problems = [...pages, ...damaged.map(damageText), ...(records === 0 ? [] : [recordText])];
    return { problems, account: this.#file.read(atMs, accountOf) };
  }

  facts({ atMs, atMono, provenSeq }: { readonly atMs: WallMs; readonly atMono: MonoMs; readonly provenSeq: number }): TelemetryFacts {
    const { maxBytes } = this.#setup;
    return this.#file.read(atMs, (handle) => {
      const facts = telemetryFacts(handle, this.#file.path, provenSeq);
      const record = recordFacts(handle, segmentsOf(handle), recordMaxBytes(maxBytes));
      return { ...facts, maxBytes, record, written: this.#meter.read(atMono) };
    });
  }

  /** `isAllCommitted`: every frame that this run has numbered is in the file. */
  close(isAllCommitted: boolean): void {
    if (isAllCommitted)
      this.#file.tidy(({ db, frames }) => {
        // Without a frame of this run, the newest frame may be below a number that a killed run has sent.
        if (frames.committedTicket() > 0) releaseReserved(db, frames.lastSeq());
      });
    this.#file.close();
  }

  /**
   * The readings that are lost with the former file; null if there was no file.
   *
   * A file that was removed in use was counted through its connection. A file that was set aside is counted there. Otherwise the recorded
   * number counts, which is up to ten minutes old: an estimate.
   */
  #lostWith({ setAsidePath, why }: Replaced, atMs: WallMs): LostFile | null {
    if (this.#undelivered?.isEstimate === false) return { ...this.#undelivered, message: null };
    const counted = setAsidePath === null ? null : countUndelivered(setAsidePath);
    if (counted !== null) return { readings: counted, isEstimate: false, message: null };
    const known = this.#undelivered ?? this.#noted(atMs);
    const lost = { readings: known?.readings ?? 0, isEstimate: true };
    if (why !== null) return { ...lost, message: null };
    const isExpected = known === null ? earlierTraces(this.#setup).length > 0 : known.epoch !== '';
    return isExpected ? { ...lost, message: msg`${TELEMETRY.fileName} was missing at a start; the agent began a new file` } : null;
  }

  /** Runs one transaction, and emits a notice for each loss that it recorded. */
  #write<T>(atMs: WallMs, act: (handle: Handle, losses: Losses) => T): T {
    const { result, lost } = this.#transact(atMs, act);
    for (const loss of lost) this.#onNotice({ kind: 'lost', ...loss });
    return result;
  }

  /** Runs one transaction. Returns the losses that it recorded. */
  #transact<T>(atMs: WallMs, act: (handle: Handle, losses: Losses) => T): { readonly result: T; readonly lost: RoomStep['lost'] } {
    this.#memory.forget();
    const done = this.#file.write(atMs, (handle) => {
      const losses = createLosses(handle, atMs);
      const result = act(handle, losses);
      return { result, lost: losses.settle() };
    });
    this.#file.read(atMs, returnTrial);
    return done;
  }

  /** Returns the result of a read. Damaged rows that it found are removed and recorded. */
  #find<T>(atMs: WallMs, find: (handle: Handle) => Found<T>): T {
    const { value, damaged } = this.#file.read(atMs, find);
    if (damaged.length > 0) this.#write(atMs, (handle, losses) => dropDamaged(handle, losses, damaged));
    return value;
  }
}

/** The readings lost with a file. `message`: to be reported as an event of the store; null if that was done already. */
interface LostFile {
  readonly readings: number;
  readonly isEstimate: boolean;
  readonly message: Message | null;
}

/** Writes the first rows of a new file. The undelivered rows of the file it replaces become a gap in it. */
function begin(
  db: Sqlite,
  { atMs, lost, floorSeq }: { readonly atMs: WallMs; readonly lost: LostFile | null; readonly floorSeq: number },
): readonly Notice[] {
  setMeta(db, 'epoch', randomBytes(16).toString('hex'));
  setMeta(db, 'cursor_seq', floorSeq);
  setMeta(db, 'delivered', 0);
  if (floorSeq > 0) db.prepare("INSERT INTO sqlite_sequence(name, seq) VALUES('frame', ?)").run(floorSeq);
  if (lost === null) return [];
  const { readings, isEstimate, message } = lost;
  createGapTable(db).add({ firstSeq: null, lastSeq: null, readings, reason: 'set-aside', atMs, ...(isEstimate ? { isEstimate } : {}) });
  const missing: readonly Notice[] = message === null ? [] : [{ kind: 'set-aside', file: TELEMETRY.fileName, message }];
  return [...missing, { kind: 'lost', reason: 'set-aside', readings, isEstimate }];
}

function countedNow(handle: Handle): UndeliveredNote & { readonly isEstimate: true } {
  return { epoch: epochOf(handle.db), readings: Math.max(0, undeliveredByCount(handle)), isEstimate: true };
}

function isEmpty(work: TelemetryWork): boolean {
  const { frames, gaps, deliveredUnstored, cursorSeq, probe, record = [] } = work;
  return frames.length === 0 && record.length === 0 && gaps.length === 0 && deliveredUnstored === null && cursorSeq === null && !probe;
}

/**
 * One transaction: cursor, then losses, then frames. Room is made between commits; here only if this commit would be refused. Returns
 * `lostParts`.
 */
function writeDown(
  handle: Handle,
  losses: Losses,
  { work, atMs, setup }: { work: TelemetryWork; atMs: WallMs; setup: Setup },
): readonly number[] {
  const { db, frames, gaps, boots } = handle;
  if (work.cursorSeq !== null) moveCursor(handle, work.cursorSeq);
  if (work.probe) setMeta(db, 'probed_ms', Math.round(atMs));
  if (work.deliveredUnstored !== null) addDeliveredUnstored(handle, work.deliveredUnstored, boots.own(atMs));
  for (const gap of work.gaps) gaps.addOnce(gap, gap.run === undefined ? boots.own(atMs) : boots.named(gap.run, gap.atMs));
  if (work.gaps.length > 0) gaps.mergeOldest();
  const lostParts = (work.record ?? []).filter((part) => !handle.record.add(part, boots.own(atMs)));
  if (work.record !== undefined && work.record.length > 0) makeRecordRoom(handle, recordMaxBytes(setup.maxBytes));
  const committed = frames.committedTicket();
  const fresh = work.frames.filter((frame) => frame.ticket > committed);
  if (fresh.length > 0) makeRoomFor(handle, losses, { neededBytes: frames.estimate(fresh), maxBytes: setup.maxBytes });
  const [first] = fresh;
  if (first !== undefined || numberingOf(db, setup.boot) === undefined)
    frames.add(fresh, baseFor(db, setup.boot, { lastSeq: frames.lastSeq(), nextTicket: first?.ticket ?? work.nextTicket }));
  reserveBeyond(db, frames.lastSeq());
  learnTime(
    handle,
    fresh.map(({ clockQuality, atMono, atMs: wallMs }) => ({
      clockQuality: CLOCK_QUALITIES.indexOf(clockQuality),
      monoMs: atMono,
      wallMs,
    })),
  );
  return lostParts.map(({ segment }) => segment);
}

/**
 * Every frame of the work with its seq, whether it was inserted now or by an earlier commit whose answer was lost.
 *
 * A frame is identified by (boot, ticket), and tickets rise with seq, so the newest rows show which frames are in the file.
 */
function answer(handle: Handle, asked: readonly ReadingFrame[], { boot, maxBytes }: Setup): TelemetryDone {
  const { db, frames } = handle;
  const lastSeq = frames.lastSeq();
  const newest = frames.last();
  // Usually they are exactly the frames of the newest row, in its order.
  const isOneRow = newest !== undefined && asked.length > 0 && newest.k === asked.length && newest.ticket === asked.at(-1)?.ticket;
  const tickets =
    isOneRow && newest.n === asked.reduce((sum, { readings }) => sum + readings.length, 0)
      ? asked.map(({ ticket, readings }, i) => ({ ticket, seq: newest.seq - newest.k + 1 + i, readings: readings.length }))
      : foundTickets(frames, asked);
  return { tickets, lastSeq, cursorSeq: cursorOf(db), numbering: numberingOf(db, boot) ?? null, isOverCap: isOverCap(handle, maxBytes) };
}

function foundTickets(frames: Handle['frames'], asked: readonly ReadingFrame[]): TelemetryDone['tickets'] {
  const requested = new Set(asked.map(({ ticket }) => ticket));
  const rows = asked[0] === undefined ? [] : frames.ownSince(asked[0].ticket);
  return rows.flatMap((row) => {
    const read = frames.read(row);
    const found = read.kind === 'damaged' ? [] : read.frames.filter(({ ticket }) => requested.has(ticket));
    return found.map(({ ticket, seq, readings }) => ({ ticket, seq, readings: readings.length }));
  });
}

/** Removes damaged rows. Delivered rows are not a loss: the platform has them. */
function dropDamaged(handle: Handle, losses: Losses, damaged: readonly Piece[]): void {
  for (const piece of damaged) dropPiece(handle, losses, { piece, reason: 'corrupt' });
}

function damageText({ kind, firstSeq, seq, n }: Piece): Message {
  return kind === 'segment'
    ? msg`telemetry.db: a row of compacted frames ${firstSeq} to ${seq} is damaged; its ${n} readings are dropped, and reported as a gap where they were not delivered`
    : msg`telemetry.db: a row of frames ${firstSeq} to ${seq} is damaged; its ${n} readings are dropped, and reported as a gap where they were not delivered`;
}

/** The undelivered readings of a file that was set aside; null if they cannot be counted. */
function countUndelivered(path: string): number | null {
  try {
    const db = openReadOnly(path);
    try {
      return undeliveredReadings(db);
    } finally {
      db.close();
    }
  } catch {
    return null; // Removed, or too damaged to be read.
  }
}

/** Returns the number of stored readings that are not delivered, by the cursor of a telemetry file. Errors: throws SQLite errors. */
export function undeliveredReadings(db: Sqlite): number {
  const sum = (table: string): number =>
    Number(db.prepare(`SELECT coalesce(sum(n), 0) FROM ${table} WHERE seq > ?`).pluck().get(cursorOf(db)));
  return Math.max(0, sum('segment') + sum('frame') - Number(getMeta(db, 'cursor_part') ?? 0));
}
