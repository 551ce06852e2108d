/**
 * `telemetry.db`: frames, the cursor and every recorded loss.
 *
 * Owns what one commit does, the byte cap and the counts. Never decides when to commit. Called by the database, on the storage thread.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import type { WallMs } from '../core/clock.ts';
import type { Frame, Gap, StoredFrame } from '../core/ports.ts';
import { createFrameTable, type FrameRow, type FrameTable, type ReadRow } from './frame-table.ts';
import { createGapTable, type GapTable } from './gap-table.ts';
import type { Notice, Setup, TelemetryDone, TelemetryFacts, TelemetryWork } from './messages.ts';
import { PAGE_BYTES, TELEMETRY } from './schema.ts';
import { openReadOnly, type Sqlite } from './sqlite.ts';
import { createStoreFile, getMeta, setMeta } from './store-file.ts';

export interface TelemetryFile {
  /** Errors: these throw StoreError. */
  commit(work: TelemetryWork, atMs: WallMs): TelemetryDone;
  readAfter(seq: number, maxFrames: number, atMs: WallMs): readonly StoredFrame[];
  gapsAfter(id: number, atMs: WallMs): readonly Gap[];
  facts(atMs: WallMs): TelemetryFacts;
  close(): void;
}

interface Handle {
  readonly db: Sqlite;
  readonly frames: FrameTable;
  readonly gaps: GapTable;
}

/** Frames removed at once when room is needed. */
const REMOVE_FRAMES = 32;
/** Room made beyond the need, so that a full store records one gap for many commits. Units: share of the cap. */
const HEADROOM = 0.02;
/** The hard stop above the cap: the index pages and one commit. Units: pages. */
const BACKSTOP_PAGES = 256;
/** Free pages given back to the file system, once there are so many, so many at a time. Source: vacuum in small steps, never `VACUUM`. */
const VACUUM_PAGES = { from: 512, step: 64 };
/** Longest answer to one question. Units: frames, gaps. */
const MAX_ANSWER = 2_000;

/** The file on its folder; opened at first use. */
export function createTelemetryFile(setup: Setup, onNotice: (notice: Notice) => void): TelemetryFile {
  let floorSeq = setup.floorSeq;
  const file = createStoreFile<Handle>({
    dir: setup.dir,
    schema: TELEMETRY,
    maxPages: setup.maxPages ?? Math.ceil(setup.maxBytes / PAGE_BYTES) + BACKSTOP_PAGES,
    begin: (db, atMs, asidePath) => {
      setMeta(db, 'epoch', randomBytes(16).toString('hex'));
      setMeta(db, 'cursor_seq', floorSeq);
      if (floorSeq > 0) db.prepare("INSERT INTO sqlite_sequence(name, seq) VALUES('frame', ?)").run(floorSeq);
      if (asidePath === null) return [];
      const readings = countUndelivered(asidePath);
      createGapTable(db).add({ firstSeq: null, lastSeq: null, readings, reason: 'set-aside', atMs });
      return [{ kind: 'lost', reason: 'set-aside', readings }];
    },
    attach: (db) => ({ db, frames: createFrameTable(db, setup), gaps: createGapTable(db) }),
    onNotice,
  });

  return {
    commit: (work, atMs) => {
      const idle = work.frames.length === 0 && work.gaps.length === 0 && work.cursorSeq === null && !work.probe;
      const lost: Notice[] = [];
      const act = (handle: Handle): TelemetryDone => {
        if (!idle) lost.push(...writeDown(handle, { work, atMs, setup }));
        const { db, frames } = handle;
        return { tickets: ticketsOf(handle, work.frames), lastSeq: frames.lastSeq(), cursorSeq: cursorOf(db) };
      };
      const done = idle ? file.read(atMs, act) : file.write(atMs, act);
      floorSeq = Math.max(floorSeq, done.lastSeq);
      for (const notice of lost) onNotice(notice);
      if (!idle) file.read(atMs, giveBack);
      return done;
    },
    readAfter: (seq, maxFrames, atMs) => {
      const found = file.read(atMs, ({ frames }) => collect(frames, seq, Math.min(maxFrames, MAX_ANSWER)));
      if (found.damaged.length > 0) file.write(atMs, (handle) => recordDamage(handle, found.damaged, atMs)).forEach(onNotice);
      return found.frames;
    },
    gapsAfter: (id, atMs) => file.read(atMs, ({ gaps }) => gaps.after(id, MAX_ANSWER)),
    facts: (atMs) => file.read(atMs, (handle) => countAll(handle, file.path)),
    close: file.close,
  };
}

