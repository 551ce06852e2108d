/**
 * Replaces files in the folder of the store by restored ones: all of them or none.
 *
 * ```
 * restore.new/  ──rename: the restore is decided──►  restore/  ──each file is moved into place──►  (removed)
 * ```
 *
 * After a mains cut before the rename, the former files remain. After the rename, the next start of the agent or the same command completes
 * the restore. A replaced file is kept as `NAME.before-restore`; that of an earlier restore is removed.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asOwnerOf, syncPath } from './atomic-write.ts';

const [DRAFT, PENDING] = ['restore.new', 'restore'];
/** What a restore adds to the name of a file or folder that it replaced, or only set aside. */
export const BEFORE_RESTORE = '.before-restore';
/** Marker: the present readings are renamed, and the store starts a new epoch. */
const NEW_EPOCH = 'new-epoch';
const READINGS = 'telemetry.db';
/** Suffixes of the three files of a database. Source: SQLite, WAL mode. */
const JOURNALS = ['', '-wal', '-shm'];
/** Copies of the replaced state: they must not be used instead of the restored one. */
const FORMER_COPIES = ['state.db.bak', 'state.db.bak.1'];

/**
 * Prepares a restore of files in the folder `dir`, in place of one that was prepared before; `finishRestore` completes it. `fill` must
 * write and flush the files into the folder that it receives. A folder among them must be complete: it replaces the present one.
 * `isNewEpoch`: `finishRestore` also renames the present readings. Errors: throws the system's error, or what `fill` throws.
 */
export function stageRestore(dir: string, isNewEpoch: boolean, fill: (folder: string) => void): void {
  asOwnerOf(dir, () => {
    const draft = join(dir, DRAFT);
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    if (isNewEpoch) mkdirSync(join(draft, NEW_EPOCH));
    fill(draft);
    syncPath(draft);
    rmSync(join(dir, PENDING), { recursive: true, force: true });
    renameSync(draft, join(dir, PENDING));
    syncPath(dir);
  });
}

/**
 * Moves the files and folders of a prepared restore into place. A replaced one is kept as `NAME.before-restore`, in place of one that an
 * earlier restore kept. The present readings are kept in the same way if the restore has `isNewEpoch`. With a restored `state.db`, the
 * copies of the former one are removed. No process may have the files open. Returns false if no restore was prepared. Errors: throws the
 * system's error; call it again then.
 */
export function finishRestore(dir: string): boolean {
  const pending = join(dir, PENDING);
  // A link was created by another program.
  if (lstatSync(pending, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  asOwnerOf(dir, () => {
    for (const name of readdirSync(pending).sort()) putInPlace(dir, name);
    syncPath(dir);
    rmdirSync(pending);
    syncPath(dir);
  });
  return true;
}

function putInPlace(dir: string, name: string): void {
  const from = join(dir, PENDING, name);
  setAside(dir, name === NEW_EPOCH ? READINGS : name);
  if (name === 'state.db') for (const copy of FORMER_COPIES) rmSync(join(dir, copy), { force: true });
  if (name === NEW_EPOCH) rmdirSync(from);
  else renameSync(from, join(dir, name));
}

/** A second call finds nothing to move, and does not change what the first one moved. */
function setAside(dir: string, name: string): void {
  const path = join(dir, name);
  if (existsSync(path)) for (const suffix of JOURNALS) rmSync(`${path}${BEFORE_RESTORE}${suffix}`, { recursive: true, force: true });
  for (const suffix of JOURNALS) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}${BEFORE_RESTORE}${suffix}`);
}
