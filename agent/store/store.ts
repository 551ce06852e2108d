/**
 * The offline memory of the cabinet: the store as all other rooms see it.
 *
 * Owns the commit period and the answers to readers. Never blocks or throws into a caller; trouble is a state and an event.
 * What is on disk when a promise or `onCommitted` says so survives `kill -9` and power cuts.
 */
import { randomBytes } from 'node:crypto';
import type { AuditPage } from '../core/audit-tools.ts';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import type {
  BackupReport,
  Committed,
  CompactionReport,
  ExportPage,
  History,
  Log,
  RetentionReport,
  Store,
  StoreCheck,
  StoreStatus,
  TelemetryFacts,
} from '../core/ports.ts';
import { MAX_WAITING_READINGS } from '../core/store-limits.ts';
import { within } from '../core/within.ts';
import type { AgentEvent } from '../core/words.ts';
import { type Committer, createCommitter } from './client/committer.ts';
import { createStorageClient, type StorageClient } from './client/storage-client.ts';
import { PATIENCE_MS } from './client/time-limits.ts';
import { isTroubled, type Part, troubleText } from './client/trouble.ts';
import type { Kind, LossReason, OpenLink, RoomStep, Setup, StoreMessages, StoreResult } from './messages.ts';
import { openWorkerLink } from './worker-link.ts';

export interface StoreParts {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly commitSeconds: number;
  readonly maxMegabytes: number;
  readonly maxDays: number;
  /** Decimals worth keeping, by point id; values of other points are kept exactly. */
  readonly decimals: ReadonlyMap<string, number>;
  /** Points that only grow; none unless given. */
  readonly counters?: ReadonlySet<string>;
  /** When the machine itself began; not known unless given. */
  readonly machine?: Setup['machine'];
  /** A thread of its own unless told otherwise; simulations hand in `openInProcessLink`. */
  readonly openLink?: OpenLink;
}

/** Readings in one transaction; more would hold up the main thread while they are copied. */
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
  account: { produced: 0, delivered: 0, backlog: 0, gaps: 0, isBalanced: true },
  written: null,
};

