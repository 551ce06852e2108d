/**
 * The queue of console jobs of a line, first in, first out. The line runner decides when a job has its turn.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { BusError } from '../../core/errors.ts';

export interface ConsoleJobs {
  /** `isLong`: the job needs the line alone for a while. Errors: rejects with what `work` rejects with. */
  add<T>(work: () => Promise<T>, isLong: boolean): Promise<T>;
  /** Since when the first of them waits; undefined when none may go now. */
  waitingMono(nowMono: MonoMs): MonoMs | undefined;
  /** Runs the first job; resolves when it has ended, also when it failed. */
  next(): Promise<void>;
  /** When the next job may run; undefined when none waits. */
  nextMono(): MonoMs | undefined;
  /** Fails all jobs that wait. */
  failAll(error: BusError): void;
}

interface Job {
  readonly sinceMono: MonoMs;
  readonly isLong: boolean;
  run(): Promise<void>;
  fail(error: BusError): void;
}

/** After a long job the line belongs to the others for as long as it took. */
export function createConsoleJobs(monoMs: () => MonoMs): ConsoleJobs {
  let jobs: Job[] = [];
  let restMono: MonoMs = 0;
  return {
    add: (work, isLong) =>
      new Promise((resolve, reject) => {
        jobs.push({ sinceMono: monoMs(), isLong, run: () => work().then(resolve, reject), fail: reject });
      }),
    waitingMono: (nowMono) => (restMono > nowMono ? undefined : jobs[0]?.sinceMono),
    async next() {
      const job = jobs.shift();
      if (job === undefined) return;
      const startMono = monoMs();
      await job.run();
      const endMono = monoMs();
      if (job.isLong) restMono = endMono + (endMono - startMono);
    },
    nextMono: () => (jobs.length === 0 ? undefined : restMono),
    failAll(error) {
      const all = jobs;
      jobs = [];
      for (const { fail } of all) fail(error);
    },
  };
}
