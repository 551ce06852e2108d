/**
 * A database from nothing.
 *
 * Owns the order in which a new file comes to stand under its name. Knows no table.
 */
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Schema } from '../schema.ts';
import { applySettings, formFresh, openSqlite, type Sqlite } from '../sqlite.ts';
import { removeAll, removeJournal, syncFolder } from './db-files.ts';
import { stepForward } from './migrations.ts';

/**
 * Made under another name and moved into place when whole, so that a cut never leaves half a file that looks like damage.
 *
 * Errors: throws what SQLite or the system throws; what the name stood for is then still there.
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
  /** First rows, in the transaction that makes the tables. */
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

/** A whole file, synced by its writer, gets its name for good. Errors: throws what the system throws. */
export function standAs(draft: string, path: string): void {
  // A journal that is there already is the rest of another file and would be replayed into this one.
  removeJournal(path);
  renameSync(draft, path);
  syncFolder(dirname(path));
}
