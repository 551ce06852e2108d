/**
 * One SQLite file of the store, from its first byte to quarantine.
 *
 * Owns opening, the checks that it is ours and whole, the clean-shutdown mark and setting it aside. Knows no table but `meta`.
 * Called by the telemetry and state files. After a failure the next use opens again; nobody has to repair anything.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { WallMs } from '../core/clock.ts';
import type { StoreError } from '../core/errors.ts';
import type { Notice } from './messages.ts';
import { getMeta, setMeta } from './meta.ts';
import { expectUsable, migrate, stepForward } from './migrations.ts';
import { PAGE_BYTES, type Schema } from './schema.ts';
import { applySettings, formFresh, openSqlite, type Sqlite, storeError, toStoreError } from './sqlite.ts';

export { getMeta, setMeta };

/** Above this the check of all pages would delay readings for too long. Units: bytes. Source: 0.4 s for 10 MB, cold, measured. */
const QUICK_CHECK_MAX_BYTES = 32 * 2 ** 20;
const SUFFIXES = ['', '-wal', '-shm'] as const;

export interface FileParts<H> {
  readonly dir: string;
  readonly schema: Schema;
  readonly maxPages: number;
  /** First rows of a fresh file, within its creation; `asidePath` is the file it replaces. What it returns is told once the file stands. */
  readonly begin: (db: Sqlite, atMs: WallMs, asidePath: string | null) => readonly Notice[];
  /** Statements and caches of a connection; made again after each failure, since a rollback may have emptied them. */
  readonly attach: (db: Sqlite) => H;
  readonly onNotice: (notice: Notice) => void;
}

export interface StoreFile<H> {
  readonly path: string;
  /** Errors: throws StoreError. */
  read<T>(atMs: WallMs, act: (handle: H) => T): T;
  /** All of `act` or nothing, on disk when it returns. Errors: throws StoreError. */
  write<T>(atMs: WallMs, act: (handle: H) => T): T;
  /** Marks a clean end. Errors: none; what fails is noticed. */
  close(): void;
}

interface Open<H> {
  readonly db: Sqlite;
  handle: H | null;
  clean: boolean;
}

/** A file that is opened at its first use. */
export function createStoreFile<H>(parts: FileParts<H>): StoreFile<H> {
  const path = join(parts.dir, parts.schema.fileName);
  let open: Open<H> | null = null;
  let condemned: StoreError | null = null;

  function opened(atMs: WallMs): Open<H> {
    if (open !== null) return open;
    mkdirSync(parts.dir, { recursive: true });
    let db = condemned === null ? openExisting() : null;
    // Kept until a fresh file stands, so that a failure in between neither forgets the reason nor sets the next file aside.
    const asidePath = condemned === null ? null : setAside(path, parts);
    db ??= create({ path, parts, atMs, asidePath });
    open = { db, handle: null, clean: getMeta(db, 'clean') === 1 };
    if (condemned !== null) {
      const message = `${condemned.message}; kept as ${asidePath}, a fresh file was begun`;
      parts.onNotice({ kind: 'set-aside', file: parts.schema.fileName, message });
    }
    condemned = null;
    return open;
  }

  /** Null when there is no file, or none that may be used. */
  function openExisting(): Sqlite | null {
    if (!existsSync(path)) return null;
    let db: Sqlite | null = null;
    try {
      if (statSync(path).size === 0) throw storeError('foreign', `${path}: found 0 bytes, expected a database of Luciole`);
      db = openSqlite(path);
      judge(db, path, parts.schema);
      applySettings(db, parts.maxPages);
      migrate(db, path, parts.schema);
      return db;
    } catch (error) {
      const failure = toStoreError(error, path);
      db?.close();
      if (!failure.policy.quarantine) throw failure;
      condemned = failure;
      return null;
    }
  }

  function use<T>(atMs: WallMs, act: (open: Open<H>, handle: H) => T): T {
    try {
      const current = opened(atMs);
      current.handle ??= parts.attach(current.db);
      return act(current, current.handle);
    } catch (error) {
      const failure = toStoreError(error, path);
      if (failure.policy.quarantine) condemned = failure;
      if (open !== null) open.handle = null;
      // On a full disk a new connection might find no room for its shared memory file, while this one still reads.
      if (failure.code !== 'full') release();
      throw failure;
    }
  }

  function release(): void {
    try {
      open?.db.close();
    } catch (error) {
      parts.onNotice({ kind: 'remark', message: toStoreError(error, path).message });
    }
    open = null;
  }

  return {
    path,
    read: (atMs, act) => use(atMs, (_, handle) => act(handle)),
    write: (atMs, act) =>
      use(atMs, (current, handle) => {
        const transaction = current.db.transaction(() => {
          if (current.clean) setMeta(current.db, 'clean', 0);
          return act(handle);
        });
        const result = transaction.immediate();
        current.clean = false;
        return result;
      }),
    close: () => {
      try {
        if (open !== null && !open.clean) setMeta(open.db, 'clean', 1);
      } catch (error) {
        parts.onNotice({ kind: 'remark', message: toStoreError(error, path).message });
      }
      release();
    },
  };
}

