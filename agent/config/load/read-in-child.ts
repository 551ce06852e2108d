/**
 * The configuration of a run, read by a process of its own that ends with it.
 *
 * Owns that process. Parser and schema are needed for a moment and would stay in memory for good: what they compile and leave behind, and the
 * pages of Node that only they touch. Source: measured, docs/adr/0014-memory.md.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clock, every } from '../../core/clock.ts';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { createRevisionDisk } from '../revisions/revision-disk.ts';
import type { Beginning, BeginningStep, RevisionsAtStart, StartParts } from './start-revision.ts';

/** A beginning, the disk of its revisions named by its folder. */
interface Begun {
  readonly site: Beginning['site'];
  readonly revisions: Omit<RevisionsAtStart, 'disk'> & { readonly dir: string };
}

export type ChildAnswer =
  | { readonly begun: Begun; readonly problems: readonly [] }
  | { readonly begun: null; readonly problems: readonly Problem[] };

/** What that process sends: its steps as they complete, then the answer. */
export type ChildMessage = ChildAnswer | { readonly completed: BeginningStep };

/**
 * Node's flags for a process that is gone in a moment: what saves memory in the long run costs it time, and an optimizing compiler costs it
 * both. Source: measured, 74 MB at most and 340 ms; without any flag 102 MB and 400 ms, with those of the agent 74 MB and 400 ms.
 */
const BRIEF = ['--max-semi-space-size=1', '--no-opt', '--no-maglev'];
/**
 * The process is given up when its CPU time has stood still for two looks and no step was completed: a disk that hangs holds it. However slowly it
 * computes, it is not given up: the run would lose its revisions. Units: ms. Source: assumed; a flush on a worn card takes seconds, and even a
 * thousandth of a core advances the CPU time in ten seconds, as the kernel counts it in steps of 10 ms.
 */
const LOOK_MS = 5_000;
const IDLE_LOOKS = 2;

export interface ChildParts {
  readonly clock: Clock;
  readonly onStep: (step: string) => void;
}

/** Errors: as `beginConfiguration`. */
export async function beginInChild(parts: StartParts, { clock, onStep }: ChildParts): Promise<Beginning> {
  const loader = fileURLToPath(new URL('./read-child.ts', import.meta.url));
  const child = fork(loader, [JSON.stringify(parts)], {
    execArgv: [...BRIEF],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = await answerOf(child, { clock, onStep });
  if (answer === undefined) {
    // A disk that hangs holds it until it answers; this run needs no more of it.
    child.kill('SIGKILL');
    child.unref();
    return (await import('./start-revision.ts')).beginWithoutRevisions(parts.configFile);
  }
  // No process to be had, or it was killed: rather too much memory than no light.
  if (answer === null) return (await import('./start-revision.ts')).beginConfiguration(parts, onStep);
  if (answer.begun === null) throw new ConfigError(answer.problems);
  const { site, revisions } = answer.begun;
  const { dir, ...rest } = revisions;
  return { site, revisions: { ...rest, disk: createRevisionDisk(dir) } };
}

/** Null when the process ends without an answer, undefined when it hangs. */
function answerOf(child: ChildProcess, { clock, onStep }: ChildParts): Promise<ChildAnswer | null | undefined> {
  return new Promise((resolve) => {
    let [known, idleLooks] = [cpuTicksOf(child.pid), 0];
    const looks = every(clock, LOOK_MS, () => {
      const ticks = cpuTicksOf(child.pid);
      idleLooks = ticks === known ? idleLooks + 1 : 0;
      known = ticks;
      if (idleLooks >= IDLE_LOOKS) end(undefined);
    });
    const end = (answer: ChildAnswer | null | undefined): void => {
      looks.cancel();
      resolve(answer);
    };
    child.on('message', (message: ChildMessage) => {
      if (!('completed' in message)) return end(message);
      idleLooks = 0;
      onStep(message.completed);
    });
    child.once('error', () => end(null));
    child.once('disconnect', () => end(null));
  });
}

/** CPU time of a process, in the kernel's ticks; null where it cannot be read. Source: proc_pid_stat(5), utime and stime. */
function cpuTicksOf(pid: number | undefined): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}
