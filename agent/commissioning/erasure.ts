/**
 * Finds and deletes the files that this program stores in a folder.
 *
 * Only files with known names and our content are deleted: a folder that was named by mistake loses nothing else.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asOwnerOf, syncPath } from '../core/atomic-write.ts';
import { LOCK_FILES } from '../store/data-lock.ts';
import { isJournalName, isOwnFile } from './own-files.ts';

/** Ours in a folder with one of those files: revisions, restores, releases, quarantined files, files of a console, space reserved for a full disk. */
const WITH_MARK: readonly RegExp[] = [
  /^config(\.before-restore)?$/,
  /^restore(\.new)?$/,
  /^releases$/,
  /^quarantine$/,
  /^received$/,
  /^for-(anyone|viewer|technician|admin)$/,
  /^ballast/,
  // Begun and not finished before a power cut.
  /^(users|starts)\.json\.(new|next)$/,
  /^(telemetry|state)\.db\.new(-wal|-shm|-journal)?$/,
];

/** One file or folder that goes. Units: bytes, with all that lies in it. */
export interface Erased {
  readonly path: string;
  readonly bytes: number;
}

export interface Erasure {
  readonly goes: readonly Erased[];
  /** Paths in the same folder that are not ours. */
  readonly stays: readonly string[];
}

/** Looks only. Shape: a folder that is not there, or not ours, has nothing that goes. Errors: throws the system's error (`code` EACCES, ...). */
export function planErasure(dir: string): Erasure {
  const names = namesIn(dir);
  const marks = asOwnerOf(dir, () => names.filter((name) => isOwnFile(join(dir, name))));
  const withMark = names.filter((name) => !marks.includes(name) && WITH_MARK.some((kind) => kind.test(name)));
  // The marks last: where the power goes in the middle, the rest is still known as ours. The lock keeps an agent away up to there.
  const journals = marks.filter(isJournalName);
  const goes = marks.length === 0 ? [] : [...withMark, ...journals, ...marks.filter((name) => !isJournalName(name)), ...locksIn(dir)];
  return {
    goes: goes.map((name) => ({ path: join(dir, name), bytes: bytesOf(join(dir, name)) })),
    stays: names.filter((name) => !goes.includes(name)).map((name) => join(dir, name)),
  };
}

/** Removes them, and has the disk know it. Errors: throws the system's error; what was removed before stays removed. */
export function erase(goes: readonly Pick<Erased, 'path'>[]): void {
  for (const folder of new Set(goes.map(({ path }) => dirname(path))))
    asOwnerOf(folder, () => {
      for (const { path } of goes) if (dirname(path) === folder) rmSync(path, { recursive: true, force: true });
      syncPath(folder);
    });
}

/** Empty, as only the lock on it counts. */
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
