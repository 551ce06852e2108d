/** Repeats work while the database or the broker is away. */
import { setTimeout as pause } from 'node:timers/promises';
import { PlatformFailure } from '../core/errors.ts';

/** The pause doubles from 0.1 s to 5 s. Units: ms. Source: assumed; a database restarts within seconds, and workers are few. Confirmed by: restarts of the city's database. */
const PAUSE_MS = { first: 100, longest: 5_000 };

/**
 * Repeats the work after pauses until it succeeds; `onFailure` gets each failure that is retried. Errors: rejects with any other error than
 * a PlatformFailure with the policy `retry`.
 */
export async function untilDone<T>(work: () => Promise<T>, onFailure: (failure: PlatformFailure) => void): Promise<T> {
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(PAUSE_MS.longest, pauseMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PlatformFailure) || error.policy.kind !== 'retry') throw error;
      onFailure(error);
      await pause(pauseMs);
    }
  }
}
