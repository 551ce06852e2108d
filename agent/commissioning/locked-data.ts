/** Keeps every agent away from the folder of the data while a command changes it, whatever socket an agent listens on. */
import { ConsoleError } from '../console/console-error.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import { StoreError } from '../core/errors.ts';
import { type Message, msg } from '../core/message.ts';
import { type DataLock, lockData } from '../store/data-lock.ts';

/**
 * Does the work while this process has the folder; its owner then has the lock file. On a full disk it works without the lock.
 *
 * Errors: throws ConsoleError 'busy' with this advice where another process has the folder, 'failed' where it cannot be locked; what `work` throws.
 */
export function withLockedData<T>(dir: string, advice: Message, work: () => T): T {
  const lock = locked(dir, advice);
  try {
    return work();
  } finally {
    lock?.release();
  }
}

function locked(dir: string, advice: Message): DataLock | null {
  try {
    return asOwnerOf(dir, () => lockData(dir, 'command'));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // An erasure must work on a full disk.
    if (error.code === 'full') return null;
    if (error.code === 'in-use') throw new ConsoleError('busy', msg`${dir}: another process uses this data: ${advice}`, { cause: error });
    throw new ConsoleError('failed', msg`${error.said}; nothing was changed`, { cause: error });
  }
}
