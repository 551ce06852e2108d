/**
 * Makes a new database file.
 */
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';
import type { Schema } from '../schema.ts';
import { applySettings, formFresh, openSqlite, type Sqlite } from '../sqlite.ts';
import { removeAll, removeJournal } from './db-files.ts';
import { stepForward } from './migrations.ts';

/**
 * Makes a file under another name and renames it when it is whole: a power cut leaves no half file that looks like damage.
 *
 * Errors: throws what SQLite or the system throws; the former file is then still there.
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

/** Renames a whole file, already synced, so that it has its name after a power cut too. Errors: throws what the system throws. */
export function standAs(draft: string, path: string): void {
  // A journal that is there already belongs to another file and would be replayed into this one.
  removeJournal(path);
  renameSync(draft, path);
  syncPath(dirname(path));
}
