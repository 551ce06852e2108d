/**
 * Transactions of a line for its watchers, buffered so that a slow watcher does not delay the line.
 */
import type { BusTransaction } from '../../core/bus-tools.ts';
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import type { ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import type { BusError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Lane } from '../../core/ports.ts';

/**
 * Transactions buffered per watcher; older ones are dropped. Source: assumed; a second of the fastest line. Confirmed by: transactions per second on
 * the fastest line of the bench.
 */
const RING = 256;
/** How often watchers receive the buffered transactions. Units: ms. */
const FLUSH_MS = 100;

/** The watchers of one line, which receive its transactions; see `createBusWatch`. */
export type BusWatch = ReturnType<typeof createBusWatch>;

interface Watcher {
  readonly onTransaction: (transaction: BusTransaction) => void;
  waiting: BusTransaction[];
  timer: Timer | null;
}

/**
 * Creates the watch of a line, without watchers. `note` passes a transaction to all watchers, which `watch` adds. A watcher receives
 * transactions up to 100 ms later; if more than 256 wait, the newest of them.
 */
export function createBusWatch(clock: Clock) {
  const watchers = new Set<Watcher>();
  return {
    get isWatched(): boolean {
      return watchers.size > 0;
    },
    /** Buffers one transaction for the watchers. */
    note(transaction: BusTransaction): void {
      for (const watcher of watchers) {
        watcher.waiting.push(transaction);
        if (watcher.waiting.length > RING) watcher.waiting.shift();
        watcher.timer ??= clock.after(FLUSH_MS, () => flush(watcher));
      }
    },
    /** Adds a watcher. Returns a function that ends the watch, after it has passed on the buffered transactions. */
    watch(onTransaction: (transaction: BusTransaction) => void): () => void {
      const watcher: Watcher = { onTransaction, waiting: [], timer: null };
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        watcher.timer?.cancel();
        flush(watcher);
      };
    },
  };
}

function flush(watcher: Watcher): void {
  const { waiting } = watcher;
  watcher.waiting = [];
  watcher.timer = null;
  for (const transaction of waiting) watcher.onTransaction(transaction);
}

/** An ended transaction of a line: `end` is its reply or its failure, `atMono` when it ended. */
export interface TransactionReport {
  readonly request: ReadRequest | WriteRequest;
  readonly end: Reply | BusError;
  /** The lane of the transaction. */
  readonly lane: Lane;
  readonly atMono: MonoMs;
}

/**
 * Returns a request as shown to people, for example `read holding 0+2` for 2 registers from address 0, or `write holding 0=5,6` for two
 * values from there.
 */
export function whatOf(request: ReadRequest | WriteRequest): Message {
  const { table, address } = request;
  return 'count' in request ? msg`read ${table} ${address}+${request.count}` : msg`write ${table} ${address}=${request.values.join(',')}`;
}
