import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** Linux keeps what is written there in memory. */
const IN_MEMORY = '/dev/shm';
/** A container may have much less. Units: bytes. Source: assumed; no simulation writes more than 64 MB. Confirmed by: the largest folder of the simulations. */
const LEAST_FREE = 1_000_000_000;

/**
 * A folder for a simulation, which goes away with the test: a night has thousands of commits, and each would wait for the disk.
 * It lies in memory where the machine has room there, else among the temporary files.
 */
export function memoryFolder(t: Pick<Test, 'teardown'>): string {
  const dir = mkdtempSync(join(freeBytes(IN_MEMORY) >= LEAST_FREE ? IN_MEMORY : tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

function freeBytes(dir: string): number {
  if (!existsSync(dir)) return 0;
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
