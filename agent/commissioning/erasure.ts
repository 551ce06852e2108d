/**
 * Finds and deletes the files that this program stores in a folder.
 *
 * It deletes nothing in a folder without a file that `isOwnFile` recognises. Beside one of the agent it also deletes what has another of our
 * names, such as `config`, without a check of the content; beside files of a console only their folders.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asOwnerOf, syncPath } from '../core/atomic-write.ts';
import { LOCK_FILES } from '../store/data-lock.ts';
import { isConsoleName, isJournalName, isOwnFile } from './own-files.ts';

/** Names of the console that count as ours in a folder with a file that `isOwnFile` recognises. */
const WITH_MARK: readonly RegExp[] = [/^received$/, /^for-(anyone|viewer|technician|admin)$/];
/** Names that count as ours beside such a file of the agent: revisions, restores, releases, quarantined files, recordings, reserved space. */
const WITH_STATE: readonly RegExp[] = [
  /^config(\.before-restore)?$/,
  /^restore(\.new)?$/,
  /^releases$/,
  /^quarantine$/,
  /^recordings$/,
  /^ballast/,
  // Temporary files that a power cut left behind.
  /^(users|starts)\.json\.(new|next)$/,
  /^(telemetry|state)\.db\.new(-wal|-shm|-journal)?$/,
];

/** One file or folder to delete. `bytes`: the size of the file, or of all files in the folder. */
export interface Erased {
  readonly path: string;
  readonly bytes: number;
}

/** What an erasure would delete, in order, and what stays in the folders of the data. */
export interface Erasure {
  readonly goes: readonly Erased[];
  /** Paths that stay. */
  readonly stays: readonly string[];
}

/**
 * Returns what an erasure of this folder would delete, in the order of deletion; deletes nothing. A missing folder gives empty lists.
 * Errors: throws the system's error (`code` EACCES, ...).
 */
export function planErasure(dir: string): Erasure {
  const names = namesIn(dir);
  const marks = asOwnerOf(dir, () => names.filter((name) => isOwnFile(join(dir, name))));
  const kinds = marks.some((name) => !isConsoleName(name)) ? [...WITH_STATE, ...WITH_MARK] : WITH_MARK;
  const withMark = names.filter((name) => !marks.includes(name) && kinds.some((kind) => kind.test(name)));
  // Delete the marked files last: after a power cut, the rest is still recognised as ours. Until then the lock blocks an agent.
  const journals = marks.filter(isJournalName);
  const goes = marks.length === 0 ? [] : [...withMark, ...journals, ...marks.filter((name) => !isJournalName(name)), ...locksIn(dir)];
  return {
    goes: goes.map((name) => ({ path: join(dir, name), bytes: bytesOf(join(dir, name)) })),
    stays: names.filter((name) => !goes.includes(name)).map((name) => join(dir, name)),
  };
}

/**
 * Deletes these files and folders in order, but all from one folder before the next.
 *
 * Errors: throws the system's error; files deleted before it stay deleted.
 */
export function erase(goes: readonly Pick<Erased, 'path'>[]): void {
  for (const folder of new Set(goes.map(({ path }) => dirname(path))))
    asOwnerOf(folder, () => {
      for (const { path } of goes) if (dirname(path) === folder) rmSync(path, { recursive: true, force: true });
      syncPath(folder);
    });
}

/** Returns empty lock files only: the lock is on the file, not in its content. */
function locksIn(dir: string): readonly string[] {
  return LOCK_FILES.filter((name) => {
    const found = lstatSync(join(dir, name), { throwIfNoEntry: false });
    return found?.isFile() === true && found.size === 0;
  });
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Returns 0 for a file that a starting agent has replaced or removed since it was listed. */
function bytesOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return stat?.size ?? 0;
  return namesIn(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
