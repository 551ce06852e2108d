import { randomBytes } from 'node:crypto';
import { type Clock, every, type Timer } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import type { History, HistoryQuery, Log, Store, StoreStatus, TelemetryFacts } from '../core/ports.ts';
import { MAX_WAITING_READINGS } from '../core/store-port.ts';
import { within } from '../core/within.ts';
import { Committer } from './client/committer.ts';
import { STORE_TIMEOUT_MS } from './client/storage-client.ts';
import { createHistoryGatherer, type HistoryPage } from './history-sums.ts';
import type { OpenLink, Setup } from './messages.ts';
import { createStoreChores } from './store-chores.ts';
import { StoreReader } from './store-reader.ts';
import { openWorkerLink } from './worker-link.ts';

/** The settings and dependencies with which a store is created. */
export interface StoreParts {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between two commits of readings; a memory that is half full is committed at once. Units: s. */
  readonly commitSeconds: number;
  /** Size limit of `telemetry.db`; above it readings are thinned out, or the oldest are removed. Units: MiB. */
  readonly maxMegabytes: number;
  /** Age limit of readings. Units: days. */
  readonly maxDays: number;
  /** Age limit of ended events, outcomes and audit entries. Units: days, more than 30. Default: only their numbers are limited. */
  readonly peopleDays?: number;
  /** Age limit of the record of decisions. Units: days. Default: only its size is limited. */
  readonly recordDays?: number;
  /** Decimals to keep, by point id; values of other points are kept exactly. */
  readonly decimals: ReadonlyMap<string, number>;
  /** Ids of the points that are counters. Default: none. */
  readonly counters?: ReadonlySet<string>;
  /** The boot of the machine: its id, and when this run's monotonic clock started after it. Default: unknown. */
  readonly machine?: Setup['machine'];
  /** Changes to a copy of `state.db` that is adopted. Default: none. */
  readonly copyRules?: readonly CopyRule[];
  /** Traces of earlier runs with a store, as text for the audit log. With one, a missing file may count as lost. Default: none is known. */
  readonly traces?: readonly string[];
  /** Default: opens a separate thread. */
  readonly openLink?: OpenLink;
}

/** Most readings in one transaction; more would block the main thread while they are copied. */
const BATCH_READINGS = 5_000;
const MEGABYTE = 2 ** 20;

const NO_FACTS: TelemetryFacts = {
  epoch: '',
  frames: 0,
  readings: 0,
  bytes: 0,
  maxBytes: 0,
  journal: { readings: 0, bytes: 0 },
  segments: { count: 0, readings: 0, bytes: 0 },
  oldestMs: null,
  lastSeq: 0,
  cursorSeq: 0,
  backlogFrames: 0,
  gaps: 0,
  account: { produced: 0, delivered: 0, backlog: 0, gaps: 0, estimates: 0, isBalanced: true },
  written: null,
};

type StoreCallbacks = Pick<Store, 'onCommitted' | 'onEvent' | 'fates'>;

/**
 * Creates the store, which keeps readings, events and facts on disk. Uses no file before `start`. A failure of the disk is not thrown: it
 * is reported as a state and an event.
 */
export function createStore(parts: StoreParts): Store {
  const { clock, log, openLink = openWorkerLink } = parts;
  const boot = randomBytes(16).toString('hex');
  const callbacks: StoreCallbacks = { onCommitted: () => {}, onEvent: () => {}, fates: () => () => 'undelivered' };
  const committer = new Committer({
    clock,
    log,
    openLink,
    setup: (floorSeq) => setupOf(parts, { boot, floorSeq }),
    limits: { maxReadings: MAX_WAITING_READINGS, batchReadings: BATCH_READINGS },
    onCommitted: (committed) => callbacks.onCommitted(committed),
    onOverCap,
    fates: () => callbacks.fates(),
    onEvent: (event) => callbacks.onEvent(event),
  });
  const reader = new StoreReader(clock, committer);
  const { makeRoom, ...chores } = createStoreChores(clock, reader, committer);
  // The same object as the callbacks, so that a caller who sets one of them sets it here.
  return Object.assign(callbacks, {
    ...runOf(parts, committer, reader),
    append: (frame) => committer.addFrame(frame),
    appendDecisions: (part) => committer.addDecisions(part),
    recordLoss: (loss) => committer.addLoss(loss),
    rowOf: (ticket) => committer.progress.rowOf(ticket),
    appendEvent: (event) => committer.facts.addEvent(event),
    appendOutcome: (outcome) => committer.facts.addOutcome(outcome),
    moveCursor: (seq) => committer.progress.moveCursor(seq),
    pulse: () => committer.client.pulse(),
    ...factsOf(log, committer, reader),
    ...readersOf(clock, committer, reader),
    ...chores,
  } satisfies Omit<Store, keyof StoreCallbacks>);

  function onOverCap(): void {
    void makeRoom();
  }
}

/** Read at each start of the storage thread: decimals and counters depend on the configuration. */
function setupOf(parts: StoreParts, run: Pick<Setup, 'boot' | 'floorSeq'>): Setup {
  return {
    ...run,
    dir: parts.dir,
    maxBytes: parts.maxMegabytes * MEGABYTE,
    maxDays: parts.maxDays,
    ...(parts.peopleDays === undefined ? {} : { peopleDays: parts.peopleDays }),
    ...(parts.recordDays === undefined ? {} : { recordDays: parts.recordDays }),
    machine: parts.machine ?? null,
    decimals: parts.decimals,
    counters: parts.counters ?? new Set(),
    copyRules: parts.copyRules ?? [],
    traces: parts.traces ?? [],
  };
}

