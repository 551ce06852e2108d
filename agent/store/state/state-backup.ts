import { copyFileSync, lstatSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import type { BackupReport } from '../../core/ports.ts';
import { removeAll, standAs } from '../files/db-files.ts';
import { assertSoundFile, expectSound, expectWhole, toOpeningError } from '../files/file-check.ts';
import { migrate } from '../files/migrations.ts';
import type { Schema } from '../schema.ts';
import { applySettings, getMeta, openSqlite, type Sqlite, storeError } from '../sqlite.ts';
import { markCopy } from './adopt-copy.ts';

/** The file that is copied, and how a copy is checked. */
export interface BackupParts {
  /** The folder of the file and of its copies. */
  readonly dir: string;
  readonly schema: Schema;
  /** As in `FileParts`, for a copy that `restore` checks. Units: pages of `PAGE_BYTES`. */
  readonly maxPages: number;
  /** Rows that have changed since they were written, as text: SQLite does not detect flipped bytes within a value. */
  readonly rowProblems: (db: Sqlite) => readonly Message[];
}

/**
 * Creates the functions for the copies of a small file, in its folder. `make` writes a verified copy, and throws if it
 * cannot. `restore` replaces the file by the newest copy that this program can use; it returns null if there is none.
 */
export function createStateBackup(parts: BackupParts) {
  const path = join(parts.dir, parts.schema.fileName);
  const [newest, former] = [`${path}.bak`, `${path}.bak.1`];

  /**
   * Copies the file as the connection sees it. Errors: throws StoreError, for example `io` if the copy is damaged, SQLite or system errors.
   */
  function make(db: Sqlite, atMs: WallMs): BackupReport {
    const draft = `${newest}.new`;
    removeAll(draft);
    try {
      db.prepare('VACUUM INTO ?').run(draft);
      // The time is stored in the copy, because the times of files come from a clock that we cannot assess.
      const problem = problemOf(() => prove(draft, parts, (copy) => markCopy(copy, atMs)));
      if (problem !== null) throw storeError('io', msg`${draft}: the copy is not sound (${problem})`);
      syncPath(draft);
      const { size } = statSync(draft);
      // A damaged copy must not replace an undamaged one.
      if (isPlain(newest) && problemOf(() => expectSound(newest, parts.schema)) === null) renameSync(newest, former);
      standAs(draft, newest);
      return { path: newest, bytes: size, atMs };
    } finally {
      removeAll(draft);
    }
  }

  /**
   * Replaces the file by the newest usable copy; the copy is kept. Returns a text with the path and age of the copy; null, with the
   * file unchanged, if no copy is usable. Errors: throws StoreError `full` or `read-only`, or system errors.
   */
  function restore(atMs: WallMs): Message | null {
    const draft = `${path}.new`;
    for (const copy of [newest, former].filter(isPlain)) {
      removeAll(draft);
      let copiedMs: unknown;
      const useIt = (db: Sqlite): void => {
        applySettings(db, parts.maxPages);
        copiedMs = getMeta(db, 'copied_ms');
      };
      if (problemOf(() => copyFileSync(copy, draft)) !== null || problemOf(() => prove(draft, parts, useIt)) !== null) continue;
      syncPath(draft);
      standAs(draft, path);
      return typeof copiedMs === 'number'
        ? msg`restored from ${copy}, ${((atMs - copiedMs) / HOUR_MS).toFixed(1)} h old`
        : msg`restored from ${copy}, of unknown age`;
    }
    removeAll(draft);
    return null;
  }

  return { make, restore };
}

/** A pipe would block its reader, and a device has no end. */
function isPlain(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Opens a file as for use, and reads every page and row. Errors: throws StoreError if it is damaged, otherwise SQLite errors. */
function prove(path: string, { schema, rowProblems }: BackupParts, act: (db: Sqlite) => void): void {
  const db = openSqlite(path);
  try {
    assertSoundFile(db, path, schema);
    migrate(db, path, schema);
    act(db);
    expectWhole(db, path);
    const [problem] = rowProblems(db);
    if (problem !== undefined) throw storeError('corrupt', msg`${path}: ${problem}`);
  } finally {
    db.close();
  }
}

/** The problem of a copy; null for none. Errors: throws if the disk accepts no writes, which is no evidence against the copy. */
function problemOf(act: () => void): Message | null {
  try {
    act();
    return null;
  } catch (error) {
    const failure = toOpeningError(error, 'copy');
    if (failure.code === 'full' || failure.code === 'read-only') throw failure;
    return failure.said;
  }
}
