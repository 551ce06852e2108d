/** Keeps a connection to the agent open from the first commit of a session on, so that the agent detects the end of the session. */
import type { Clock, Timer } from '../../core/clock.ts';
import { TRIAL_HOLD } from '../commands/config/lost-trial.ts';
import { ConsoleError } from '../console-error.ts';
import { callAgent } from '../protocol/socket-client.ts';
import { usualSocketPaths } from '../protocol/socket-path.ts';
import type { Asker } from './session.ts';

/**
 * Wait before a lost connection is opened again. Units: ms. Source: assumed; a restart of the agent takes some seconds. Confirmed by:
 * restart times in logs of a gateway.
 */
const AGAIN_MS = 5_000;

/** A connection by which the agent detects the end of a session. */
export interface TrialHold {
  /** Opens the connection; no effect the second time. Resolves when the agent has the connection, or it failed. */
  readonly begin: () => Promise<void>;
  /** Closes the connection: for the agent as a hang-up if `isLost`, otherwise as a logout. */
  end(isLost: boolean): void;
}

/**
 * Returns a connection, not yet open, that shows the agent that a session lasts. When the session is lost, the agent reverts a revision of
 * this user that waits to be confirmed. `before`: the revision on trial when the session began, which is not reverted; null if there was
 * none, or it is not known.
 */
export function createTrialHold({ user, socketPath }: Asker, before: number | null, clock: Pick<Clock, 'after'>): TrialHold {
  const [lose, leave] = [new AbortController(), new AbortController()];
  let again: Timer | null = null;
  let held: Promise<void> | null = null;

  /** Opens the connection, and opens it again after an agent that stops closed it. */
  function open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const args = before === null ? {} : { before: String(before) };
    callAgent({
      socketPaths: socketPath === null ? usualSocketPaths() : [socketPath],
      request: { id: 1, command: TRIAL_HOLD.name, args, user },
      timeoutMs: TRIAL_HOLD.timeoutMs,
      ...{ signal: lose.signal, leave: leave.signal },
      onProgress: () => resolve(),
    })
      .catch((error: unknown) => {
        if (!(error instanceof ConsoleError)) throw error;
        const isAway = error.code === 'unreachable' || error.code === 'busy';
        if (isAway && !lose.signal.aborted && !leave.signal.aborted) again = clock.after(AGAIN_MS, () => void open());
      })
      .finally(resolve);
    return promise;
  }

  return {
    begin() {
      held ??= open();
      return held;
    },
    end(isLost) {
      again?.cancel();
      (isLost ? lose : leave).abort();
    },
  };
}