/** The start, the end and the state of a run. */
function runOf(parts: StoreParts, committer: Committer, reader: StoreReader): Pick<Store, 'start' | 'stop' | 'status'> {
  const { clock, log, dir } = parts;
  const bounded = <T>(work: Promise<T>): Promise<T | undefined> => within(clock, STORE_TIMEOUT_MS.caller, work);
  let ticks: Timer | null = null;
  let facts = NO_FACTS;

  async function status(): Promise<StoreStatus> {
    const { provenSeq } = committer.progress;
    facts = (await reader.read('status', { atMono: clock.monoMs(), provenSeq }, 'telemetry.db')) ?? facts;
    const { readingsWaiting, readingsStored, readingsLost, lossesEstimated, decisionsLost } = committer.counters();
    const reason = committer.troubles.text();
    return {
      ...facts,
      state: String(reason) === '' ? 'ok' : 'trouble',
      reason,
      readingsWaiting,
      readingsStored,
      readingsLost,
      lossesEstimated,
      decisionsLost,
    };
  }

  return {
    status,
    start: async () => {
      if (ticks !== null) return;
      ticks = every(clock, parts.commitSeconds * 1_000, () => void committer.commit());
      reader.isOpen = true;
      committer.open();
      const opened = await bounded(committer.commit().then(status));
      log.event('store-started', { dir, ...opened });
    },
    stop: async () => {
      if (ticks === null) return;
      ticks.cancel();
      await bounded(committer.finish());
      committer.close();
      ticks = null;
      reader.isOpen = false;
      await bounded(committer.client.close(committer.isAllCommitted()));
      log.event('store-stopped', { ...committer.counters() });
    },
  };
}

/** Small durable facts, by key. */
function factsOf(log: Log, committer: Committer, reader: StoreReader): Pick<Store, 'save' | 'load' | 'loadAll'> {
  return {
    save: async (key, value) => {
      const json = toJson(value);
      if (json !== undefined) return committer.facts.addSave(key, json);
      log.event('store-not-json', { key }, 'alarm');
      return false;
    },
    load: async (key, unread) => {
      const pending = committer.facts.pendingSave(key);
      const json = pending === undefined ? await reader.read('load', { key }, 'state.db') : pending;
      if (json === undefined) return unread;
      return json === null ? undefined : fromJson(json);
    },
    loadAll: async (prefix) => {
      const facts = await reader.read('loadAll', { prefix }, 'state.db');
      return facts?.map(({ key, json }) => ({ key, value: fromJson(json) }));
    },
  };
}

/** Reads what is on disk. */
function readersOf(
  clock: Clock,
  committer: Committer,
  reader: StoreReader,
): Pick<
  Store,
  | 'audit'
  | 'auditAfter'
  | 'readAfter'
  | 'gapsAfter'
  | 'readGapsAfter'
  | 'events'
  | 'readEvents'
  | 'history'
  | 'decisions'
  | 'exportPage'
  | 'check'
  | 'backup'
> {
  const readEvents: Store['readEvents'] = (query) => reader.read('events', query, 'state.db');
  const readGapsAfter: Store['readGapsAfter'] = (id) => reader.read('gapsAfter', { id }, 'telemetry.db');
  return {
    audit: {
      note: (note) => committer.attempts.add({ ...note, atMs: clock.wallMs() }),
      read: async (query) => {
        const page = await (query.isVerified ? reader.readUnbounded('audit', query, 'state.db') : reader.read('audit', query, 'state.db'));
        // While the disk works, an entry waits only for milliseconds.
        const waiting = committer.troubles.has('state.db') ? committer.facts.auditsWaiting : 0;
        return page === undefined || waiting === 0 ? page : { ...page, waiting };
      },
    },
    auditAfter: (n) => reader.read('auditAfter', { n }, 'state.db'),
    readAfter: async (seq, maxFrames) => (await reader.read('readAfter', { seq, maxFrames }, 'telemetry.db')) ?? [],
    gapsAfter: async (id) => (await readGapsAfter(id)) ?? [],
    events: async (query) => (await readEvents(query)) ?? [],
    ...{ readEvents, readGapsAfter },
    history: (query) => readHistory(reader, query),
    decisions: async (query) => {
      // The last minute may wait in memory.
      await within(clock, STORE_TIMEOUT_MS.caller, committer.commit());
      return reader.read('decisions', query, 'telemetry.db');
    },
    exportPage: (query) => reader.read('exportPage', query, 'telemetry.db'),
    check: () => reader.readUnbounded('check', {}, 'telemetry.db'),
    backup: () => reader.readUnbounded('backup', {}, 'state.db'),
  };
}

/** Reads page by page; undefined if the disk does not answer for one of them. */
async function readHistory(reader: StoreReader, query: HistoryQuery): Promise<History | undefined> {
  const gatherer = createHistoryGatherer(query);
  for (let beforeSeq: number | null = null; ; ) {
    const page: HistoryPage | undefined = await reader.read('history', { ...query, beforeSeq }, 'telemetry.db');
    if (page === undefined) return undefined;
    const isMore = gatherer.add(page);
    beforeSeq = page.nextBeforeSeq;
    if (!isMore || beforeSeq === null) return gatherer.done();
  }
}

/** Null for undefined, which removes a key; undefined for a value that cannot be JSON. */
function toJson(value: unknown): string | null | undefined {
  if (value === undefined) return null;
  try {
    return JSON.stringify(value);
  } catch {
    // Circular or a BigInt: the caller gets `false`, the log names the key.
    return undefined;
  }
}

/** A key `__proto__` is left out: merged into another object it would change that object's prototype. */
function fromJson(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => (key === '__proto__' ? undefined : value));
}
