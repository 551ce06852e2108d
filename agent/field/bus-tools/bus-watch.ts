/**
 * Transactions for people who watch a line.
 *
 * Owns the ring between the line and each watcher, so that nobody who reads slowly holds up the line.
 */
import type { BusTransaction } from '../../core/bus-tools.ts';
import type { Clock, Timer } from '../../core/clock.ts';

/** What a watcher may be behind; older ones are dropped. Source: assumed; a second of the fastest line. */
const RING = 256;
/** Watchers are told this often. Units: ms. */
const TELL_MS = 100;

export interface BusWatch {
  /** Called for each transaction, so cheap when nobody watches. */
  note(transaction: BusTransaction): void;
  watch(tell: (transaction: BusTransaction) => void): () => void;
  readonly isWatched: boolean;
}

interface Watcher {
  readonly tell: (transaction: BusTransaction) => void;
  waiting: BusTransaction[];
  timer: Timer | null;
}

export function createBusWatch(clock: Clock): BusWatch {
  const watchers = new Set<Watcher>();
  return {
    get isWatched() {
      return watchers.size > 0;
    },
    note(transaction) {
      for (const watcher of watchers) {
        watcher.waiting.push(transaction);
        if (watcher.waiting.length > RING) watcher.waiting.shift();
        watcher.timer ??= clock.after(TELL_MS, () => flush(watcher));
      }
    },
    watch(tell) {
      const watcher: Watcher = { tell, waiting: [], timer: null };
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        watcher.timer?.cancel();
        watcher.waiting = [];
      };
    },
  };
}

function flush(watcher: Watcher): void {
  const told = watcher.waiting;
  watcher.waiting = [];
  watcher.timer = null;
  for (const transaction of told) watcher.tell(transaction);
}
