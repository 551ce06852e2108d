/**
 * Decides which versions of a file this program may use, and migrates an older version to the current one. Never migrates backwards.
 *
 * The file of a newer program contains the lowest version that may use it. An older program that may use it keeps the version number and
 * writes the tables it has, so the newer program repeats no step. So a release can be reverted without losing the store.
 */
import { msg } from '../../core/message.ts';
import type { Schema } from '../schema.ts';
import { getMeta, isStatementError, type Sqlite, setMeta, storeError } from '../sqlite.ts';

/**
 * Checks that this program may use a file; an older file passes. Errors: throws StoreError `future-version` if the file is too new for this
 * program, `corrupt` if a table is missing; also SQLite errors.
 */
export function expectUsable(db: Sqlite, path: string, schema: Schema): void {
  const version = versionOf(db);
  if (version < schema.version) return;
  if (version > schema.version) expectReadable(db, { path, schema, version });
  // SQLite ignores case in names: a flipped bit may change a name's case in a copy that is otherwise sound.
  const names = db.prepare("SELECT lower(name) FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const missing = schema.tables.filter((table) => !names.includes(table));
  if (missing.length > 0) throw storeError('corrupt', msg`${path}: the tables ${missing} are missing`);
}

function expectReadable(db: Sqlite, { path, schema, version }: { path: string; schema: Schema; version: number }): void {
  const since = readableSince(db);
  if (since !== null && since <= schema.version) return;
  throw storeError(
    'future-version',
    since === null
      ? msg`${path}: found version ${version}, this program reads up to ${schema.version}`
      : msg`${path}: found version ${version}, readable since ${since}, this program reads up to ${schema.version}`,
  );
}

/**
 * Migrates an older file to the current version in one transaction. Does nothing for a current or newer file. `path`: for the texts of
 * errors. Errors: throws SQLite errors, and as `expectUsable`; the file is then unchanged.
 */
export function migrate(db: Sqlite, path: string, schema: Schema): void {
  const version = versionOf(db);
  if (version >= schema.version) return;
  const transaction = db.transaction(() => {
    stepForward(db, schema, version);
    expectUsable(db, path, schema);
  });
  transaction.immediate();
}

/**
 * Runs the migrations after `version`, then writes `version` and `readableSince` of `schema` into the file, within the caller's
 * transaction. Errors: throws SQLite errors.
 */
export function stepForward(db: Sqlite, schema: Schema, version: number): void {
  for (const { to, ddl } of schema.migrations) if (to > version) db.exec(ddl);
  setMeta(db, 'readable_since', schema.readableSince);
  db.pragma(`user_version = ${schema.version}`);
}

function versionOf(db: Sqlite): number {
  return Number(db.pragma('user_version', { simple: true }));
}

/** Null if the file has no such fact, or no table for it. */
function readableSince(db: Sqlite): number | null {
  try {
    const since = getMeta(db, 'readable_since');
    return typeof since === 'number' ? since : null;
  } catch (error) {
    if (isStatementError(error)) return null;
    throw error;
  }
}
