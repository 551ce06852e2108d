/**
 * How far rows have reached the broker while no acknowledgement has come, over restarts.
 *
 * Owns that fact on disk and how often it is written. A fact that is too old costs duplicates, which their rows name, and no reading.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { Store } from '../../core/ports.ts';

interface Reached {
  readonly epoch: string;
  readonly seq: number;
}

export interface ReachedStore {
  /** Reads it; again at each call until the disk has answered. */
  restore(): Promise<void>;
  /** Of an earlier run; 0 for another epoch. */
  of(epoch: string): number;
  /** Writes it where it has changed and is due. `isLast`: due in any case. */
  keep(reached: Reached, isLast: boolean): void;
}

/** Units: ms. Source: assumed; ten minutes of rows are sent again after a power cut, and a write costs three pages. */
const KEEP_MS = 600_000;
const KEY = 'sync.reached';
const UNREAD = Symbol('unread');

/** A note that says nothing before `restore`. */
export function createReachedStore(store: Pick<Store, 'save' | 'load'>, clock: Pick<Clock, 'monoMs'>): ReachedStore {
  let kept: Reached = { epoch: '', seq: 0 };
  let keptMono: MonoMs = clock.monoMs();
  let isRead = false;
  return {
    restore: async () => {
      if (isRead) return;
      const found = await store.load(KEY, UNREAD);
      isRead = found !== UNREAD;
      if (isReached(found)) kept = found;
    },
    of: (epoch) => (kept.epoch === epoch ? kept.seq : 0),
    keep: ({ epoch, seq }, isLast) => {
      const isNews = isRead && seq > 0 && (epoch !== kept.epoch || seq !== kept.seq);
      if (!isNews || !(isLast || clock.monoMs() - keptMono >= KEEP_MS)) return;
      kept = { epoch, seq };
      keptMono = clock.monoMs();
      void store.save(KEY, kept);
    },
  };
}

function isReached(value: unknown): value is Reached {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('seq' in value)) return false;
  return typeof value.epoch === 'string' && Number.isSafeInteger(value.seq);
}
