/** Helpers for jobs that run until their time ends or their client disconnects. */
import type { Timer } from '../../core/clock.ts';
import type { Job } from '../command-spec.ts';

/** What a client was sent while it watched. `seen`: number of items sent. */
export interface Watched {
  readonly seen: number;
  /** Number of items not sent, for example because the client was too slow. */
  readonly missed: number;
  /** How long it watched, by monotonic time. Units: ms. */
  readonly durationMs: number;
}

/**
 * Calls `end` when `forMs` is over or `signal` is aborted, and resolves with the result of `end`, which must not throw. `forMs` null: no
 * time limit. Units: ms.
 */
export function untilOver<T>({ clock, signal }: Pick<Job, 'clock' | 'signal'>, forMs: number | null, end: () => T): Promise<T> {
  return new Promise((resolve) => {
    let timer: Timer | null = null;
    const over = (): void => {
      timer?.cancel();
      signal.removeEventListener('abort', over);
      resolve(end());
    };
    if (forMs !== null) timer = clock.after(forMs, over);
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}

/**
 * Passes the items that `watch` reports to the client, until `forMs` is over or the job is aborted. Resolves with the number of items sent
 * and missed. `forMs` null: no time limit. `watch` returns the function that stops it. Units: ms. Errors: rejects with what `watch` throws.
 */
export async function reportUntilOver<T>(
  job: Pick<Job, 'clock' | 'signal' | 'report'>,
  forMs: number | null,
  watch: (listener: (item: T) => void) => () => void,
): Promise<Watched> {
  const startMono = job.clock.monoMs();
  let [seen, missed] = [0, 0];
  const stop = watch((item) => {
    if (job.report(item)) seen++;
    else missed++;
  });
  return untilOver(job, forMs, () => {
    stop();
    return { seen, missed, durationMs: Math.round(job.clock.monoMs() - startMono) };
  });
}
