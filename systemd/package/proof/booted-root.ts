/**
 * A Debian root with systemd as process 1, in namespaces of its own: a gateway that has booted, without a machine.
 *
 * Needs root and a kernel that grants new namespaces. Not shown by it: whatever the kernel keeps for the machine's own process 1, see `kernelGaps`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from './debian-root.ts';

/**
 * Runs as process 1 of the new namespaces until it becomes systemd. Arguments: the root, then `name=path` for each pseudo-terminal that the root sees as /dev/name.
 * Source: systemd, "The Container Interface": what a manager of containers mounts before it starts systemd.
 */
const BOOT = `set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"; cd "$root"
mkdir -p old
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd; touch dev/console
for tty; do touch "dev/\${tty%%=*}"; mount --bind "\${tty#*=}" "dev/\${tty%%=*}"; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
pivot_root . old
umount -l /old
# What a service mounts for itself must reach its own namespace.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --log-target=journal </dev/null >/dev/null 2>&1
`;
/** However the proof ends, its root ends with it. */
const TIED = ['--pdeathsig', 'KILL', 'unshare', '--kill-child'];
const NAMESPACES = ['--fork', '--pid', '--mount', '--uts', '--ipc', '--net', '--cgroup'];
/** Until systemd answers, and until what it starts by itself has started. Units: ms. Source: assumed; 10 to 20 s on a busy machine. Confirmed by: the times of this proof on other machines. */
const BOOT_MS = 120_000;
const LOOK_MS = 200;
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', TERM: 'vt100' };

/** Returns why the kernel does not grant the namespaces that a booted root needs, in the words of the failed command; empty if it does. */
export function namespaceRefusal(): string {
  const mount = 'mount -t cgroup2 cgroup2 "$1" && umount "$1"';
  const dir = mkdtempSync(join(tmpdir(), 'luciole-cgroup-'));
  try {
    const { status, stderr, error } = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', mount, 'sh', dir], { encoding: 'utf8' });
    return status === 0 ? '' : (error?.message ?? stderr).trim();
  } finally {
    rmdirSync(dir);
  }
}

export interface BootedRoot {
  /** State that systemd reported once it was up: `running` or `degraded`. */
  readonly state: string;
  /** Runs a command in the booted root to its end. `runWith`: `input` is its standard input. */
  run(...words: string[]): Ended;
  runWith(input: string, ...words: string[]): Ended;
  isUp(): boolean;
  /** Resolves when systemd itself has ended, as after `reboot`. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Boots systemd in the root `dir` and resolves when it is up. `ttys`: pseudo-terminals of the machine, by their names in the root. The
 * caller stops it. Errors: rejects if systemd does not come up within two minutes.
 */
export async function bootRoot(dir: string, ttys: Readonly<Record<string, string>>): Promise<BootedRoot> {
  const words = Object.entries(ttys).map(([name, path]) => `${name}=${path}`);
  const outer = spawn('setpriv', [...TIED, ...NAMESPACES, 'sh', '-c', BOOT, 'boot', dir, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const complaints: string[] = [];
  outer.stderr?.on('data', (bytes) => complaints.push(String(bytes)));
  const ended = once(outer, 'exit');
  const isUp = (): boolean => outer.exitCode === null && outer.signalCode === null;
  const runWith = (input: string, ...command: string[]): Ended => {
    const { status, stdout, stderr } = spawnSync('nsenter', ['--target', String(childOf(outer)), '--all', '--wdns=/', ...command], {
      encoding: 'utf8',
      env: ENV,
      input,
    });
    return { code: status, out: `${stdout}${stderr}` };
  };
  const stop = async (): Promise<void> => {
    if (!isUp()) return;
    const init = childOf(outer);
    // With process 1 its whole namespace ends.
    if (init !== null) process.kill(init, 'SIGKILL');
    await ended;
  };
  const state = await settledState(isUp, () => runWith('', 'systemctl', 'is-system-running'));
  if (state === null) {
    await stop();
    throw new Error(`systemd did not come up: ${complaints.join('').trim()}`);
  }
  return {
    state,
    run: (...command) => runWith('', ...command),
    runWith,
    isUp,
    ended,
    stop,
  };
}

async function settledState(isUp: () => boolean, ask: () => Ended): Promise<string | null> {
  for (let waitedMs = 0; waitedMs < BOOT_MS && isUp(); waitedMs += LOOK_MS) {
    const state = ask().out.trim();
    if (state === 'running' || state === 'degraded') return state;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return null;
}

/** Process 1 of the namespaces, as the machine numbers it. */
function childOf({ pid }: ChildProcess): number | null {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  return child > 0 ? child : null;
}
