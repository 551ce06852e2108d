/** The time of a run that is measured: samples of memory, and workers that are killed and replaced. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { endProcess } from '../servers/programs.ts';
import { readSamples, type Samples } from './figures.ts';
import { type MemorySample, takeMemorySample } from './memory.ts';

/** A worker as a process. `socket`: path of the Unix socket where it serves its metrics. */
export interface RunningWorker {
  readonly child: ChildProcess;
  readonly socket: string;
}

/**
 * What `measure` observes, and for how long. `workers`: it replaces in this list those that it kills. `servers`: process ids; a server
 * without one counts as 0. `onSample`: called with each sample.
 */
export interface MeasuredRun {
  /** Units: s. */
  readonly seconds: number;
  readonly workers: RunningWorker[];
  readonly startWorker: () => RunningWorker;
  /** Whether workers are killed, one at a time, and replaced. */
  readonly isKilling: boolean;
  readonly servers: { readonly postgres: number | undefined; readonly broker: number | undefined };
  readonly onSample: (sample: MemorySample) => void;
}

/**
 * What `measure` saw. `before` and `after`: the figures, as `readAllSamples`, of the workers at both ends. After a kill they cannot be
 * compared: a new worker counts from 0.
 */
export interface Measurement {
  readonly before: readonly Samples[];
  readonly after: readonly Samples[];
  readonly memory: readonly MemorySample[];
  /** How many workers were killed and replaced. */
  readonly kills: number;
  /** Measured time between `before` and `after`. Units: s. */
  readonly elapsedS: number;
}

/** Between two samples at least. A longer run has sixty. Units: s. */
const SAMPLE_S = 5;
const SAMPLES = 60;
/** Between two kills. Units: s. */
const KILL_S = 4;

/**
 * Samples the memory every 5 s, in a run of more than 5 min about sixty times, and at the end. With `isKilling` it also kills workers and
 * replaces them. Units: `seconds` s, a whole number: of a fraction only the whole seconds run, and their end may have no sample.
 */
export async function measure({ seconds, workers, startWorker, isKilling, servers, onSample }: MeasuredRun): Promise<Measurement> {
  const before = await readAllSamples(workers);
  const startMs = performance.now();
  const memory: MemorySample[] = [];
  const everyS = Math.max(SAMPLE_S, Math.round(seconds / SAMPLES));
  let kills = 0;
  for (let second = 1; second <= seconds; second += 1) {
    await pause(Math.max(0, startMs + second * 1_000 - performance.now()));
    if (second % everyS === 0 || second === seconds) {
      const sample = takeMemorySample(second, await readAllSamples(workers), servers);
      memory.push(sample);
      onSample(sample);
    }
    if (!isKilling || second % KILL_S !== 0) continue;
    const at = Math.floor(Math.random() * workers.length);
    await endProcess((workers[at] as RunningWorker).child, 'SIGKILL');
    workers[at] = startWorker();
    kills += 1;
  }
  return { before, after: await readAllSamples(workers), memory, kills, elapsedS: (performance.now() - startMs) / 1_000 };
}

/** The figures of the workers, without those for which `readSamples` gives undefined. It waits without a limit, as `readSamples` does. */
export async function readAllSamples(workers: readonly RunningWorker[]): Promise<Samples[]> {
  const all = await Promise.all(workers.map(({ socket }) => readSamples(socket)));
  return all.filter((samples) => samples !== undefined);
}
