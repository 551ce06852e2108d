/**
 * Gives a program a part of one core: simulates a slower machine. Control group and busy loop end with the run.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { undoAtEnd } from '../undo.ts';

/** Shortest quota that the kernel accepts. Units: us. Source: Linux, Documentation/scheduler/sched-bwc.rst. */
const QUOTA_US = 1_000;
/** Source: nice(2); against a loop at 0 it leaves an eighth, by the weights of sched-design-CFS (137 of 1,024 + 137). */
const NICE = 9;

export interface SlowCore {
  /** Command line prefix that runs a program on the slow core. */
  wrap(program: string, words: readonly string[]): { readonly program: string; readonly words: readonly string[] };
  /** How it was made slow, for the note of a figure. */
  readonly note: string;
}

/**
 * Prepares a slow core, on which programs get 1 ms of CPU time in each `factor` ms. Without control groups they share one core at low
 * priority with a busy loop: about an eighth of it, whatever `factor` is. It ends with the run.
 */
export function slowCore(factor: number): SlowCore {
  const dir = quotaGroup(QUOTA_US * factor);
  if (dir === null) return besideLoop();
  const script = 'echo $$ > "$0"; exec "$@"';
  return {
    note: `1 ms of CPU in ${factor} ms (control group)`,
    wrap: (program, words) => ({ program: '/bin/sh', words: ['-c', script, join(dir, 'cgroup.procs'), program, ...words] }),
  };
}

/** The folder of a group with this period and 1 ms in it; null where none can be made. */
function quotaGroup(periodUs: number): string | null {
  const name = `luciole-bench-${process.pid}`;
  const isTwo = existsSync('/sys/fs/cgroup/cgroup.controllers') && existsSync('/sys/fs/cgroup/cgroup.procs');
  const dir = isTwo ? join('/sys/fs/cgroup', name) : join('/sys/fs/cgroup/cpu', name);
  try {
    mkdirSync(dir);
    // Processes that have ended leave it empty.
    undoAtEnd(() => rmdirSync(dir));
    if (isTwo) writeFileSync(join(dir, 'cpu.max'), `${QUOTA_US} ${periodUs}`);
    else {
      writeFileSync(join(dir, 'cpu.cfs_period_us'), String(periodUs));
      writeFileSync(join(dir, 'cpu.cfs_quota_us'), String(QUOTA_US));
    }
    return dir;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return null;
  }
}

function besideLoop(): SlowCore {
  const loop = spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' });
  undoAtEnd(() => void loop.kill('SIGKILL'));
  return {
    note: `one core at nice ${NICE} beside a busy loop, as no control group can be made`,
    wrap: (program, words) => ({ program: 'taskset', words: ['-c', '0', 'nice', '-n', String(NICE), program, ...words] }),
  };
}
