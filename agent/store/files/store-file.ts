/**
 * One SQLite file of the store, from its first byte to quarantine.
 *
 * Owns opening, the clean-shutdown mark, and what comes in the place of a file that may not be used. Knows no table but `meta`.
 * After a failure the next use opens again; nobody has to repair anything.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { WallMs } from '../../core/clock.ts';
import type { StoreError } from '../../core/errors.ts';
import type { Notice } from '../messages.ts';
import { createQuarantine } from '../quarantine.ts';
import type { Schema } from '../schema.ts';
import { applySettings, openSqlite, type Sqlite, storeError, toStoreError } from '../sqlite.ts';
import { plainFileBytes } from './db-files.ts';
import { assertSoundFile, pageProblems, toOpeningError, toUseError } from './file-check.ts';
import { makeFresh } from './fresh-file.ts';
import { getMeta, setMeta } from './meta.ts';
import { migrate } from './migrations.ts';

export interface FileParts<H> {
  readonly dir: string;
  readonly schema: Schema;
  readonly maxPages: number;
  /** First rows of a fresh file, within its creation; `asidePath` is the file it replaces. What it returns is told once the file stands. */
  readonly begin: (db: Sqlite, atMs: WallMs, asidePath: string | null) => readonly Notice[];
  /** Statements and caches of a connection; made again after each failure, since a rollback may have emptied them. */
  readonly attach: (db: Sqlite) => H;
  readonly onNotice: (notice: Notice) => void;
  /** Puts a sound copy where the file was and says in words where it is from; null when there is none. Left out: nothing is kept of it. */
  readonly restore?: (atMs: WallMs) => string | null;
}

export interface StoreFile<H> {
  readonly path: string;
  /** Errors: throws StoreError. */
  read<T>(atMs: WallMs, act: (handle: H) => T): T;
  /** All of `act` or nothing, on disk when it returns. Errors: throws StoreError. */
  write<T>(atMs: WallMs, act: (handle: H) => T): T;
  /**
   * Reads every page; a file that is damaged is replaced at once. Shape: what is wrong, the last line says what became of it.
   *
   * Errors: throws StoreError when it cannot be asked.
   */
  check(atMs: WallMs): readonly string[];
  /** A last word before the end, where the file is open; what fails is noticed. */
  tidy(act: (handle: H) => void): void;
  /** Marks a clean end. Errors: none; what fails is noticed. */
  close(): void;
}

interface Open<H> {
  readonly db: Sqlite;
  /** Tells this file from another one under its name. */
  readonly inode: number;
  handle: H | null;
  clean: boolean;
}

/** A file that is opened at its first use. */
export function createStoreFile<H>(parts: FileParts<H>): StoreFile<H> {
  const path = join(parts.dir, parts.schema.fileName);
  const quarantine = createQuarantine(path);
  let open: Open<H> | null = null;
  /** Kept until another file stands, so that a failure in between neither forgets the reason nor sets the next file aside. */
  let condemned: StoreError | null = null;
  let lastReplaced: string | null = null;

  function opened(atMs: WallMs): Open<H> {
    if (open !== null) return expectInPlace(open, path);
    mkdirSync(parts.dir, { recursive: true });
    condemned ??= quarantine.interrupted((message) => parts.onNotice({ kind: 'remark', message }));
    open = (condemned === null ? openExisting() : null) ?? replace(atMs);
    return open;
  }

  /** Null when there is no file, or none that may be used. */
  function openExisting(): Open<H> | null {
    let db: Sqlite | null = null;
    try {
      const bytes = plainFileBytes(path);
      if (bytes === null) return null;
      if (bytes === 0) throw storeError('foreign', `${path}: found 0 bytes, expected a database of Luciole`);
      db = openSqlite(path);
      assertSoundFile(db, path, parts.schema);
      applySettings(db, parts.maxPages);
      migrate(db, path, parts.schema);
      return { db, inode: statSync(path).ino, handle: null, clean: getMeta(db, 'clean') === 1 };
    } catch (error) {
      const failure = toOpeningError(error, path);
      // Left open, its end would one day take away the journal of the file that comes in its place.
      db?.close();
      if (!failure.policy.quarantine) throw failure;
      condemned = failure;
      return null;
    }
  }

  /** A sound copy, else a fresh file. */
  function replace(atMs: WallMs): Open<H> {
    const why = condemned;
    const asidePath = why === null ? null : quarantine.take();
    const source = parts.restore?.(atMs) ?? null;
    const restored = source === null ? null : openExisting();
    const next = restored ?? begin(atMs, asidePath);
    condemned = null;
    if (why === null && source === null) return next;
    const kept = asidePath === null ? [] : [quarantine.keep()];
    lastReplaced = [why?.message ?? `${path}: it was missing`, ...kept, restored === null ? 'a fresh file was begun' : source].join('; ');
    parts.onNotice({ kind: 'set-aside', file: parts.schema.fileName, message: lastReplaced });
    return next;
  }

  function begin(atMs: WallMs, asidePath: string | null): Open<H> {
    const notices: Notice[] = [];
    const fill = (db: Sqlite): void => {
      notices.push(...parts.begin(db, atMs, asidePath));
      setMeta(db, 'clean', 0);
    };
    makeFresh({ path, schema: parts.schema, maxPages: parts.maxPages, fill });
    const fresh = openExisting();
    if (fresh === null) throw storeError('io', `${path}: a file that was just made cannot be used (${condemned?.message})`);
    notices.forEach(parts.onNotice);
    return fresh;
  }

  function attach(db: Sqlite): H {
    try {
      return parts.attach(db);
    } catch (error) {
      throw toOpeningError(error, path);
    }
  }

  function use<T>(atMs: WallMs, act: (open: Open<H>, handle: H) => T): T {
    try {
      const current = opened(atMs);
      current.handle ??= attach(current.db);
      return act(current, current.handle);
    } catch (error) {
      const failure = toUseError(error, path, open?.db);
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

  function check(atMs: WallMs): readonly string[] {
    lastReplaced = null;
    let problems: readonly string[] = [];
    try {
      use(atMs, ({ db }) => {
        problems = pageProblems(db);
        if (problems.length > 0) throw storeError('corrupt', `${path}: ${problems[0]}`);
      });
    } catch (error) {
      if (condemned === null) throw error;
      replaceNow(atMs);
    }
    return lastReplaced === null ? problems : [...problems, lastReplaced];
  }

  function replaceNow(atMs: WallMs): void {
    try {
      use(atMs, () => null);
    } catch (error) {
      lastReplaced = `not yet replaced: ${toStoreError(error, path).message}`;
    }
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
    check,
    tidy: (act) => {
      try {
        if (open?.handle != null) act(open.handle);
      } catch (error) {
        parts.onNotice({ kind: 'remark', message: toStoreError(error, path).message });
      }
    },
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

/** Without this, a file that was removed or emptied under us would go on taking commits, and lose them all. Errors: throws StoreError `foreign`. */
function expectInPlace<H>(open: Open<H>, path: string): Open<H> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.ino === open.inode && found.size > 0) return open;
  throw storeError('foreign', `${path}: it was ${found === undefined ? 'removed' : 'replaced or emptied'} while in use`);
}
