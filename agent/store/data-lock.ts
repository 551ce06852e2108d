/**
 * The lock on the folder of the data: one process uses it at a time, whatever socket its agent listens on.
 *
 * An SQLite file that stays empty and is locked for exclusive use: the kernel releases the lock with the process, also at `kill -9`.
 */
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { msg } from '../core/message.ts';
import { openSqlite, storeError, toStoreError } from './sqlite.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
/** Name of the file. The file alone means nothing: only the lock on it counts. */
export const DATA_LOCK_FILE = 'agent.lock';

export interface DataLock {
  /** Errors: none. */
  release(): void;
}

/**
 * Locks the folder for this process, until `release` or the end of the process; creates the folder where there is none. Does not wait.
 *
 * Errors: throws StoreError `in-use` where another process has it, another code where the file cannot be made or locked.
 */
export function lockData(dir: string): DataLock {
  const path = join(dir, DATA_LOCK_FILE);
  try {
    mkdirSync(dir, { recursive: true });
    makeRoom(path);
    // For its owner alone: a reader could lock others out. Not opened again while it is locked: the first close would end the lock.
    closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
    const db = openSqlite(path);
    try {
      db.pragma('busy_timeout = 0');
      // Else a journal is made beside it, and left at a kill.
      db.pragma('journal_mode = MEMORY');
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw error;
    }
    return { release: () => void db.close() };
  } catch (error) {
    if (isBusy(error)) throw storeError('in-use', msg`${dir}: another process uses this data`);
    throw toStoreError(error, path);
  }
}

/** An empty folder, a pipe or a link of this name would leave the data without a lock. A link is removed, not followed. */
function makeRoom(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) rmdirSync(path);
  else if (found?.isFile() === false) rmSync(path);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
