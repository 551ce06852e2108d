import type { Clock } from '../../core/clock.ts';
import { DISK_WAIT_MS } from '../../core/within.ts';
import type { RevisionDisk } from './revision-disk.ts';

/** The error of an operation that a hung disk did not finish in time. The disk may still finish it later, or it was never begun. */
export class DiskTimeout extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('the disk does not answer in time');
  }
}

/**
 * Returns a disk whose `readFiles`, `writeFiles`, `remove` and `markTrial` wait a limited time for a hung disk. Call the last three
 * one at a time. They first wait, at most as long, for the end of the one before; if it does not end, they change nothing.
 *
 * Errors: these methods reject with `DiskTimeout` if the disk hangs; otherwise as the disk.
 */
export function timedDisk(disk: RevisionDisk, clock: Pick<Clock, 'after'>): RevisionDisk {
  let writing: Promise<unknown> = Promise.resolve();
  const inTime = <T>(work: Promise<T>): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = clock.after(DISK_WAIT_MS, () => reject(new DiskTimeout()));
    work.then(resolve, reject).finally(() => timer.cancel());
    return promise;
  };
  const write = async (work: () => Promise<void>): Promise<void> => {
    await inTime(writing);
    const written = work();
    writing = written.catch(() => {});
    await inTime(written);
  };
  return {
    ...disk,
    readFiles: (of) => inTime(disk.readFiles(of)),
    writeFiles: (of, files, note) => write(() => disk.writeFiles(of, files, note)),
    remove: (of) => write(() => disk.remove(of)),
    markTrial: (number) => write(() => disk.markTrial(number)),
  };
}
