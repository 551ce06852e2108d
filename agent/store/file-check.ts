/**
 * Whether a database is ours, of a version we may use, and whole.
 *
 * Owns the checks and how much of them an opening can afford. Changes nothing. Called by the store files and by the backup.
 */
import { getMeta } from './meta.ts';
import { expectUsable } from './migrations.ts';
import { PAGE_BYTES, type Schema } from './schema.ts';
import { openReadOnly, type Sqlite, storeError } from './sqlite.ts';

/** Above this the check of all pages would delay readings for too long. Units: bytes. Source: 0.4 s for 10 MB, cold, measured. */
const QUICK_CHECK_MAX_BYTES = 32 * 2 ** 20;
/** A damaged file has one story; the rest repeats it. Units: lines. */
const MAX_PROBLEMS = 10;

/**
 * What an opening can afford: marks, version, tables; all pages only after an unclean end.
 *
 * Errors: throws StoreError `foreign`, `future-version` or `corrupt` when this file may not be used, else what SQLite throws.
 */
export function judge(db: Sqlite, path: string, schema: Schema): void {
  const id = Number(db.pragma('application_id', { simple: true }));
  if (id !== schema.applicationId) {
    throw storeError('foreign', `${path}: found application id ${id}, expected ${schema.applicationId}: emptied or another program's file`);
  }
  expectUsable(db, path, schema);
  const bytes = Number(db.pragma('page_count', { simple: true })) * PAGE_BYTES;
  if (getMeta(db, 'clean') === 1 || bytes > QUICK_CHECK_MAX_BYTES) return;
  const [problem] = problemsOf(db, 'quick_check', 1);
  if (problem !== undefined) throw storeError('corrupt', `${path}: ${problem}`);
}

/** What SQLite finds in all pages and indexes, one line each; none when they are whole. Flipped bytes within a value are not among it. */
export function pageProblems(db: Sqlite): readonly string[] {
  return problemsOf(db, 'integrity_check', MAX_PROBLEMS);
}

/** Marks and pages of a file that nobody uses, without a change to it. Errors: throws StoreError when it is not sound. */
export function expectSound(path: string, schema: Schema): void {
  const db = openReadOnly(path);
  try {
    judge(db, path, schema);
    expectWhole(db, path);
  } finally {
    db.close();
  }
}

/** Errors: throws StoreError `corrupt` when any page or index is damaged. */
export function expectWhole(db: Sqlite, path: string): void {
  const [problem] = pageProblems(db);
  if (problem !== undefined) throw storeError('corrupt', `${path}: ${problem}`);
}

function problemsOf(db: Sqlite, check: 'quick_check' | 'integrity_check', max: number): readonly string[] {
  const rows = db.prepare<[], string>(`PRAGMA ${check}(${max})`).pluck().all();
  return rows.filter((row) => row !== 'ok').map((row) => row.replaceAll(/\s*\n\s*/g, ' '));
}
