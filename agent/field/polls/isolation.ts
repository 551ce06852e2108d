/**
 * How often a register without data is requested while its unit has data for others.
 *
 * Pure.
 */

/**
 * Why a slot is isolated (see `Isolation`): the unit refuses it (`refused`), answers with another exception (`failing`), or gives no usable
 * reply (`silent`).
 */
export type IsolationCause = 'refused' | 'failing' | 'silent';

/** The state of a slot (see `Slot`) that gives no data: it is requested alone, at growing intervals. */
export interface Isolation {
  readonly cause: IsolationCause;
  /** Unsuccessful requests since it was isolated, or since an early retry was last scheduled. */
  readonly tries: number;
  /** Its quantities have been reported as having no value. */
  readonly isReported: boolean;
}

/**
 * Delay before an isolated slot is requested again; doubled each time. Units: ms.
 * Source: assumed; a driver that was busy starting is read again within seconds, and a register that does not exist costs a request in ten minutes.
 * The level of a lamp is requested each minute, because the street is judged by it. Confirmed by: start times of the shipped drivers on the bench.
 */
const RETRY_MS = { first: 10_000, max: 600_000, maxOfLevel: 60_000 };

/** Returns the longest delay before an isolated slot is due again: 10 min, or 1 min if it contains the level of a lamp. Units: ms. */
export function longestRetryMs({ isLevel }: { readonly isLevel: boolean }): number {
  return isLevel ? RETRY_MS.maxOfLevel : RETRY_MS.max;
}

/** Returns the delay before the next request of an isolated slot: 10 s, doubled with each try, up to `longestRetryMs`. Units: ms. */
export function isolationWaitMs({ tries }: Pick<Isolation, 'tries'>, slot: { readonly isLevel: boolean }): number {
  return Math.min(RETRY_MS.first * 2 ** Math.min(tries, 16), longestRetryMs(slot));
}
