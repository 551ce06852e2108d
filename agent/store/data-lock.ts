/**
 * The lock on the data folder: one process uses it at a time, whatever socket its agent listens on.
 *
 * The lock consists of empty SQLite files that are locked: the kernel releases a lock with its process, also at `kill -9`. An agent locks
 * one file more than a command, so that a starting agent can distinguish another agent from a command that ends soon.
 */
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { msg } from '../core/message.ts';
import { plainFileBytes } from './files/db-files.ts';
import { openSqlite, storeError, toStoreError } from './sqlite.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR, O_TRUNC } = constants;
/** Name of the file that locks the data. The file alone means nothing: only the lock on it counts. */
const DATA_LOCK_FILE = 'agent.lock';
/** Name of the file that only agents lock, for the lines of the cabinet. */
const LINES_LOCK_FILE = 'lines.lock';
/** Names of the lock files. */
export const LOCK_FILES: readonly string[] = [DATA_LOCK_FILE, LINES_LOCK_FILE];

/** Keep a reference to it for as long as the lock is needed: the garbage collector releases an unreferenced lock. */
export interface DataLock {
  /** Errors: none. */
  release(): void;
}

/** The process that locks: an agent, or a command that works on the data without an agent. */
export type DataUser = 'agent' | 'command';

/**
 * Locks the folder for this process, until `release` or the end of the process. Creates the folder if it is missing. Does not wait.
 * `lines`: the lock on the lines if this agent already has it; it stays locked if the data cannot be locked.
 *
 * Errors: throws StoreError `in-use` if another process has the lock; for an agent, `held` if that process is a command; another code if a
 * file cannot be created or locked.
 */
export function lockData(dir: string, user: DataUser, lines: DataLock | null = null): DataLock {
  if (user === 'command') return locked(dir, DATA_LOCK_FILE, 'in-use');
  const own = lines ?? lockLines(dir);
  try {
    const data = locked(dir, DATA_LOCK_FILE, 'held');
    return {
      release: () => {
        // In this order: a process that then gets the lines does not find the data locked by this process.
        data.release();
        own.release();
      },
    };
  } catch (error) {
    if (lines === null) own.release();
    throw error;
  }
}

/** The part of the lock that blocks other agents but no command. Errors: throws StoreError `in-use` if another agent has it, else as `lockData`. */
export function lockLines(dir: string): DataLock {
  return locked(dir, LINES_LOCK_FILE, 'in-use');
}

/** Errors: throws StoreError with the code `busy` if another process has locked the file. */
function locked(dir: string, name: string, busy: 'in-use' | 'held'): DataLock {
  const path = join(dir, name);
  try {
    mkdirSync(dir, { recursive: true });
    const emptied = makeRoom(path) ? O_TRUNC : 0;
    // Only for its owner: any reader could block others. Not opened again while it is locked: the first close would release the lock.
    closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | emptied, 0o600));
    const db = openSqlite(path);
    try {
      db.pragma('busy_timeout = 0');
      // Otherwise SQLite creates a journal, which is left over after a kill.
      db.pragma('journal_mode = MEMORY');
      // If several processes try at the same time, one always succeeds. EXCLUSIVE waits for readers too, and each process is a reader for a moment.
      db.exec('BEGIN IMMEDIATE');
    } catch (error) {
      db.close();
      throw error;
    }
    return { release: () => void db.close() };
  } catch (error) {
    if (isBusy(error)) throw storeError(busy, msg`${dir}: another process uses this data`);
    throw toStoreError(error, path);
  }
}

/**
 * An empty folder, a pipe, a link or a text file of this name would leave the data without a lock. A link is removed, not followed. Returns
 * true if a file of this name has content: it is emptied in place, because a process may have it locked.
 *
 * Errors: throws StoreError for a folder that is not empty: a person has to remove it.
 */
function makeRoom(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    if (readdirSync(path).length > 0) plainFileBytes(path);
    rmdirSync(path);
  } else if (found?.isFile() === false) rmSync(path);
  else if (found !== undefined && found.size > 0) {
    // The file also has another name and belongs to someone else.
    if (found.nlink > 1) rmSync(path);
    else return true;
  }
  return false;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
