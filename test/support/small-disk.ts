/** A separate small disk in memory. When it is full, the system reports a full disk as usual. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly dir: string;
  /** The reason why no such disk can be made here; false if it can. */
  readonly skip: string | false;
  remove(): void;
}

/** Mounts a disk of this size. Errors: none; without root `dir` is an ordinary folder, and `skip` states why. Units: `kilobytes` of 1,024 bytes; a file takes whole pages of 4. */
export function mountSmallDisk(kilobytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-disk-'));
  const options = ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', dir];
  try {
    execFileSync('mount', options, { stdio: 'ignore' });
  } catch {
    return { dir, skip: 'a small disk of its own needs root', remove: () => rmSync(dir, { recursive: true }) };
  }
  const remove = (): void => {
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  };
  return { dir, skip: false, remove };
}
