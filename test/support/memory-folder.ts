import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** Linux keeps what is written there in memory. */
const IN_MEMORY = '/dev/shm';
/** A container may have much less. Units: bytes. Source: assumed; no simulation writes more than 64 MB. Confirmed by: the largest folder of the simulations. */
const LEAST_FREE = 1_000_000_000;

/**
 * Creates a folder for a simulation; it is removed when the test ends. Returns its path.
 *
 * It is in memory if 1 GB is free there, otherwise in the folder for temporary files: a night has thousands of commits, and each would wait for the disk.
 */
export function memoryFolder(t: Pick<Test, 'teardown'>): string {
  const dir = mkdtempSync(join(memoryRoot(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

/** Returns the folder whose files are in memory; if less than 1 GB is free there, the folder for temporary files. */
export function memoryRoot(): string {
  return freeBytes(IN_MEMORY) >= LEAST_FREE ? IN_MEMORY : tmpdir();
}

function freeBytes(dir: string): number {
  if (!existsSync(dir)) return 0;
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
