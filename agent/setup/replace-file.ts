/**
 * A file put in place of another so that a cut of the mains leaves the old or the new one, never half of either.
 *
 * Owns that order of steps. Called by `app-first.ts` and `app-import.ts`.
 */
import { chownSync, closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath } from '../core/atomic-write.ts';

export interface ReplaceOptions {
  /** Of the new file. */
  readonly mode: number;
  /** What stood there stays beside it under this name; null keeps nothing. */
  readonly backup: string | null;
}

/** Errors: throws the system's error (`code` ENOSPC, EACCES, ...); what stood there then still stands. */
export function replaceFile(path: string, text: string, { mode, backup }: ReplaceOptions): void {
  if (backup !== null && existsSync(path)) {
    copyFileSync(path, backup);
    syncPath(backup);
  }
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  try {
    const file = openSync(beside, 'wx', mode);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Replaced by root, it stays its owner's.
    const before = statSync(path, { throwIfNoEntry: false });
    if (before !== undefined && process.getuid?.() === 0) chownSync(beside, before.uid, before.gid);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncPath(dirname(path));
}
