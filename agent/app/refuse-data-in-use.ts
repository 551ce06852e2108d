import { ConsoleError } from '../console/console-error.ts';
import { sleep } from '../core/clock.ts';
import type { Joined } from './parts.ts';

/** Period of the looks for the end of a command that has the data. Units: ms. Source: assumed; the store itself tries every 30 s at most. */
const LOOK_MS = 1_000;

interface LockOwner {
  readonly parts: Pick<Joined['parts'], 'isLockOurs'>;
}

/**
 * Ends the start of a second agent on the same data, which would write to the same lamps; its console is closed first. A command that has
 * the data writes to no lamp, so that the agent goes on and lights.
 *
 * Errors: rejects with ConsoleError 'data-in-use' where another agent has the data.
 */
export async function refuseDataInUse({ parts, store, consoles }: Pick<Joined, 'store' | 'consoles'> & LockOwner): Promise<void> {
  if (store.pulse().refusal !== 'in-use' || parts.isLockOurs?.() === true) return;
  const { reason } = await store.status();
  await consoles?.stop();
  throw new ConsoleError('data-in-use', reason);
}

/** Ends the run once the command has ended: it may have replaced what this run began with. The readings of this run are stored first. */
export async function leaveOnceFree({ parts, state, store, clock }: Joined): Promise<void> {
  parts.log.event('data-held', {}, 'warning');
  while (store.pulse().refusal === 'held' && !state.isStopping) await sleep(clock, LOOK_MS);
  if (state.isStopping) return;
  parts.log.event('data-free-again', {}, 'warning');
  parts.onDataFree?.();
}
