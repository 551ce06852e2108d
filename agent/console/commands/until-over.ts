/** What goes on until its time is over or its reader is gone. */
import type { Timer } from '../../core/clock.ts';
import type { Job } from '../command-spec.ts';

/** What a reader was sent. */
export interface Watched {
  readonly seen: number;
  /** Not shown: the reader was too slow. */
  readonly missed: number;
  readonly durationMs: number;
}

/** Resolves with what `end` returns, called when the time is over or the reader is gone; null: only then. Units: ms. */
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

/** Sends the reader each item that `watch` reports, until the end. Errors: rejects with what `watch` throws. */
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