/** A store on a folder that need not exist yet. Touches nothing before `start`. */
export function createStore(parts: StoreParts): Store {
  const { clock, log } = parts;
  const boot = randomBytes(16).toString('hex');
  const courier: StorageClient = createStorageClient({
    openLink: parts.openLink ?? openWorkerLink,
    setup: () => ({
      dir: parts.dir,
      boot,
      maxBytes: parts.maxMegabytes * MEGABYTE,
      maxDays: parts.maxDays,
      machine: parts.machine ?? null,
      decimals: parts.decimals,
      counters: parts.counters ?? new Set(),
      floorSeq: committer.counters().lastSeq,
    }),
    clock,
  });
  const committer: Committer = createCommitter({
    clock,
    log,
    courier,
    limits: { maxReadings: MAX_WAITING_READINGS, batchReadings: BATCH_READINGS },
    onCommitted: (committed: Committed) => store.onCommitted(committed),
    onOverCap: () => void makeRoom(),
    fates: () => store.fates(),
    onEvent: (event: AgentEvent) => store.onEvent(event),
  });
  let ticks: Timer | null = null;
  let facts = NO_FACTS;
  let isMakingRoom = false;

  const patiently = <T>(promise: Promise<T>): Promise<T | undefined> => within(clock, PATIENCE_MS.caller, promise);

  /** Readers never start the thread again by themselves: that is the committer's, with its back-off. */
  async function read<K extends Exclude<Kind, 'commit' | 'close'>, T>(
    kind: K,
    question: StoreMessages[K]['ask'],
    part: Part,
    patience = patiently,
  ): Promise<T | undefined> {
    if (ticks === null || isTroubled(committer.troubles(), 'storage thread')) return undefined;
    const result = (await patience(courier.ask(kind, question))) as StoreResult<T> | null | undefined;
    if (result === null || result === undefined) return undefined;
    if (result.ok) return result.value;
    committer.fail(part, result.message);
    return undefined;
  }

  async function status(): Promise<StoreStatus> {
    facts =
      (await read<'status', TelemetryFacts>('status', { atMono: clock.monoMs(), provenSeq: committer.provenSeq() }, 'telemetry.db')) ??
      facts;
    const { readingsWaiting, readingsStored, readingsLost } = committer.counters();
    const reason = troubleText(committer.troubles());
    return { ...facts, state: reason === '' ? 'ok' : 'trouble', reason, readingsWaiting, readingsStored, readingsLost };
  }

  /** Nobody but the chore waits for it, and the courier has its own patience. */
  const endlessly = <T>(promise: Promise<T>): Promise<T | undefined> => promise;

  async function compact(): Promise<CompactionReport | undefined> {
    let sum: CompactionReport = { segments: 0, frames: 0, readings: 0, bytesBefore: 0, bytesAfter: 0 };
    for (let more = true; more; ) {
      const step = await read<'compact', CompactionReport & { more: boolean }>(
        'compact',
        { atMono: clock.monoMs() },
        'telemetry.db',
        endlessly,
      );
      if (step === undefined) return undefined;
      sum = {
        segments: sum.segments + step.segments,
        frames: sum.frames + step.frames,
        readings: sum.readings + step.readings,
        bytesBefore: sum.bytesBefore + step.bytesBefore,
        bytesAfter: sum.bytesAfter + step.bytesAfter,
      };
      more = step.more;
    }
    return sum;
  }

  /** Nothing is old by a clock that nobody can trust. */
  async function retain(): Promise<RetentionReport | undefined> {
    let sum: RetentionReport = { readings: 0, lost: 0 };
    for (let more = isTrusted(clock.quality()); more; ) {
      const question = { provenSeq: committer.provenSeq() };
      const step = await read<'retain', RetentionReport & { more: boolean }>('retain', question, 'telemetry.db', endlessly);
      if (step === undefined) return undefined;
      sum = { readings: sum.readings + step.readings, lost: sum.lost + step.lost };
      more = step.more;
    }
    return sum;
  }

  /** Step after step until all fits; as long a rest after each, so that a slow machine has half of its time for other work. */
  async function makeRoom(): Promise<void> {
    if (isMakingRoom) return;
    isMakingRoom = true;
    const lost = new Map<LossReason, number>();
    for (let more = true; more; ) {
      const startMono = clock.monoMs();
      const step = await read<'makeRoom', RoomStep>('makeRoom', { provenSeq: committer.provenSeq() }, 'telemetry.db', endlessly);
      for (const { reason, readings } of step?.lost ?? []) lost.set(reason, (lost.get(reason) ?? 0) + readings);
      more = step?.more === true;
      if (more) await rest(clock, clock.monoMs() - startMono);
    }
    isMakingRoom = false;
    for (const [reason, readings] of lost) committer.lost(readings, reason);
  }

  const store: Store = {
    onCommitted: () => {},
    onEvent: () => {},
    fates: () => () => 'undelivered',
    start: async () => {
      if (ticks !== null) return;
      ticks = every(clock, parts.commitSeconds * 1_000, () => void committer.commit());
      committer.open();
      const opened = await patiently(committer.commit().then(status));
      log.event('store-started', { dir: parts.dir, ...opened });
    },
    stop: async () => {
      if (ticks === null) return;
      ticks.cancel();
      await patiently(committer.finish());
      committer.close();
      ticks = null;
      await patiently(courier.close(committer.isAllCommitted()));
      log.event('store-stopped', { ...committer.counters() });
    },
    append: committer.addFrame,
    recordLoss: committer.addLoss,
    rowOf: committer.rowOf,
    appendEvent: committer.addEvent,
    appendOutcome: committer.addOutcome,
    audit: {
      note: (note) => committer.addAudit({ ...note, atMs: clock.wallMs() }),
      read: (query) => read<'audit', AuditPage>('audit', query, 'state.db', query.isVerified ? endlessly : patiently),
    },
    save: async (key, value) => {
      const json = toJson(value);
      if (json !== undefined) return committer.save(key, json);
      log.event('store-not-json', { key }, 'alarm');
      return false;
    },
    load: async (key, unread) => {
      const pending = committer.pendingSave(key);
      const json = pending === undefined ? await read<'load', string | null>('load', { key }, 'state.db') : pending;
      if (json === undefined) return unread;
      return json === null ? undefined : fromJson(json);
    },
    loadAll: async (prefix) => {
      const facts = await read<'loadAll', readonly { key: string; json: string }[]>('loadAll', { prefix }, 'state.db');
      return facts?.map(({ key, json }) => ({ key, value: fromJson(json) }));
    },
    readAfter: async (seq, maxFrames) => (await read('readAfter', { seq, maxFrames }, 'telemetry.db')) ?? [],
    gapsAfter: async (id) => (await read('gapsAfter', { id }, 'telemetry.db')) ?? [],
    events: async (query) => (await read('events', query, 'state.db')) ?? [],
    history: (query) => read<'history', History>('history', query, 'telemetry.db'),
    exportPage: (query) => read<'exportPage', ExportPage>('exportPage', query, 'telemetry.db'),
    compact,
    retain,
    check: () => read<'check', StoreCheck>('check', {}, 'telemetry.db', endlessly),
    backup: () => read<'backup', BackupReport>('backup', {}, 'state.db', endlessly),
    moveCursor: committer.moveCursor,
    status,
    pulse: courier.pulse,
  };
  return store;
}

/** Nothing at all where no time has passed. Units: ms. */
function rest(clock: Pick<Clock, 'after'>, forMs: number): Promise<void> | undefined {
  return forMs > 0 ? new Promise((resolve) => clock.after(forMs, resolve)) : undefined;
}

/** Null for undefined, which removes a key; undefined for what JSON cannot say. */
function toJson(value: unknown): string | null | undefined {
  if (value === undefined) return null;
  try {
    return JSON.stringify(value);
  } catch {
    // Circular or a BigInt: the caller hears `false`, the log names the key.
    return undefined;
  }
}

/** A key `__proto__` is left out: merged into another object it would change that object's prototype. */
function fromJson(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => (key === '__proto__' ? undefined : value));
}
