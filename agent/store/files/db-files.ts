/**
 * A database as the file system sees it: the file with its journal and shared memory, which only make sense together.
 *
 * Owns moving, removing, measuring and making names last. Never looks inside.
 */
import { closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { storeError } from '../sqlite.ts';

const JOURNAL = ['-wal', '-shm'] as const;
/** The file comes first: without it, the others are known to be remains. */
const SUFFIXES = ['', ...JOURNAL] as const;

/** Removes what there is of it. Errors: throws what the system throws. */
export function removeAll(base: string): void {
  for (const suffix of SUFFIXES) rmSync(base + suffix, { force: true });
}

/** Removes what there is beside the file itself. Errors: throws what the system throws. */
export function removeJournal(base: string): void {
  for (const suffix of JOURNAL) rmSync(base + suffix, { force: true });
}

/** Moves what there is of it, over what was there. Errors: throws what the system throws. */
export function moveAll(from: string, to: string): void {
  for (const suffix of SUFFIXES) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
}

/** Units: bytes on disk, journal included; 0 when there is none. Errors: none. */
export function bytesOfAll(base: string): number {
  return SUFFIXES.reduce((bytes, suffix) => bytes + (statSync(base + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/**
 * The length of a plain file. Shape: null when nothing has this name. Units: bytes.
 *
 * A link counts as foreign to this folder: its journal would lie elsewhere, and one whose disk is not mounted would be replaced unseen.
 * Errors: throws StoreError `io` when something else has this name.
 */
export function plainFileBytes(path: string): number | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isFile()) return found.size;
  const kind = found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link' : 'a device';
  throw storeError('io', `${path}: found ${kind}, expected a file; take it away`);
}

/** Makes the content of a file survive a power cut. Errors: throws what the system throws. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the names in a folder survive a power cut. Errors: throws what the system throws. */
export function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
