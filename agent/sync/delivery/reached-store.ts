/**
 * Persists the row up to which the broker has received everything while no acknowledgement has arrived.
 *
 * A value that is too old costs duplicates, which their row numbers identify; no reading is lost.
 */

import type { Clock, MonoMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';

interface Reached {
  readonly epoch: string;
  readonly seq: number;
}

/** Units: ms. Source: assumed; ten minutes of rows are sent again after a power cut, and a write costs three pages. Confirmed by: bench `store device` on the gateway. */
const SAVE_PERIOD_MS = 600_000;
const KEY = 'sync.reached';

/** Keeps on disk the number of the row up to which the broker has received everything; the number on disk may be an older one. */
export type ReachedStore = ReturnType<typeof createReachedStore>;

/**
 * Creates the object that keeps on disk the number of the row up to which the broker has received everything. `seqOf` returns 0 if none is
 * known for the epoch.
 */
export function createReachedStore(store: Pick<Store, 'save' | 'load'>, clock: Pick<Clock, 'monoMs'>) {
  let saved: Reached = { epoch: '', seq: 0 };
  let savedMono: MonoMs = clock.monoMs();
  let isRead = false;
  return {
    /** Reads the value from disk; each call tries again until the disk has answered. */
    restore: async (): Promise<void> => {
      if (isRead) return;
      const found = await store.load(KEY, UNREAD);
      isRead = found !== UNREAD;
      if (isRecord(found) && typeof found['epoch'] === 'string' && Number.isSafeInteger(found['seq']))
        saved = { epoch: found['epoch'], seq: Number(found['seq']) };
    },
    /** The row as last read or saved; 0 if it belongs to another epoch. */
    seqOf: (epoch: string): number => (saved.epoch === epoch ? saved.seq : 0),
    /** Writes a row above 0 if it has changed and a write is due; never before the value was read. `isLast`: due in any case. */
    save: ({ epoch, seq }: Reached, isLast: boolean): void => {
      const isChanged = isRead && seq > 0 && (epoch !== saved.epoch || seq !== saved.seq);
      if (!isChanged || !(isLast || clock.monoMs() - savedMono >= SAVE_PERIOD_MS)) return;
      saved = { epoch, seq };
      savedMono = clock.monoMs();
      void store.save(KEY, saved);
    },
  };
}
