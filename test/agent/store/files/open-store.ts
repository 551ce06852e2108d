/** Both files of a store in a folder, with ways to fill, cut and damage them. */

import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { type Message, msg } from '../../../../agent/core/message.ts';
import type { ReadingFrame } from '../../../../agent/core/ports.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { StoreDatabase } from '../../../../agent/store/database.ts';
import type { FreeBytes } from '../../../../agent/store/files/reserve-file.ts';
import type { Kind, Notice, Setup, StateWork, StoreMessages, StoreRequest } from '../../../../agent/store/messages.ts';
import { PAGE_BYTES } from '../../../../agent/store/schema.ts';
import type { Sqlite } from '../../../../agent/store/sqlite.ts';
import { frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

export const MB = 2 ** 20;

const PLENTY: FreeBytes = () => 20 * MB;

export const FILES = ['telemetry.db', 'state.db'] as const;

/**
 * Opens the two files of a store in `dir` without a storage thread; they are closed after the test.
 *
 * `ask` carries out one request; the other functions are short forms. Default of the free space: 20 MB, too little for the reserve file.
 */
export function openStore(t: Pick<Test, 'teardown'>, dir: string, options: { freeBytes?: FreeBytes; setup?: Partial<Setup> } = {}) {
  const setup: Setup = {
    dir,
    boot: `boot ${Math.random()}`,
    maxBytes: 64 * MB,
    maxDays: 400,
    machine: null,
    decimals: new Map(),
    counters: new Set(),
    floorSeq: 0,
    ...options.setup,
  };
  const database = new StoreDatabase(setup, options.freeBytes ?? PLENTY);
  const notices: Notice[] = [];
  const now = { atMs: STORE_START_MS };
  const ask = <K extends Kind>(kind: K, question: StoreMessages[K]['ask']): StoreMessages[K]['answer'] => {
    const { answer, notices: reports } = database.handle<K>({ ...question, kind, atMs: now.atMs } as unknown as StoreRequest<K>);
    notices.push(...reports);
    return answer;
  };
  const record = (work: Partial<StateWork>) =>
    ask('commit', { telemetry: null, state: { events: [], outcomes: [], saves: [], audits: [], probe: false, ...work } }).state;
  const close = (): null => ask('close', { isAllCommitted: true });
  t.teardown(close);
  return {
    now,
    notices,
    ask,
    close,
    record,
    commit: (...frames: ReadingFrame[]) =>
      ask('commit', { state: null, telemetry: { frames, gaps: [], deliveredUnstored: null, cursorSeq: null, probe: false, nextTicket: 1 } })
        .telemetry,
    save: (key: string, value: unknown) => record({ saves: [{ key, json: JSON.stringify(value) }] }),
    tell: (...events: AgentEvent[]) => record({ events }),
    load: (key: string) => {
      const result = ask('load', { key });
      return result.ok && result.value !== null ? JSON.parse(result.value) : result.ok ? undefined : result.code;
    },
    events: () => must(ask('events', { sinceMs: 0, limit: 2_000 })).map(({ text }) => text),
    seqs: () => must(ask('readAfter', { seq: 0, maxFrames: 2_000 })).map(({ seq }) => seq),
    gaps: () => must(ask('gapsAfter', { id: 0 })),
    status: () => must(ask('status', { atMono: 0, provenSeq: 0 })),
    check: () => must(ask('check', {})),
    backup: () => ask('backup', {}),
    reports: () => notices.filter(({ kind }) => kind === 'set-aside').map((notice) => ('message' in notice ? notice.message : '')),
  };
}

export type OpenStore = ReturnType<typeof openStore>;

/** The value of a result. Errors: throws its message if it failed. */
export function must<T>(result: { ok: true; value: T } | { ok: false; message: Message }): T {
  if (!result.ok) throw new Error(String(result.message));
  return result.value;
}

/** An event that has ended, `n` ms after `STORE_START_MS`. */
export function numberedEvent(n: number): AgentEvent {
  const startMs = STORE_START_MS + n;
  return {
    id: `door-open:K1:${startMs}`,
    code: 'door-open',
    source: 'K1',
    severity: 'warning',
    text: msg`event ${n}`,
    startMs,
    endMs: startMs,
  };
}

/** Writes so many frames, events and facts that their tables have several leaf pages, for tests that damage one. */
export function fill(store: OpenStore): void {
  // Values without a pattern: they must fill pages, deflated or not.
  let seed = 1;
  const rough = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed;
  };
  for (let n = 1; n <= 10; n++) store.commit({ ...frame(n, 720), readings: frame(n, 720).readings.map((r) => ({ ...r, value: rough() })) });
  const saves = Array.from({ length: 60 }, (_, n) => ({ key: `fact ${n}`, json: JSON.stringify({ n, padding: 'x'.repeat(200) }) }));
  store.record({ events: Array.from({ length: 120 }, (_, n) => numberedEvent(n)), saves });
}

/** Copies the files as a power cut would leave them now, without shared memory. Returns the folder of the copy, removed after the test. */
export function cut(t: Pick<Test, 'teardown'>, dir: string): string {
  const copy = testFolder(t);
  for (const name of readdirSync(dir))
    if (!name.endsWith('-shm') && statSync(join(dir, name)).isFile()) copyFileSync(join(dir, name), join(copy, name));
  return copy;
}

/** Opens a database file, calls `act` and closes it. Returns the result of `act`. */
export function inside<T>(path: string, act: (db: Sqlite) => T): T {
  const db = new Database(path);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

/** Rewrites a file after `act` has changed its bytes in place. */
export function changeFile(path: string, act: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  act(bytes);
  writeFileSync(path, bytes);
}

/** Fills the second leaf page of a table with zeros: of frames or, in state.db, of events. Errors: throws if the table has one leaf only. */
export function zeroLeaf(path: string): void {
  const table = basename(path).startsWith('telemetry') ? 'frame' : 'event';
  const page = inside(path, (db) => {
    const leaves = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno").pluck().all(table);
    return Number(leaves[1]);
  });
  if (!(page > 1)) throw new Error(`${table} has one leaf only`);
  changeFile(path, (bytes) => bytes.fill(0, (page - 1) * PAGE_BYTES, page * PAGE_BYTES));
}
