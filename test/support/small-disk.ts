/** A disk of its own that is small, in memory: what fills it is a full disk as the system has one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly dir: string;
  /** Why there is none here; false where there is one. */
  readonly skip: string | false;
  remove(): void;
}

/** Units: `kilobytes` of 1,024 bytes; a file takes whole pages of 4. */
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
