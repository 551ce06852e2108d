/**
 * Files written whole or not at all, and never through a link that somebody else put in the way.
 *
 * Owns the order of steps on the disk. The folder is the caller's to choose.
 */
import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** A new file, on disk for good. Errors: throws the system's error: EEXIST where anything has that name, a link too. */
export function createFile(path: string, text: string, mode: number): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncPath(dirname(path));
}

/** The disk has what is in a file, or which names a folder has. Errors: throws the system's error. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
