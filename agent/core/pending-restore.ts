/**
 * Puts restored files in the place of those in the folder of the store: all of them or none.
 *
 * ```
 *  restore.new/  ──rename: from here on it is meant──►  restore/  ──each file into its place──►  (gone)
 * ```
 *
 * A mains cut before the rename leaves the former files; after it the next start of the agent, or the same command, goes on. What is replaced
 * stays beside as `NAME.before-restore`, the one of an earlier restore is removed.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asOwnerOf, syncPath } from './atomic-write.ts';

const [DRAFT, PENDING] = ['restore.new', 'restore'];
/** Added to the name of a file that a restore has replaced. */
export const BEFORE_RESTORE = '.before-restore';
/** Instead of a file: the readings that are there are set aside, and the store begins with a new epoch. */
const NEW_EPOCH = 'new-epoch';
const READINGS = 'telemetry.db';
/** A database is these three. Source: SQLite, WAL mode. */
const JOURNALS = ['', '-wal', '-shm'];
/** Copies of the state that is replaced: they must not come back in the place of the restored one. */
const FORMER_COPIES = ['state.db.bak', 'state.db.bak.1'];

/** What `fill` writes into the folder, and flushes, is meant to be restored when this returns. Errors: throws the system's error, and what `fill` throws. */
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

/** Puts what is meant to be restored into place. Returns whether there was anything. Errors: throws the system's error; to be called again then. */
export function finishRestore(dir: string): boolean {
  const pending = join(dir, PENDING);
  // A link is of somebody else.
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

/** A second call finds nothing to move, and leaves what the first one moved. */
function setAside(dir: string, name: string): void {
  const path = join(dir, name);
  if (existsSync(path)) for (const suffix of JOURNALS) rmSync(`${path}${BEFORE_RESTORE}${suffix}`, { recursive: true, force: true });
  for (const suffix of JOURNALS) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}${BEFORE_RESTORE}${suffix}`);
}
