/**
 * A limited wait for a disk, a thread or a broker, for callers that can continue without an answer.
 */
import type { Clock } from './clock.ts';

/** Usual longest wait for a disk before the agent continues without it. Units: ms. Source: assumed; equal to that of the store's callers. Confirmed by: bench of write latency on the gateway's card. */
export const DISK_WAIT_MS = 5_000;
/** Wait before a failed save or read is retried. Units: ms. Source: as the longest wait of the store before it tries a disk again. */
export const DISK_RETRY_MS = 30_000;
/**
 * Longest wait for the lock on the data before the light starts without it. Once for the configuration, only while a command has the data;
 * once for the store, also if the disk does not respond. Units: ms.
 *
 * Source: assumed; the storage thread answered within 0.2 to 0.5 s on two busy cores. Drivers keep their level for a minute without a
 * master. Confirmed by: bench of the start on the gateway.
 */
export const LOCK_WAIT_MS = 2_000;

/**
 * Interval between checks whether an erase, restore or backup that had the data has ended. Units: ms. Source: assumed; the store itself
 * tries again after 30 s at most. Confirmed by: the time from the end of an `erase` to the restart of the agent, in a year of logs.
 */
export const DATA_LOOK_MS = 1_000;

/**
 * Resolves with the value of the promise, or with undefined once `limitMs` have passed; the work then continues. Units: ms. Errors: rejects
 * as the promise, if that happens in time; a later rejection is ignored.
 */
export function within<T>(clock: Pick<Clock, 'after'>, limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => resolve(undefined));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
