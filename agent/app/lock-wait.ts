import { ConsoleError } from '../console/console-error.ts';
import { sleep } from '../core/clock.ts';
import { DATA_LOOK_MS, LOCK_WAIT_MS, within } from '../core/within.ts';
import type { Joined } from './parts.ts';

/**
 * Refuses the start of a second agent on the same data. Also resolves while the store has not answered yet.
 *
 * Errors: rejects with ConsoleError 'data-in-use' if another agent has locked the data; the consoles are then stopped.
 */
export async function refuseDataInUse({ parts, store, consoles }: Pick<Joined, 'parts' | 'store' | 'consoles'>): Promise<void> {
  if (store.pulse().refusal !== 'in-use' || parts.isLockOurs?.() === true) return;
  const { reason } = await store.status();
  await consoles?.stop();
  throw new ConsoleError('data-in-use', reason);
}

/**
 * Waits for `stored`, the start of the store, for at most `LOCK_WAIT_MS`, and then calls `refuseDataInUse`. A store that did not start in
 * this time or failed is no error. Errors: as `refuseDataInUse`.
 */
export async function awaitLock(joined: Joined, stored: Promise<void>): Promise<void> {
  await within(
    joined.clock,
    LOCK_WAIT_MS,
    stored.catch(() => {}),
  );
  await refuseDataInUse(joined);
}

/**
 * For a start while a command (for example a restore) had the data locked. Calls `onDataFree` once the store finds no such lock any more.
 * Resolves without this call if the agent stops first.
 */
export async function endRunOnceFree({ parts, state, store, clock }: Joined): Promise<void> {
  parts.log.event('data-held', {}, 'warning');
  // A thread that has not answered yet may still find the data held.
  const mayBeHeld = (): boolean => store.pulse().refusal === 'held' || store.pulse().unansweredMono !== null;
  do await sleep(clock, DATA_LOOK_MS);
  while (mayBeHeld() && !state.isStopping);
  if (state.isStopping) return;
  parts.log.event(store.pulse().refusal === 'erased' ? 'data-erased' : 'data-free-again', {}, 'warning');
  parts.onDataFree?.();
}
