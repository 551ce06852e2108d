/**
 * The only file that uses `better-sqlite3`: opens connections and translates their errors. Runs outside the main thread.
 */

import Database from 'better-sqlite3';
import { StoreError, type StoreErrorCode } from '../core/errors.ts';
import { type Message, msg, type Said } from '../core/message.ts';
import { CREATE_PRAGMAS, OPEN_PRAGMAS, PAGE_BYTES } from './schema.ts';

/** A connection to a database file. Its calls are synchronous and block the thread. */
export type Sqlite = InstanceType<typeof Database>;

/** Longest wait for a lock of another process. Units: ms. */
const BUSY_TIMEOUT_MS = 5_000;

/** Error codes by the start of SQLite's or the system's name; the first match counts. */
const CODES: readonly (readonly [prefix: string, code: StoreErrorCode])[] = [
  ['SQLITE_FULL', 'full'],
  // No room for the shared memory of a file.
  ['SQLITE_IOERR_SHMSIZE', 'full'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only'],
];

/** Replaces the texts of SQLite and the system, which exist in one language only. Other kinds of failures keep their own text. */
const HAPPENED: Partial<Record<StoreErrorCode, Message>> = {
  full: msg`no space is left`,
  'read-only': msg`it cannot be written`,
  corrupt: msg`its content is damaged`,
};
/** What a person at the cabinet can check, by kind of failure. */
const CHECK: Readonly<Record<StoreErrorCode, Message>> = {
  full: msg`free space on its partition or lower store.maxMegabytes`,
  'read-only': msg`check that its folder is mounted for writing and belongs to the agent`,
  io: msg`check store.dir in the config and the storage card (dmesg)`,
  corrupt: msg`check the storage card; the agent sets the file aside`,
  foreign: msg`check which other program writes into this folder; the agent sets the file aside`,
  'future-version': msg`a newer release wrote it; the agent sets the file aside`,
  'worker-lost': msg`the agent starts the storage thread again`,
  'in-use': msg`stop the other agent, or the erase, restore or backup that runs`,
  held: msg`an erase, restore or backup runs; the store opens once that has ended`,
  erased: msg`nothing of this run is stored; the agent ends, and is started again`,
};

/** Ensures that the native part of `better-sqlite3` is loaded. Uses no file of the store. Errors: throws loader errors. */
export function loadSqlite(): void {
  new Database(':memory:').close();
}

/**
 * Opens a connection with default settings; creates a missing file. A call on it waits for the lock of another connection for at most 5 s.
 * Errors: throws if the file cannot be opened; its content is not checked.
 */
export function openSqlite(path: string): Sqlite {
  return new Database(path, { timeout: BUSY_TIMEOUT_MS });
}

/**
 * Applies the settings that a file keeps from its first table on. Only for an empty file, before `applySettings`: later they have no effect.
 * Errors: throws SQLite errors.
 */
export function formFresh(db: Sqlite): void {
  for (const pragma of CREATE_PRAGMAS) db.pragma(pragma);
}

/**
 * Applies the settings of `schema.ts` that a connection needs. The file does not grow beyond `maxPages`, or its present length if that is
 * more. Units: pages of `PAGE_BYTES`, whatever the page size of the file, rounded up to a whole page of it. Errors: throws SQLite errors.
 */
export function applySettings(db: Sqlite, maxPages: number): void {
  const ownPages = Math.ceil((maxPages * PAGE_BYTES) / Number(db.pragma('page_size', { simple: true })));
  for (const pragma of [...OPEN_PRAGMAS, `max_page_count = ${ownPages}`]) db.pragma(pragma);
}

/**
 * Opens a connection that cannot change the database; SQLite may still create the files `-wal` and `-shm` beside it. Errors: throws if it
 * cannot be opened, also if there is no file; its content is not checked.
 */
export function openReadOnly(path: string): Sqlite {
  return new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * Converts a failure of file or database to a StoreError whose text also says what to check. `path`: the file, or the part of it, for the
 * text. A StoreError is returned unchanged; a failure that fits no other code gets `io`.
 */
export function toStoreError(error: unknown, path: Said): StoreError {
  if (error instanceof StoreError) return error;
  const found = codeOf(error);
  const code = CODES.find(([prefix]) => found.startsWith(prefix))?.[1] ?? 'io';
  const text = error instanceof Error ? error.message : String(error);
  return new StoreError(code, msg`${path}: ${found}: ${HAPPENED[code] ?? text}; ${CHECK[code]}`, { cause: error });
}

/** Returns a StoreError for a failure that this program detected itself. Its text is `found`, followed by what to check for this code. */
export function storeError(code: StoreErrorCode, found: Message): StoreError {
  return new StoreError(code, msg`${found}; ${CHECK[code]}`);
}

/** Returns true if SQLite refused the statement itself (SQLITE_ERROR), for example because a table or a column is missing. */
export function isStatementError(error: unknown): error is Error {
  return codeOf(error) === 'SQLITE_ERROR';
}

/** Returns true if SQLite refused a row because it violates a constraint, for example of a unique column. False for any other error. */
export function isMisfit(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_CONSTRAINT');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNEXPECTED';
}

/** Reads a fact of the file, from its table `meta`; undefined if it is missing. Errors: throws SQLite errors. */
export function getMeta(db: Sqlite, key: string): unknown {
  return db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key);
}

/** Writes a fact of the file into its table `meta`, and replaces the former value. Errors: throws SQLite errors. */
export function setMeta(db: Sqlite, key: string, value: string | number): void {
  db.prepare('INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value').run(key, value);
}
