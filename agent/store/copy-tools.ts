/**
 * The store's part of a backup: copies its state while no agent runs, verifies a copy, and describes the readings.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WallMs } from '../core/clock.ts';
import { msg, type Said } from '../core/message.ts';
import type { BackupReport } from '../core/ports.ts';
import { plainFileBytes } from './files/db-files.ts';
import { expectSound, toOpeningError } from './files/file-check.ts';
import type { Notice } from './messages.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { getMeta, openReadOnly, openSqlite, storeError, toStoreError } from './sqlite.ts';
import { signCopy } from './state/adopt-copy.ts';
import { StateFile } from './state-file.ts';
import { undeliveredReadings } from './telemetry-file.ts';

/**
 * The readings of a store, as its file records them. `epoch`: the random identifier of its numbering. `lastSeq`: later frames get a higher
 * number. `undelivered`: number of stored readings that are not recorded as delivered.
 */
export interface ReadingsFacts {
  readonly epoch: string;
  readonly lastSeq: number;
  readonly undelivered: number;
}

/**
 * A copy of `state.db`. `problems`: what the copy lacks because `state.db` was damaged or had to be replaced; empty if the copy is
 * complete.
 */
export interface StateCopy extends BackupReport {
  readonly problems: readonly Said[];
}

/**
 * Makes a verified copy of `state.db`, as `state.db.bak` in the same folder; null if there is no `state.db`. Does not verify the audit
 * log. Damaged facts, events and outcomes are removed from `state.db` first. An undamaged earlier copy becomes `state.db.bak.1`. Use it
 * only while no agent runs. Errors: throws StoreError; a file that cannot be used is left unchanged.
 */
export function copyState(dir: string, atMs: WallMs): StateCopy | null {
  const path = join(dir, STATE.fileName);
  try {
    if (plainFileBytes(path) === null) return null;
    // Otherwise the file would be replaced by an older or an empty one, and that one copied.
    expectSound(path, STATE);
  } catch (error) {
    throw toOpeningError(error, path);
  }
  const problems: Said[] = [];
  const state = new StateFile({ dir }, (notice) => void (notice.kind === 'set-aside' && problems.push(textOfNotice(notice))));
  try {
    return { ...state.backup(atMs), problems };
  } finally {
    state.close();
  }
}

/**
 * Checks the file `state.db` in this folder, but does not verify its audit log; then writes into it who restores it (`by`), without the
 * time. Use it only for a copy that is not in use. Errors: throws StoreError, for example if the file is missing or damaged. Then do not
 * use the folder: the file may have been replaced by an empty one.
 */
export function proveStateCopy(dir: string, by: string, atMs: WallMs): void {
  const path = join(dir, STATE.fileName);
  // Otherwise an empty one would be created, which passes every check.
  if (!existsSync(path)) throw storeError('io', msg`${path} is missing: make the backup again`);
  const notices: Said[] = [];
  const state = new StateFile({ dir }, (notice) => void notices.push(textOfNotice(notice)));
  try {
    const [problem] = [...state.check(atMs), ...notices];
    if (problem !== undefined) throw storeError('io', msg`${path}: ${problem}`);
  } finally {
    state.close();
  }
  try {
    const db = openSqlite(path);
    try {
      signCopy(db, by);
      // No journal is left that would have to move with it.
      db.pragma('journal_mode = DELETE');
    } finally {
      db.close();
    }
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/**
 * Describes the readings in the telemetry file of this folder; also while an agent runs. Null if there is no file, or none that can be
 * read. Errors: none.
 */
export function readingsFacts(dir: string): ReadingsFacts | null {
  const path = join(dir, TELEMETRY.fileName);
  try {
    const db = openReadOnly(path);
    try {
      const lastSeq = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").pluck().get() ?? 0;
      return { epoch: String(getMeta(db, 'epoch')), lastSeq, undelivered: undeliveredReadings(db) };
    } finally {
      db.close();
    }
  } catch {
    return null; // Absent, damaged or of another program: then nothing can be said about it.
  }
}

function textOfNotice(notice: Notice): Said {
  return 'message' in notice ? notice.message : notice.kind;
}
