/**
 * A Debian root in a temporary folder, as a gateway is before Luciole: no compiler, no Node, no network.
 *
 * Needs root, debootstrap and unshare. `remove` unmounts and removes it, at the latest at the exit of the process.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Newest stable release at the time of writing. Source: debian.org, trixie, 2025-08-09. */
const RELEASE = 'trixie';
/** Parts of the host that a program in the root must see: processes, and the pseudo-terminals that replace serial lines. */
const MOUNTS = ['proc', 'dev', 'dev/pts'] as const;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
}

export interface DebianRoot {
  readonly dir: string;
  /** Runs a command to its end, without network. `out` has standard output, then standard error. */
  run(...words: string[]): Ended;
  /** Starts a command as a user, without network, and leaves it running. */
  start(user: string, words: readonly string[]): ChildProcess;
  remove(): void;
}

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };

/** No Debian root could be made. `cause` has the output of debootstrap. */
export class NoDebianError extends Error {
  override readonly name = 'NoDebianError';
}

/**
 * Makes a Debian root in a temporary folder; the caller removes it. `isForeign`: another architecture than the machine's, which is only
 * unpacked, so nothing in it runs. `include`: more packages than the smallest set. A root with any of them gets no mounts of the machine,
 * because it boots by itself.
 *
 * Errors: throws NoDebianError if debootstrap fails.
 */
export function makeRoot(arch: string, isForeign: boolean, include: readonly string[] = []): DebianRoot {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-root-'));
  // Other users than root live in it.
  chmodSync(dir, 0o755);
  const how = ['--variant=minbase', `--arch=${arch}`, ...(isForeign ? ['--foreign'] : []), ...include.map((name) => `--include=${name}`)];
  try {
    execFileSync('debootstrap', [...how, RELEASE, dir], { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 2 ** 26 });
  } catch (cause) {
    // What it has mounted there may still be: the folder stays.
    throw new NoDebianError(`debootstrap made no root of ${RELEASE} (is a mirror of Debian reachable?)`, { cause });
  }
  const mounted: string[] = [];
  const unmount = (): void => {
    for (let path = mounted.shift(); path !== undefined; path = mounted.shift()) execFileSync('umount', ['--lazy', path]);
  };
  // However the proof ends: otherwise a cleanup of the temporary folder would remove the host's own devices.
  process.once('exit', unmount);
  if (!isForeign && include.length === 0) {
    for (const name of MOUNTS) {
      mkdirSync(join(dir, name), { recursive: true });
      execFileSync('mount', ['--bind', `/${name}`, join(dir, name)]);
      mounted.unshift(join(dir, name));
    }
  }
  const alone = ['--net', 'chroot', dir];
  return {
    dir,
    run(...words) {
      const { status, stdout, stderr } = spawnSync('unshare', [...alone, ...words], { encoding: 'utf8', env: ENV });
      return { code: status, out: `${stdout}${stderr}` };
    },
    start: (user, words) =>
      spawn('unshare', [...alone, 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', ...words], {
        env: ENV,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove() {
      unmount();
      // Never into a folder of the host: what is still mounted is left.
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
