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

export interface BackupParts {
  readonly dir: string;
  readonly schema: Schema;
  /** Units: pages. */
  readonly maxPages: number;
  /** Rows that are not as they were written, in words: SQLite does not see bytes flipped within a value. */
  readonly rowProblems: (db: Sqlite) => readonly Message[];
}

/** The nightly copies of a small file, in its folder. A copy is used only after it passed every check. */
export function createStateBackup(parts: BackupParts) {
  const path = join(parts.dir, parts.schema.fileName);
  const [newest, former] = [`${path}.bak`, `${path}.bak.1`];

  /** Copies the file as the connection sees it. Errors: throws StoreError `io` when the copy is not sound, else what SQLite throws. */
  function make(db: Sqlite, atMs: WallMs): BackupReport {
    const draft = `${newest}.new`;
    removeAll(draft);
    try {
      db.prepare('VACUUM INTO ?').run(draft);
      // Into the copy itself, since a file's own times follow no clock that we know.
      const problem = problemOf(() => prove(draft, parts, (copy) => markCopy(copy, atMs)));
      if (problem !== null) throw storeError('io', msg`${draft}: the copy is not sound (${problem})`);
      syncPath(draft);
      const { size } = statSync(draft);
      // A damaged copy must not replace a sound one.
      if (isPlain(newest) && problemOf(() => expectSound(newest, parts.schema)) === null) renameSync(newest, former);
      standAs(draft, newest);
      return { path: newest, bytes: size, atMs };
    } finally {
      removeAll(draft);
    }
  }

  /**
   * Replaces the file by the newest sound copy, which stays where it is. Returns which one, in words; null when there is none. Errors:
   * throws what the system throws.
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

/** Opens a file as for use, and reads every page and row. Errors: throws StoreError when it is not sound, else what SQLite throws. */
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

/** What is wrong with a copy, null for nothing. Errors: throws when the disk takes no writes, which says nothing about the copy. */
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
