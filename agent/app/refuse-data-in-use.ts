import { ConsoleError } from '../console/console-error.ts';
import type { Joined } from './parts.ts';

/**
 * Ends the start of a second agent on the same data, which would write to the same lamps; its console is closed first.
 *
 * Errors: rejects with ConsoleError 'data-in-use' where another process still has the data when the store is asked once more.
 */
export async function refuseDataInUse({ store, consoles }: Pick<Joined, 'store' | 'consoles'>): Promise<void> {
  if (store.pulse().isInUse !== true) return;
  const { reason } = await store.status();
  if (store.pulse().isInUse !== true) return;
  await consoles?.stop();
  throw new ConsoleError('data-in-use', reason);
}
