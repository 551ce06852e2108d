/** Bounds how long the first decision waits for the disk. */
import type { Clock } from '../core/clock.ts';

/** Longest wait for the disk at start, before the street is lit without it. Units: ms. Source: assumed; lamps hold their level meanwhile. */
const RESTORE_MS = 2_000;

/** Resolves with the work or when its time is over. The work itself goes on and still uses a late answer. */
export function inRestoreTime(clock: Clock, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(RESTORE_MS, resolve);
    void work.finally(() => {
      timer.cancel();
      resolve();
    });
  });
}