interface Task {
  readonly work: TelemetryWork;
  readonly atMs: WallMs;
  readonly setup: Setup;
}

/** One transaction: cursor, then losses, then room, then frames. */
function writeDown(handle: Handle, { work, atMs, setup }: Task): readonly Notice[] {
  const { db, frames, gaps } = handle;
  const cursorSeq = Math.min(work.cursorSeq ?? 0, frames.lastSeq());
  if (cursorSeq > cursorOf(db)) setMeta(db, 'cursor_seq', cursorSeq);
  if (work.probe) setMeta(db, 'probed_ms', Math.round(atMs));
  for (const gap of work.gaps) gaps.addOnce(gap, setup.boot);
  const committed = frames.committedTicket();
  const fresh = work.frames.filter((frame) => frame.ticket > committed);
  const neededBytes = fresh.reduce((bytes, frame) => bytes + frames.estimate(frame), 0);
  const notices = makeRoom(handle, { neededBytes, maxBytes: setup.maxBytes, atMs });
  for (const frame of fresh) frames.add(frame);
  return notices;
}

/**
 * Every frame of the work with its seq, whether it went in now or had gone in before the answer to an earlier commit was lost.
 *
 * A frame's name is (boot, ticket) and tickets rise with seq, so the newest row tells which ones are in the file.
 */
function ticketsOf({ frames }: Handle, asked: readonly Frame[]): TelemetryDone['tickets'] {
  const first = asked[0];
  if (first === undefined) return [];
  const rows = frames.ownSince(first.ticket, asked.length);
  return rows.map(({ ticket, seq, n }) => ({ ticket, seq, readings: n })).reverse();
}

interface Lost {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly readings: number;
}

/** Below the cap before anything is added: the oldest go, and what was not delivered of them becomes a gap. */
function makeRoom({ db, frames, gaps }: Handle, need: { neededBytes: number; maxBytes: number; atMs: WallMs }): readonly Notice[] {
  if (usedBytes(db) + need.neededBytes <= need.maxBytes) return [];
  const targetBytes = need.maxBytes * (1 - HEADROOM) - need.neededBytes;
  const cursorSeq = cursorOf(db);
  let lost = null as Lost | null;
  while (usedBytes(db) > targetBytes) {
    const from = frames.first();
    const newest = frames.last();
    if (from === undefined || newest === undefined || from.seq === newest.seq) break;
    const toSeq = Math.min(from.seq + REMOVE_FRAMES, newest.seq) - 1;
    const readings = undelivered({ frames, gaps, afterSeq: cursorSeq, toSeq });
    if (toSeq > cursorSeq) {
      const firstSeq: number = lost?.firstSeq ?? Math.max(from.seq, cursorSeq + 1);
      lost = { firstSeq, lastSeq: toSeq, readings: (lost?.readings ?? 0) + readings };
    }
    frames.removeUpTo(toSeq);
  }
  if (lost === null) return [];
  gaps.add({ ...lost, reason: 'cap', atMs: need.atMs });
  return [{ kind: 'lost', reason: 'cap', readings: lost.readings }];
}

interface Range {
  readonly frames: FrameTable;
  readonly gaps: GapTable;
  readonly afterSeq: number;
  readonly toSeq: number;
}

/** Readings of the frames in a range, without those already recorded as damaged. */
function undelivered({ frames, gaps, afterSeq, toSeq }: Range): number {
  const first = frames.after(afterSeq, 1)[0];
  const last = frames.at(toSeq);
  if (first === undefined || last === undefined || first.seq > last.seq) return 0;
  return last.total - first.total + first.n - gaps.damagedBetween(first.seq, last.seq).readings;
}

