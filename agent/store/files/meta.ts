/**
 * The table `meta`, which every file of the store has: facts of the file itself.
 */
import type { Sqlite } from '../sqlite.ts';

/** One fact of the file, undefined when it is not there. Errors: throws what SQLite throws. */
export function getMeta(db: Sqlite, key: string): unknown {
  return db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key);
}

/** Within the caller's transaction, if there is one. Errors: throws what SQLite throws. */
export function setMeta(db: Sqlite, key: string, value: string | number): void {
  db.prepare('INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value').run(key, value);
}
