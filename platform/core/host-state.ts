/**
 * When STATE changes. Pure.
 *
 * Source: Sparkplug 3.0 §5: the will and the birth of a host have the same timestamp, and an older message does not replace a newer one.
 */

/**
 * What was last found out about the workers. `ready`: at least one has lately reported that it is ready; `gone`: none has; `unknown`: the
 * database could not be queried.
 */
export type WorkersSeen = 'ready' | 'gone' | 'unknown';

/**
 * Whether the host is online. `unknownSinceMs`: when the workers were first `unknown`; null before, once they are `ready`, or `gone` after
 * the wait of `nextHostState`. Units: ms of a clock that never steps.
 */
export interface HostState {
  readonly isOnline: boolean;
  readonly unknownSinceMs: number | null;
}

/** A database that does not answer for this long stores nothing. Units: ms. Source: assumed; as long as a worker may be silent. Confirmed by: restarts of the city's database. */
const UNKNOWN_MS = 15_000;

/** Offline: before the first look at the workers, and when none is ready. */
export const OFFLINE: HostState = { isOnline: false, unknownSinceMs: null };

/**
 * Returns the state after a look at the workers. Units: ms of a clock that never steps.
 *
 * With `ready` the host is online at once, with `gone` offline at once. With `unknown` the state stays until 15 s after the first such
 * look, then the host is offline. In these 15 s `gone` changes nothing, because the workers could not report either.
 */
export function nextHostState(state: HostState, workers: WorkersSeen, nowMs: number): HostState {
  if (workers === 'ready') return { isOnline: true, unknownSinceMs: null };
  if (workers === 'gone' && state.unknownSinceMs === null) return OFFLINE;
  const unknownSinceMs = state.unknownSinceMs ?? nowMs;
  const isWaiting = nowMs - unknownSinceMs < UNKNOWN_MS;
  return { isOnline: state.isOnline && isWaiting, unknownSinceMs: workers === 'gone' && !isWaiting ? null : unknownSinceMs };
}

/** Returns the payload of a STATE message, as JSON. `timestamp`: the same in the will and the birth of a session. Units: ms UTC. */
export function stateText(online: boolean, timestamp: number): string {
  return JSON.stringify({ online, timestamp });
}

/** Whether the payload of a STATE message says offline: JSON with `online` false, whatever its timestamp. Anything else does not. */
export function isOfflineText(text: string): boolean {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null && 'online' in fields && fields.online === false;
  } catch {
    // Not JSON: another client has written to the topic.
    return false;
  }
}
