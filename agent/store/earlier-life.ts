/**
 * Traces of earlier runs outside the two files of the store: if there is one, a missing file may have been lost.
 *
 * A first start must find none. So a user who never logged in does not count: `luciole setup` invites the first user.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFile } from '../core/regular-file.ts';
import { plainFileBytes } from './files/db-files.ts';
import type { Setup } from './messages.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { openReadOnly } from './sqlite.ts';

/** Written by a login: the one-time password is used up. */
const LOGIN = /"oneTime":\s*null/;
/** Source: as for the file of users. Units: bytes. */
const MAX_BYTES = 65_536;

type Life = Pick<Setup, 'dir' | 'boot' | 'traces'>;

/**
 * Returns the traces of earlier runs as texts: `traces`, which may be of runs with another folder, and `users.json` if a user in it has
 * a password that is not a one-time password. Errors: none.
 */
export function earlierTraces({ dir, traces = [] }: Life): readonly string[] {
  return [...traces, ...(hasLogin(join(dir, 'users.json')) ? ['users.json'] : [])];
}

/**
 * Returns the traces of earlier runs if `state.db` is missing: those of `earlierTraces` and the names of its copies. Also `telemetry.db`
 * if another run is recorded in it. Empty if there are none. Errors: none.
 */
export function earlierStateTraces(life: Life): readonly string[] {
  const copies = [`${STATE.fileName}.bak`, `${STATE.fileName}.bak.1`].filter((name) => existsSync(join(life.dir, name)));
  return [...earlierTraces(life), ...copies, ...(hasOtherRun(life) ? [TELEMETRY.fileName] : [])];
}

function hasLogin(path: string): boolean {
  try {
    return LOGIN.test(readRegularFile(path, MAX_BYTES).toString('utf8'));
  } catch {
    return false; // None yet, or unreadable: then it shows nothing.
  }
}

function hasOtherRun({ dir, boot }: Life): boolean {
  try {
    const path = join(dir, TELEMETRY.fileName);
    // SQLite would wait for the writer of a pipe.
    if (plainFileBytes(path) === null) return false;
    const db = openReadOnly(path);
    try {
      return db.prepare<[string], number>('SELECT EXISTS (SELECT 1 FROM boot WHERE token <> ?)').pluck().get(boot) === 1;
    } finally {
      db.close();
    }
  } catch {
    return false; // None yet, or damaged: its own opening reports that.
  }
}
