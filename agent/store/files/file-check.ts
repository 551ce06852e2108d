/**
 * Checks whether a database is ours, of a version we may use, and complete. Opening a file runs as many checks as it has time for. Changes
 * nothing.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import type { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { Schema } from '../schema.ts';
import { getMeta, isMisfit, isStatementError, openReadOnly, type Sqlite, storeError, toStoreError } from '../sqlite.ts';
import { expectUsable } from './migrations.ts';

/** Above this size a check of all pages would delay readings for too long. Units: bytes. Source: 0.4 s for 10 MB, cold, measured. */
const QUICK_CHECK_MAX_BYTES = 32 * 2 ** 20;
/** Longest list of problems of a damaged file; further ones add no information. Units: lines. */
const MAX_PROBLEMS = 10;
/** The position of the write and read format. Source: SQLite file format, 1.3: 1 rollback journal, 2 WAL. */
const FORMAT_AT = 18;

/**
 * Checks an open file before it is used. All pages are read only if the file was not closed cleanly and has at most 32 MiB.
 *
 * Errors: throws StoreError `foreign`, `future-version` or `corrupt` if this file may not be used; also SQLite errors, which may come from
 * damage too, and system errors.
 */
export function assertSoundFile(db: Sqlite, path: string, schema: Schema): void {
  const id = Number(db.pragma('application_id', { simple: true }));
  if (id !== schema.applicationId) {
    throw storeError(
      'foreign',
      msg`${path}: found application id ${id}, expected ${schema.applicationId}: it was emptied, or belongs to another program`,
    );
  }
  expectFormat(path);
  expectUsable(db, path, schema);
  const bytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
  if (getMeta(db, 'clean') === 1 || bytes > QUICK_CHECK_MAX_BYTES) return;
  const [problem] = problemsOf(db, 'quick_check', 1);
  if (problem !== undefined) throw storeError('corrupt', msg`${path}: ${problem}`);
}

/**
 * Returns the StoreError for a failure at opening. The code is `corrupt` if SQLite refuses a statement itself (see `isStatementError`); any
 * other error is converted as by `toStoreError`.
 */
export function toOpeningError(error: unknown, path: string): StoreError {
  if (!isStatementError(error)) return toStoreError(error, path);
  return storeError('corrupt', msg`${path}: its tables do not match its version (${error.message})`);
}

/**
 * The problems that SQLite finds in pages, indexes and the constraints of rows, limited in number; empty if it finds none. It may not find
 * flipped bytes within a value. Errors: throws SQLite errors, also because of damage.
 */
export function pageProblems(db: Sqlite): readonly string[] {
  return problemsOf(db, 'integrity_check', MAX_PROBLEMS);
}

/**
 * Returns the StoreError for a failure in use. If SQLite refused a row, each table with an index is checked, and the code is `corrupt` if
 * one is damaged. `db` undefined: nothing is checked.
 */
export function toUseError(error: unknown, path: string, db: Sqlite | undefined): StoreError {
  if (db === undefined || !isMisfit(error)) return toStoreError(error, path);
  try {
    const tables = db.prepare<[], string>("SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'index'").pluck().all();
    const [problem] = tables.flatMap((table) => problemsOf(db, 'integrity_check', table));
    return problem === undefined ? toStoreError(error, path) : storeError('corrupt', msg`${path}: ${problem}`);
  } catch (worse) {
    return toStoreError(worse, path);
  }
}

/**
 * Checks a file that is not in use, and all its pages, without changing it. SQLite may create the files `-wal` and `-shm` beside it.
 * Errors: as `openReadOnly`, `assertSoundFile` and `expectWhole`.
 */
export function expectSound(path: string, schema: Schema): void {
  const db = openReadOnly(path);
  try {
    assertSoundFile(db, path, schema);
    expectWhole(db, path);
  } finally {
    db.close();
  }
}

/**
 * Checks all pages and indexes; a flipped byte within a value may be missed. Errors: throws StoreError `corrupt` if SQLite finds a problem,
 * and SQLite errors if it cannot check, also because of damage.
 */
export function expectWhole(db: Sqlite, path: string): void {
  const [problem] = pageProblems(db);
  if (problem !== undefined) throw storeError('corrupt', msg`${path}: ${problem}`);
}

/**
 * An unknown format number makes SQLite treat a damaged file as read-only. Errors: throws StoreError `corrupt`.
 */
function expectFormat(path: string): void {
  const header = Buffer.alloc(FORMAT_AT + 2);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, header, 0, header.length, 0);
  } finally {
    closeSync(fd);
  }
  const formats = [...header.subarray(FORMAT_AT)];
  if (formats.some((format) => format !== 1 && format !== 2)) throw storeError('corrupt', msg`${path}: found format ${formats.join('/')}`);
}

function problemsOf(db: Sqlite, check: 'quick_check' | 'integrity_check', scope: number | string): readonly string[] {
  const rows = db.prepare<[], string>(`PRAGMA ${check}(${scope})`).pluck().all();
  return rows.filter((row) => row !== 'ok').map((row) => row.replaceAll(/\s*\n\s*/g, ' '));
}
