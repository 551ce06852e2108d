/**
 * A bounded wait for a disk, a thread or a broker.
 *
 * Owns its timer and nothing else. Used by every room that must go on without an answer.
 */
import type { Clock } from './clock.ts';

/** Longest wait for what a disk says before the agent goes on without it. Units: ms. Source: assumed; as the store's callers wait. */
export const DISK_WAIT_MS = 5_000;

/** The promise, or undefined once patience ends; it then goes on unheard. Units: ms. */
export function within<T>(clock: Pick<Clock, 'after'>, patienceMs: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(patienceMs, () => resolve(undefined));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
