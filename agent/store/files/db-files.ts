/**
 * A database in the file system: the file, its journal and its shared memory, which belong together. Creates, moves, removes and
 * measures them.
 */
import { existsSync, lstatSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Schema } from '../schema.ts';
import { applySettings, formFresh, openSqlite, type Sqlite, storeError } from '../sqlite.ts';
import { stepForward } from './migrations.ts';

const JOURNAL = ['-wal', '-shm'] as const;
/** The database file is first: without it, the others are remains. */
const SUFFIXES = ['', ...JOURNAL] as const;

/** Removes a database: the file `base`, its journal and its shared memory, as far as they exist. Errors: throws system errors. */
export function removeAll(base: string): void {
  for (const suffix of SUFFIXES) rmSync(base + suffix, { force: true });
}

/** Removes the journal and the shared memory. Errors: throws system errors. */
function removeJournal(base: string): void {
  for (const suffix of JOURNAL) rmSync(base + suffix, { force: true });
}

/**
 * Moves a database: the file, its journal and its shared memory, as far as they exist. Each replaces the file at its new name; a file
 * there for which none is moved stays. Errors: throws system errors.
 */
export function moveAll(from: string, to: string): void {
  for (const suffix of SUFFIXES) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
}

/**
 * The length of a database: the file, its journal and its shared memory together; 0 if there is none. Units: bytes. Errors: throws system
 * errors other than a missing file.
 */
export function bytesOfAll(base: string): number {
  return SUFFIXES.reduce((bytes, suffix) => bytes + (statSync(base + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/**
 * The length of a plain file. Shape: null if nothing has this name. Units: bytes. Errors: throws StoreError `io` when something else has
 * this name, for example a link, and system errors other than a missing file.
 */
export function plainFileBytes(path: string): number | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isFile()) return found.size;
  throw storeError('io', msg`${path}: found ${kindOf(found)}, expected a file; remove it`);
}

function kindOf(found: Stats): Message {
  if (found.isDirectory()) return msg`a folder`;
  if (found.isSymbolicLink()) return msg`a link`;
  if (found.isFIFO()) return msg`a pipe`;
  return found.isSocket() ? msg`a socket` : msg`a device`;
}

/**
 * Throws if the journal or shared memory of a database is something other than a plain file. Missing files are allowed. Errors: as
 * `plainFileBytes`.
 */
export function expectPlainJournal(base: string): void {
  for (const suffix of JOURNAL) plainFileBytes(base + suffix);
}

/**
 * Creates a database with the tables of `schema` and the rows that `fill` writes. Then removes the journal of the file at `path` and
 * replaces that file.
 *
 * Errors: throws SQLite and system errors, and what `fill` throws. If the new database cannot be completed, the former one is unchanged.
 * After a later error the former one may be without its journal, or already be replaced.
 */
export function makeFresh({
  path,
  schema,
  maxPages,
  fill,
}: {
  readonly path: string;
  readonly schema: Schema;
  /** Units: pages. */
  readonly maxPages: number;
  /** Writes the first rows, in the transaction that creates the tables. */
  readonly fill: (db: Sqlite) => void;
}): void {
  const draft = `${path}.new`;
  removeAll(draft);
  const db = openSqlite(draft);
  try {
    formFresh(db);
    applySettings(db, maxPages);
    const transaction = db.transaction(() => {
      db.exec(schema.ddl);
      stepForward(db, schema, 1);
      fill(db);
      db.pragma(`application_id = ${schema.applicationId}`);
    });
    transaction.immediate();
  } finally {
    db.close();
  }
  standAs(draft, path);
}

/**
 * Removes the journal and the shared memory at `path`, then renames `draft`, a complete and synced file, to `path`. Errors: throws system
 * errors; the journal may be removed, and the file replaced, by then.
 */
export function standAs(draft: string, path: string): void {
  // A journal that already exists belongs to another file and would be replayed into this one.
  removeJournal(path);
  renameSync(draft, path);
  syncPath(dirname(path));
}