/** Errors: throws StoreError `foreign`, `future-version` or `corrupt` when this file may not be used. */
function judge(db: Sqlite, path: string, schema: Schema): void {
  const id = Number(db.pragma('application_id', { simple: true }));
  if (id !== schema.applicationId) {
    throw storeError('foreign', `${path}: found application id ${id}, expected ${schema.applicationId}: emptied or another program's file`);
  }
  expectUsable(db, path, schema);
  const bytes = Number(db.pragma('page_count', { simple: true })) * PAGE_BYTES;
  if (getMeta(db, 'clean') === 1 || bytes > QUICK_CHECK_MAX_BYTES) return;
  const check = String(db.pragma('quick_check(1)', { simple: true }));
  if (check !== 'ok') throw storeError('corrupt', `${path}: ${check.replaceAll('\n', ' ')}`);
}

interface Creation<H> {
  readonly path: string;
  readonly parts: FileParts<H>;
  readonly atMs: WallMs;
  readonly asidePath: string | null;
}

/** Made under another name and moved into place when whole, so that a cut never leaves half a file that looks like damage. */
function create<H>({ path, parts, atMs, asidePath }: Creation<H>): Sqlite {
  const notices: Notice[] = [];
  const draft = `${path}.new`;
  // A journal without its file is the rest of an interrupted quarantine and would be replayed into the fresh file.
  for (const base of [draft, path]) for (const suffix of SUFFIXES) rmSync(base + suffix, { force: true });
  const db = openSqlite(draft);
  try {
    formFresh(db);
    applySettings(db, parts.maxPages);
    const transaction = db.transaction(() => {
      db.exec(parts.schema.ddl);
      stepForward(db, parts.schema, 1);
      notices.push(...parts.begin(db, atMs, asidePath));
      setMeta(db, 'clean', 0);
      db.pragma(`application_id = ${parts.schema.applicationId}`);
    });
    transaction.immediate();
  } finally {
    db.close();
  }
  renameSync(draft, path);
  syncFolder(parts.dir);
  const fresh = openSqlite(path);
  applySettings(fresh, parts.maxPages);
  notices.forEach(parts.onNotice);
  return fresh;
}

/** Makes the names in a folder survive a power cut. */
function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Into `quarantine/`, journal and all, in place of what lay there. The file goes first: see `create`. */
function setAside<H>(path: string, { dir, schema }: FileParts<H>): string {
  const quarantine = join(dir, 'quarantine');
  const target = join(quarantine, schema.fileName);
  if (!existsSync(path)) return target;
  mkdirSync(quarantine, { recursive: true });
  for (const suffix of SUFFIXES) rmSync(target + suffix, { force: true });
  for (const suffix of SUFFIXES) if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  return target;
}