/** Up to `maxFrames` whole frames after `seq`, and the damaged ones met on the way. */
function collect(table: FrameTable, seq: number, maxFrames: number): { frames: StoredFrame[]; damaged: FrameRow[] } {
  const frames: StoredFrame[] = [];
  const damaged: FrameRow[] = [];
  for (let afterSeq = seq; frames.length < maxFrames; ) {
    const rows = table.after(afterSeq, maxFrames - frames.length);
    for (const row of rows) {
      const read: ReadRow = table.read(row);
      if (read.kind === 'frame') frames.push(read.frame);
      if (read.kind === 'damaged') damaged.push(row);
      afterSeq = row.seq;
    }
    if (rows.length === 0) break;
  }
  return { frames, damaged };
}

/** Delivered frames are only emptied: what the platform has is not lost. */
function recordDamage({ db, frames, gaps }: Handle, damaged: readonly FrameRow[], atMs: WallMs): readonly Notice[] {
  const cursorSeq = cursorOf(db);
  for (const row of damaged) frames.empty(row.seq);
  const lost = damaged.filter((row) => row.seq > cursorSeq);
  for (const { seq, n } of lost) gaps.add({ firstSeq: seq, lastSeq: seq, readings: n, reason: 'corrupt', atMs });
  return lost.map(({ n }) => ({ kind: 'lost', reason: 'corrupt', readings: n }));
}

function giveBack({ db }: Handle): void {
  if (pragma(db, 'freelist_count') > VACUUM_PAGES.from) db.pragma(`incremental_vacuum(${VACUUM_PAGES.step})`);
}

function countAll({ db, frames, gaps }: Handle, path: string): TelemetryFacts {
  const [first, last, cursorSeq] = [frames.first(), frames.last(), cursorOf(db)];
  const held = first && last ? gaps.damagedBetween(first.seq, last.seq) : { frames: 0, readings: 0 };
  const backlog = frames.after(cursorSeq, 1)[0];
  const owed = backlog && last ? gaps.damagedBetween(backlog.seq, last.seq) : { frames: 0, readings: 0 };
  const wal = `${path}-wal`;
  return {
    epoch: String(getMeta(db, 'epoch')),
    frames: first && last ? last.seq - first.seq + 1 - held.frames : 0,
    readings: first && last ? last.total - first.total + first.n - held.readings : 0,
    bytes: pragma(db, 'page_count') * PAGE_BYTES + (existsSync(wal) ? statSync(wal).size : 0),
    oldestMs: first?.wall_ms ?? null,
    lastSeq: frames.lastSeq(),
    cursorSeq,
    backlogFrames: backlog && last ? last.seq - backlog.seq + 1 - owed.frames : 0,
    gaps: gaps.count(),
  };
}

/** Best effort on a file that was set aside. Shape: 0 when it cannot be told. */
function countUndelivered(path: string): number {
  try {
    const db = openReadOnly(path);
    try {
      const owed = 'SELECT total - n FROM frame WHERE seq > ? ORDER BY seq LIMIT 1';
      const before = db.prepare(owed).pluck().get(cursorOf(db));
      const last = db.prepare('SELECT total FROM frame ORDER BY seq DESC LIMIT 1').pluck().get();
      return typeof before === 'number' && typeof last === 'number' ? Math.max(0, last - before) : 0;
    } finally {
      db.close();
    }
  } catch {
    // Damaged beyond reading is why it lies there; the gap then says that the number is not known.
    return 0;
  }
}

function cursorOf(db: Sqlite): number {
  return Number(getMeta(db, 'cursor_seq') ?? 0);
}

function usedBytes(db: Sqlite): number {
  return (pragma(db, 'page_count') - pragma(db, 'freelist_count')) * PAGE_BYTES;
}

function pragma(db: Sqlite, name: string): number {
  return Number(db.pragma(name, { simple: true }));
}
