/**
 * Reads the configuration of a run in a child process, which ends afterwards.
 *
 * Parser and schema are needed only briefly but would stay in memory: their compiled code, their garbage, and the pages of Node that only they use.
 * Source: measured, docs/adr/0014-memory.md.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clock, every } from '../../core/clock.ts';
import { ConfigError, type Problem, StoreError, type StoreErrorCode } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { withMessages } from '../../core/message-wire.ts';
import { createRevisionDisk } from '../revisions/revision-disk.ts';
import type { Beginning, BeginningStep, RevisionsAtStart, StartParts } from './start-revision.ts';

/** Why the process could not lock the data: the code of the StoreError, and its message as plain data, in the form of `withTexts`. */
export interface SentRefusal {
  readonly code: StoreErrorCode;
  readonly said: unknown;
}

/**
 * A `Beginning` in a form that can be sent between processes. Its messages are plain data, in the form of `withTexts`. `dir`: the folder
 * that contains the revisions.
 */
export type SentBeginning = {
  readonly site: Beginning['site'];
  /** The process has the data or the lines locked until it is disconnected. */
  readonly isLocked: boolean;
} & (
  | { readonly revisions: Omit<RevisionsAtStart, 'disk'> & { readonly dir: string } }
  | { readonly revisions: null; readonly refusal: SentRefusal }
);

/**
 * The answer of the process that reads the configuration: what the run begins with, or the problems that prevent a run (`begun` null). The
 * messages are plain data, in the form of `withTexts`.
 */
export type ChildAnswer =
  | { readonly begun: SentBeginning; readonly problems: readonly [] }
  | { readonly begun: null; readonly problems: readonly Problem[] };

/** The messages of the process that reads the configuration: its steps as they complete, then the answer. */
export type ChildMessage = ChildAnswer | { readonly completed: BeginningStep };

/**
 * Node's flags for a short process. The flags that save memory in the long run make it slower, and an optimizing compiler makes it slower and larger.
 * Source: measured, at most 74 MB and 340 ms; without any flag 102 MB and 400 ms, with those of the agent 74 MB and 400 ms.
 */
const BRIEF = ['--max-semi-space-size=1', '--no-opt', '--no-maglev'];
/**
 * The process is killed if its CPU time did not advance for this many checks and no step was completed: a hung disk blocks it. A slow but computing
 * process is not killed, because the run would lose its revisions. Units: ms; checks.
 *
 * Source: assumed; a flush on a worn card takes seconds, and even a thousandth of a core advances the CPU time in ten seconds, because the kernel
 * counts it in steps of 10 ms. Confirmed by: start times of gateways with a worn card.
 */
const IDLE = { checkMs: 5_000, checks: 2 };

/**
 * The dependencies of `beginInChild`. `clock`: for regular checks whether the child process hangs; one that computes or completes steps has
 * no time limit. `onStep`: called with each completed `BeginningStep`, also of this process; some are left out or repeated.
 */
export interface ChildParts {
  readonly clock: Clock;
  readonly onStep: (step: string) => void;
}

/**
 * Runs `beginConfiguration` in a child process, which also locks the data if the disk allows it. If another process has the data, resolves
 * with the file of the site, without revisions, and `refusal`. If the child gives no answer, this process loads a configuration, possibly
 * without revisions or with the data not locked. Errors: as `beginConfiguration`.
 */
export async function beginInChild(parts: StartParts, { clock, onStep }: ChildParts): Promise<Beginning> {
  const child = startLoader(parts);
  if (child === null) return (await import('./start-revision.ts')).beginConfiguration(parts, onStep);
  let isLocked = false;
  const step = (completed: string): void => {
    isLocked ||= completed === 'lines-locked';
    onStep(completed);
  };
  const answer = await answerOf(child, { clock, onStep: step });
  if (answer === undefined) {
    // A hung disk may block the process until it responds; this run does not wait for that.
    child.kill('SIGKILL');
    child.unref();
    const begun = (await import('./start-revision.ts')).beginWithoutRevisions(parts.configFile);
    return isLocked ? { ...begun, isLockOurs: () => isAlive(child) } : begun;
  }
  // The process could not start, or was killed. If memory is short, prefer light.
  if (answer === null) return (await import('./start-revision.ts')).beginConfiguration(parts, onStep);
  if (answer.begun === null) throw new ConfigError(withMessages(answer.problems) as readonly Problem[]);
  return begunIn(child, answer.begun);
}

/** Null if the system has no memory for a process; other causes are its event `error`. */
function startLoader(parts: StartParts): ChildProcess | null {
  try {
    return fork(fileURLToPath(new URL('./read-child.ts', import.meta.url)), [JSON.stringify(parts)], {
      execArgv: [...BRIEF],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function begunIn(child: ChildProcess, begun: SentBeginning): Beginning {
  const handOver = (): void => {
    if (child.connected) child.disconnect();
  };
  // The run does not wait for its end.
  child.unref();
  child.channel?.unref();
  const { site: sentSite, isLocked, revisions } = begun;
  const [warnings, profileProblems, notices] = [sentSite.warnings, sentSite.profileProblems, revisions?.notices ?? []].map(withMessages);
  const site = { ...sentSite, warnings, profileProblems } as Beginning['site'];
  const ours = isLocked ? { handOver, isLockOurs: () => isAlive(child) } : {};
  if (begun.revisions === null) {
    const { code, said } = withMessages(begun.refusal) as { readonly code: StoreErrorCode; readonly said: Message };
    return { site, revisions: null, refusal: new StoreError(code, said), ...ours };
  }
  const { dir, ...rest } = begun.revisions;
  return { site, revisions: { ...rest, notices: notices as RevisionsAtStart['notices'], disk: createRevisionDisk(dir) }, ...ours };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** The answer of the process; null if it ended without one, undefined if it hangs. */
function answerOf(child: ChildProcess, { clock, onStep }: ChildParts): Promise<ChildAnswer | null | undefined> {
  return new Promise((resolve) => {
    let [known, idleChecks] = [cpuTicksOf(child.pid), 0];
    const checks = every(clock, IDLE.checkMs, () => {
      const ticks = cpuTicksOf(child.pid);
      idleChecks = ticks === known ? idleChecks + 1 : 0;
      known = ticks;
      if (idleChecks >= IDLE.checks) end(undefined);
    });
    function end(answer: ChildAnswer | null | undefined): void {
      checks.cancel();
      resolve(answer);
    }
    child.on('message', (message: ChildMessage) => {
      if (!('completed' in message)) return end(message);
      idleChecks = 0;
      onStep(message.completed);
    });
    child.once('error', () => end(null));
    child.once('disconnect', () => end(null));
  });
}

/** CPU time of a process, in the kernel's ticks; null if it cannot be read. Source: proc_pid_stat(5), utime and stime. */
function cpuTicksOf(pid: number | undefined): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}
