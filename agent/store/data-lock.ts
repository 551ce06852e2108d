/**
 * The lock on the data folder: one process uses it at a time, whatever socket its agent listens on.
 *
 * SQLite files that stay empty and are locked: the kernel releases a lock with its process, also at `kill -9`. An agent locks one more file,
 * so that a starting agent can distinguish another agent from a command, which ends soon.
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
/** Names of the lock files in the data folder. Only a lock on a file counts; the file stays when its lock ends. */
export const LOCK_FILES: readonly string[] = [DATA_LOCK_FILE, LINES_LOCK_FILE];

/**
 * A lock that this thread has; it ends with `release`, or with the thread. If this process tries to lock the same file again, other
 * processes can lock it too. Keep a reference for as long as the lock is needed: the garbage collector releases an unreferenced one.
 */
export interface DataLock {
  /** Errors: none. */
  release(): void;
}

/** The process that locks: an agent, or a command that works on the data without an agent. */
export type DataUser = 'agent' | 'command';

/**
 * Locks the data in the folder; creates a missing folder. Does not wait. Keep the result, as `DataLock` requires. An agent also locks the
 * lines. `lines`: the lock on the lines if this agent already has it; `release` of the result then ends it too.
 *
 * Errors: throws StoreError, for example `in-use` if the lock is taken already; for an agent `held` if only the data is locked. A lock
 * given as `lines` then stays.
 */
export function lockData(dir: string, user: DataUser, lines: DataLock | null = null): DataLock {
  if (user === 'command') return locked(dir, DATA_LOCK_FILE, 'in-use');
  const own = lines ?? lockLines(dir);
  try {
    const data = locked(dir, DATA_LOCK_FILE, 'held');
    return {
      release: () => {
        // In this order: a process that then locks the lines does not find the data still locked by this one.
        data.release();
        own.release();
      },
    };
  } catch (error) {
    if (lines === null) own.release();
    throw error;
  }
}

/**
 * Locks the lines, which excludes other agents but no command; creates a missing folder. Keep the result, as `DataLock` requires. Errors:
 * throws StoreError, for example `in-use` if the lines are locked.
 */
export function lockLines(dir: string): DataLock {
  return locked(dir, LINES_LOCK_FILE, 'in-use');
}

/** Errors: throws StoreError with the code `busy` if another process has locked the file. */
function locked(dir: string, name: string, busy: 'in-use' | 'held'): DataLock {
  const path = join(dir, name);
  try {
    mkdirSync(dir, { recursive: true });
    clearPlace(path);
    // For its owner alone: a reader could lock others out. Not opened again while it is locked: the first close would end the lock.
    // A text is emptied in its place, because a process may have the file locked.
    closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_TRUNC, 0o600));
    const db = openSqlite(path);
    try {
      db.pragma('busy_timeout = 0');
      // Otherwise SQLite creates a journal, which is left over after a kill.
      db.pragma('journal_mode = MEMORY');
      // If several processes try at once, one always gets it. EXCLUSIVE also needs the readers gone, and each process is one for a moment.
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
 * Removes what would leave the data without a lock, or must not be emptied: an empty folder, a pipe, a link (it is not followed), and a
 * second name of another file.
 *
 * Errors: throws StoreError for a folder that is not empty: a person must remove it.
 */
function clearPlace(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isDirectory()) {
    if (readdirSync(path).length > 0) plainFileBytes(path);
    rmdirSync(path);
  } else if (!found.isFile() || (found.size > 0 && found.nlink > 1)) rmSync(path);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
