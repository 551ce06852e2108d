/** Locks the data folder while a command changes it, so that no agent can use the folder, whatever its socket. */
import { ConsoleError } from '../console/console-error.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import { StoreError } from '../core/errors.ts';
import { type Message, msg } from '../core/message.ts';
import { type DataLock, lockData } from '../store/data-lock.ts';

/**
 * Locks the data folder, runs `work`, unlocks the folder and returns the result of `work`, which must be synchronous. A missing folder is
 * created first. If the disk is too full for a lock file, `work` runs without the lock.
 *
 * Errors: throws, for example, ConsoleError 'busy' with `advice` if another process has the lock, or what `work` throws.
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
    // An erasure must also work on a full disk.
    if (error.code === 'full') return null;
    if (error.code === 'in-use') throw new ConsoleError('busy', msg`${dir}: another process uses this data: ${advice}`, { cause: error });
    throw new ConsoleError('failed', msg`${error.said}; nothing was changed`, { cause: error });
  }
}
