/**
 * The store as shipped, fed by the simulated cabinet, commit by commit.
 *
 * Owns store and feed. Time is simulated, the disk is not: the clock waits for each commit.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { CompactionReport, Store, StoreStatus } from '../../agent/core/ports.ts';
import type { OpenLink } from '../../agent/store/messages.ts';
import { createStore } from '../../agent/store/store.ts';
import { openWorkerLink } from '../../agent/store/worker-link.ts';
import { createFeed, type Feed, NO_LOG } from './feed.ts';

export interface FedStoreOptions {
  readonly dir: string;
  readonly commitSeconds: number;
  readonly openLink?: OpenLink;
  /** Compacts the store after each hour, as the agent does. Default: never. */
  readonly isCompacted?: boolean;
  /** The platform confirms each commit before the next. Default: there is no link to the platform. */
  readonly isDelivered?: boolean;
}

export interface FedStore {
  readonly store: Store;
  readonly feed: Feed;
  readonly file: string;
  /** Simulates so many hours. Resolves when their readings are on disk. */
  run(hours: number): Promise<void>;
  readonly compactions: readonly CompactionReport[];
  status(): Promise<StoreStatus>;
}

export interface Sizes {
  /** The file alone, closed, its journal written back. */
  readonly bytes: number;
  /** Of these, the pages of compacted readings. */
  readonly segmentBytes: number;
  /** Size of the journal before the store was closed. */
  readonly journalBytes: number;
  readonly readings: number;
  readonly status: StoreStatus;
}

/** More than any figure stores; nothing is dropped here. Units: MB. */
const MAX_MEGABYTES = 4_096;
const MAX_DAYS = 400;
/** Commits happen between two polls, as in the field, where nothing aligns them. Units: ms. */
const PHASE_MS = 500;

/**
 * Starts a store in an empty folder, with a simulated cabinet that feeds it. The caller stops it, with `closeMeasured` or `store.stop`.
 * Errors: `run` rejects if the store reports an event, such as a failed commit.
 */
export async function openFedStore(options: FedStoreOptions): Promise<FedStore> {
  const { dir, commitSeconds, openLink = openWorkerLink } = options;
  const feed = createFeed();
  const { clock, workload } = feed;
  await clock.advance(PHASE_MS);
  const store = createStore({
    dir,
    clock,
    log: NO_LOG,
    commitSeconds,
    maxMegabytes: MAX_MEGABYTES,
    maxDays: MAX_DAYS,
    decimals: workload.decimals,
    openLink,
  });
  const compactions: CompactionReport[] = [];
  let committed: PromiseWithResolvers<void> = Promise.withResolvers();
  let owedHours = 0;
  let lastSeq = 0;
  store.onCommitted = ({ tickets }) => {
    lastSeq = tickets.at(-1)?.seq ?? lastSeq;
    committed.resolve();
  };
  store.onEvent = ({ text }) => committed.reject(new Error(String(text)));
  feed.onFrame = store.append;
  await store.start();

  async function compact(): Promise<void> {
    const report = await store.compact();
    if (report === undefined) throw new Error(`no compaction: ${(await store.status()).reason}`);
    compactions.push(report);
  }

  return {
    store,
    feed,
    file: join(dir, 'telemetry.db'),
    compactions,
    run: async (hours) => {
      for (let seconds = 0; seconds < hours * 3_600; seconds += commitSeconds) {
        committed = Promise.withResolvers();
        await clock.advance(commitSeconds * 1_000);
        await committed.promise;
        await settled();
        if (options.isDelivered === true) store.moveCursor(lastSeq);
        owedHours += commitSeconds / 3_600;
        if (owedHours < 1) continue;
        owedHours -= 1;
        if (options.isCompacted === true) await compact();
      }
    },
    status: () => store.status(),
  };
}

/** The proof of delivery comes from far away, when the commit is over. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Stops the store and resolves with its sizes on disk and the number of its readings. */
export async function closeMeasured({ store, file, status }: FedStore): Promise<Sizes> {
  const last = await status();
  const journalBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  await store.stop();
  return { bytes: statSync(file).size, segmentBytes: pagesOf(file, 'segment'), journalBytes, readings: last.readings, status: last };
}

/** Whole pages, whatever is unused in them. Units: bytes. Source: SQLite, the dbstat virtual table. */
function pagesOf(file: string, table: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return Number(db.prepare('SELECT sum(pgsize) FROM dbstat WHERE name = ?').pluck().get(table) ?? 0);
  } finally {
    db.close();
  }
}
