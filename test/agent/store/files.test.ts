import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Frame } from '../../../agent/core/ports.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { createDatabase } from '../../../agent/store/database.ts';
import type { FreeBytes } from '../../../agent/store/files/ballast.ts';
import { createStoreFile } from '../../../agent/store/files/store-file.ts';
import type { Kind, Notice, Request, Setup, StateWork, Talk } from '../../../agent/store/messages.ts';
import { PAGE_BYTES, type Schema, STATE, TELEMETRY } from '../../../agent/store/schema.ts';
import type { Sqlite } from '../../../agent/store/sqlite.ts';
import { folder, frame, START_MS } from './fixtures/kit.ts';

const MB = 2 ** 20;
const HOUR_MS = 3_600_000;
const PLENTY: FreeBytes = () => 20 * MB;
const FILES = ['telemetry.db', 'state.db'] as const;

/** Both files of a folder, asked as the storage thread is asked; 20 MB free unless told otherwise, too little for a ballast. */
function openStore(t: Pick<Test, 'teardown'>, dir: string, options: { freeBytes?: FreeBytes; setup?: Partial<Setup> } = {}) {
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
  const database = createDatabase(setup, options.freeBytes ?? PLENTY);
  const notices: Notice[] = [];
  const now = { atMs: START_MS };
  const ask = <K extends Kind>(kind: K, question: Talk[K]['ask']): Talk[K]['answer'] => {
    const { answer, notices: told } = database.handle<K>({ ...question, kind, atMs: now.atMs } as unknown as Request<K>);
    notices.push(...told);
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
    commit: (...frames: Frame[]) =>
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
    told: () => notices.filter(({ kind }) => kind === 'set-aside').map((notice) => ('message' in notice ? notice.message : '')),
  };
}

type OpenStore = ReturnType<typeof openStore>;

function must<T>(result: { ok: true; value: T } | { ok: false; message: string }): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function event(n: number): AgentEvent {
  const startMs = START_MS + n;
  return {
    id: `door-open:K1:${startMs}`,
    code: 'door-open',
    source: 'K1',
    severity: 'warning',
    text: `event ${n}`,
    startMs,
    endMs: startMs,
  };
}

/** Enough rows that each table has leaves of its own. */
function fill(store: OpenStore): void {
  // Values without a pattern: they must fill pages, deflated or not.
  let seed = 1;
  const rough = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed;
  };
  for (let n = 1; n <= 10; n++) store.commit({ ...frame(n, 720), readings: frame(n, 720).readings.map((r) => ({ ...r, value: rough() })) });
  const saves = Array.from({ length: 60 }, (_, n) => ({ key: `fact ${n}`, json: JSON.stringify({ n, padding: 'x'.repeat(200) }) }));
  store.record({ events: Array.from({ length: 120 }, (_, n) => event(n)), saves });
}

/** The folder as a power cut would leave it now. */
function cut(t: Pick<Test, 'teardown'>, dir: string): string {
  const copy = folder(t);
  for (const name of readdirSync(dir))
    if (!name.endsWith('-shm') && statSync(join(dir, name)).isFile()) copyFileSync(join(dir, name), join(copy, name));
  return copy;
}

/** Everything into the file itself, as after a checkpoint. */
function checkpoint(path: string): void {
  const db = new Database(path);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

function inside<T>(path: string, act: (db: Sqlite) => T): T {
  const db = new Database(path);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

function change(path: string, act: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  act(bytes);
  writeFileSync(path, bytes);
}

function zeroLeaf(path: string): void {
  const table = basename(path).startsWith('telemetry') ? 'frame' : 'event';
  const page = inside(path, (db) => {
    const leaves = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno").pluck().all(table);
    return Number(leaves[1]);
  });
  if (!(page > 1)) throw new Error(`${table} has one leaf only`);
  change(path, (bytes) => bytes.fill(0, (page - 1) * PAGE_BYTES, page * PAGE_BYTES));
}

const damages: readonly [story: string, damage: (path: string) => void, reason: RegExp][] = [
  ['with a page of zeros among its leaves', zeroLeaf, /page \d+|SQLITE_CORRUPT/],
  ['with a destroyed header', (path) => change(path, (bytes) => bytes.fill(0x55, 0, 100)), /SQLITE_NOTADB/],
  ['that begins with 8 KB of zeros', (path) => change(path, (bytes) => bytes.fill(0, 0, 8192)), /SQLITE_NOTADB/],
  ['truncated to half', (path) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096), /SQLITE_CORRUPT/],
  ['emptied', (path) => truncateSync(path, 0), /found 0 bytes/],
  [
    'that is another program’s database',
    (path) => {
      rmSync(path);
      inside(path, (db) => db.exec('CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)'));
    },
    /application id 0/,
  ],
  [
    'of a future version',
    (path) => inside(path, (db) => db.exec("PRAGMA user_version = 9; UPDATE meta SET value = 8 WHERE key = 'readable_since'")),
    /version 9, usable since 8, this program knows [23]/,
  ],
];

for (const [story, damage, reason] of damages) {
  t.test(`a file ${story} is set aside and told; readings begin afresh, facts come back from the copy`, async (t) => {
    const dir = folder(t);
    const first = openStore(t, dir);
    fill(first);
    const { epoch } = first.status();
    first.now.atMs = START_MS - 26 * HOUR_MS;
    t.match(first.backup(), { ok: true, value: { path: join(dir, 'state.db.bak'), atMs: first.now.atMs } });
    first.save('after the copy', 1);
    const found = cut(t, dir);
    for (const name of FILES) checkpoint(join(found, name));
    for (const name of FILES) damage(join(found, name));
    const bytes = FILES.map((name) => readFileSync(join(found, name)));

    const store = openStore(t, found);
    t.match(store.commit(), { ok: true });
    t.equal(store.load('fact 7')?.n, 7);
    t.equal(store.load('after the copy'), undefined, 'a copy is as old as it says');
    t.equal(store.events().length, 120);
    t.strictSame(store.seqs(), []);
    t.not(store.status().epoch, epoch);
    t.match(store.gaps(), [{ reason: 'set-aside' }]);
    const told = store.told();
    t.equal(told.length, 2, 'each file once');
    for (const message of told) t.match(message, reason);
    t.ok(told.some((message) => /telemetry\.db.*kept as .*quarantine\/telemetry\.db; a fresh file was begun/.test(message)));
    t.ok(told.some((message) => /state\.db.*kept as .*quarantine\/state\.db; restored from .*state\.db\.bak, 26\.0 h old/.test(message)));
    for (const [i, name] of FILES.entries())
      t.same(readFileSync(join(found, 'quarantine', name)), bytes[i], `${name} is kept as it was found`);
    t.match(store.commit(frame(1)), { ok: true, value: { lastSeq: 1 } });
    t.match(store.save('fact 7', 'new'), { ok: true });
    store.close();
    const again = openStore(t, found);
    t.equal(again.load('fact 7'), 'new');
    t.strictSame(again.told(), [], 'and only once');
  });

  // Nobody asks an open file for its version.
  if (!/future/.test(story))
    t.test(`a file ${story} in the middle of its use heals without a restart`, async (t) => {
      const dir = folder(t);
      const store = openStore(t, dir);
      fill(store);
      store.backup();
      for (const name of FILES) checkpoint(join(dir, name));
      for (const name of FILES) damage(join(dir, name));
      const { files } = store.check();
      t.strictSame(
        files.map(({ ok }) => ok),
        [false, false],
        'the check sees it',
      );
      t.match(store.commit(frame(61)), { ok: true });
      t.match(store.save('later', 1), { ok: true });
      t.equal(store.load('fact 7')?.n, 7);
      t.equal(store.told().length, 2);
      t.match(store.check(), { files: [{ ok: true }, { ok: true }] });
      t.match(store.status(), { gaps: 1, account: { isBalanced: true } });
    });
}

t.test('nothing is wrong with whole files, and the check says so with their sizes', async (t) => {
  const store = openStore(t, folder(t));
  fill(store);
  const { files, account } = store.check();
  t.match(files, [
    { file: 'telemetry.db', ok: true, problems: [] },
    { file: 'state.db', ok: true, problems: [] },
  ]);
  for (const { bytes } of files) t.ok(bytes > 20_000);
  t.match(account, { produced: 7_200, isBalanced: true });
});

t.test('one file that cannot be checked does not keep the other from it', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'telemetry.db'));
  const store = openStore(t, dir);
  store.save('a', 1);
  t.match(store.check(), { files: [{ ok: false, problems: [/found a folder/] }, { ok: true }], account: null });
});

t.test('flipped bytes within a fact or an event count as absent, never as something else', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  store.save('override', { lamp: 'L01', levelPct: 12_345 });
  store.save('other', 'sound');
  store.tell(event(1), { ...event(2), text: 'the text of event 2' }, event(3));
  const outcome = { commandId: 'command 77', target: { kind: 'lamp', id: 'L01' }, state: 'verified', reason: 'the reason of 77' } as const;
  store.record({ outcomes: [{ ...outcome, levelPct: 80, lamps: {}, source: 'platform', atMs: START_MS }] });
  store.close();
  change(join(dir, 'state.db'), (bytes) => {
    for (const text of ['12345', 'text of event 2', 'reason of 77']) bytes[bytes.indexOf(text)] = (bytes[bytes.indexOf(text)] ?? 0) ^ 1;
  });
  const again = openStore(t, dir);
  t.equal(again.load('override'), undefined, 'the level would read 02345');
  t.match(again.told(), [/kv key "override": its bytes were damaged/]);
  t.equal(again.load('other'), 'sound');
  t.strictSame(again.events(), ['event 1', 'event 3']);
  const { files } = again.check();
  t.match(files[1], { file: 'state.db', ok: false, problems: { length: 3 } });
  t.match(files[1]?.problems, [/kv key "override"/, /event id "door-open:K1:\d+"/, /outcome command_id "command 77"/]);
  t.match(again.check(), { files: [{ ok: true }, { ok: true }] }, 'what was damaged is gone');
  t.match(again.save('override', 1), { ok: true });
  t.equal(again.load('override'), 1);
  again.tell({ ...event(3), endMs: START_MS + 99 });
  t.match(must(again.ask('events', { sinceMs: 0, limit: 9 })), [{}, { endMs: START_MS + 99 }], 'an event that ends keeps its checksum');
});

t.test('what a power cut leaves of a journal is always a beginning of whole commits', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  store.commit();
  for (let n = 1; n <= 40; n++) {
    store.commit(frame(2 * n - 1, 30), frame(2 * n, 30));
    store.record({ events: [event(n)], saves: [{ key: 'n', json: String(n) }] });
  }
  const whole = cut(t, dir);
  const reached = { least: 40, most: 0 };
  const damage = fc.record({
    cutAt: fc.nat(1_000),
    flipAt: fc.nat(1_000),
    flip: fc.boolean(),
  });
  fc.assert(
    fc.property(damage, damage, (telemetry, state) => {
      const copy = cut(t, whole);
      for (const [name, { cutAt, flipAt, flip }] of [
        ['telemetry.db-wal', telemetry],
        ['state.db-wal', state],
      ] as const) {
        const bytes = readFileSync(join(copy, name));
        if (flip) bytes[Math.floor((flipAt / 1_001) * bytes.length)] = 0x5a;
        writeFileSync(join(copy, name), bytes.subarray(0, Math.floor((cutAt / 1_000) * bytes.length)));
      }
      const after = openStore(t, copy);
      const seqs = after.seqs();
      const [events, n] = [after.events(), after.load('n') ?? 0];
      after.close();
      const inPairs = seqs.length % 2 === 0 && seqs.every((seq, i) => seq === i + 1);
      if (!inPairs || events.length !== n || after.notices.length > 0)
        throw new Error(JSON.stringify({ seqs, n, events, told: after.notices }));
      reached.least = Math.min(reached.least, n, seqs.length / 2);
      reached.most = Math.max(reached.most, n, seqs.length / 2);
      rmSync(copy, { recursive: true });
    }),
    { numRuns: 60 },
  );
  t.ok(reached.least < 10 && reached.most > 30, `from ${reached.least} to ${reached.most} of 40 commits`);
});

t.test('each night’s copy is verified, and the one before it is kept', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  for (const night of [1, 2, 3]) {
    store.save('night', night);
    store.now.atMs = START_MS + night * 24 * HOUR_MS;
    t.match(store.backup(), { ok: true, value: { bytes: statSync(join(dir, 'state.db.bak')).size, atMs: store.now.atMs } });
  }
  const nights = ['state.db.bak', 'state.db.bak.1'].map((name) =>
    inside(join(dir, name), (db) => [
      db.prepare("SELECT value FROM kv WHERE key = 'night'").pluck().get(),
      db.pragma('application_id', { simple: true }),
      db.pragma('user_version', { simple: true }),
    ]),
  );
  t.strictSame(nights, [
    ['3', STATE.applicationId, STATE.version],
    ['2', STATE.applicationId, STATE.version],
  ]);
  t.strictSame(
    readdirSync(dir).filter((name) => name.includes('.new')),
    [],
  );
});

t.test('a damaged copy is neither restored nor put in the place of a sound one', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  for (const night of [1, 2]) {
    store.save('night', night);
    store.backup();
  }
  const path = join(dir, 'state.db');
  change(`${path}.bak`, (bytes) => bytes.fill(0, 4096));
  store.save('night', 3);
  store.backup();
  t.equal(
    inside(`${path}.bak.1`, (db) => db.prepare('SELECT value FROM kv').pluck().get()),
    '1',
    'the sound one stays',
  );
  store.close();

  const restoredFrom = (spoil: () => void) => {
    truncateSync(path, 0);
    spoil();
    const again = openStore(t, dir);
    const night = again.load('night');
    const told = again.told();
    again.close();
    return { night, told };
  };
  t.match(
    restoredFrom(() => {}),
    { night: 3, told: [/state\.db\.bak, /] },
  );
  writeFileSync(`${path}.bak.new`, readFileSync(`${path}.bak`).subarray(0, 8192));
  t.match(
    restoredFrom(() => truncateSync(`${path}.bak`, 8192)),
    { night: 1, told: [/state\.db\.bak\.1, /] },
    'half a copy is none',
  );
  t.match(
    restoredFrom(() => truncateSync(`${path}.bak.1`, 0)),
    { night: undefined, told: [/a fresh file was begun/] },
  );
  t.match(
    restoredFrom(() => {}),
    { night: undefined, told: [/a fresh file was begun/] },
    'empty copies are none',
  );
});

t.test('a copy is tried in every way before it is trusted', async (t) => {
  const ways: [story: string, damage: (bytes: Buffer) => void][] = [
    ['a fact with flipped bytes', (bytes) => bytes.write('X', bytes.indexOf('newnew'))],
    ['an index that does not fit', (bytes) => bytes.write('X', bytes.lastIndexOf('door-open:K1'))],
    ['an encoding that it cannot have', (bytes) => bytes.writeUInt8(52, 59)],
    ['a schema format that is not known', (bytes) => bytes.writeUInt8(99, 47)],
  ];
  for (const [story, damage] of ways) {
    const dir = folder(t);
    const store = openStore(t, dir);
    store.tell(event(1), event(2), event(3));
    for (const value of ['old', 'new']) {
      for (let n = 0; n < 3; n++) store.save(`fact ${n}`, value.repeat(3));
      store.backup();
    }
    store.close();
    truncateSync(join(dir, 'state.db'), 0);
    change(join(dir, 'state.db.bak'), damage);
    const again = openStore(t, dir);
    t.strictSame(
      [0, 1, 2].map((n) => again.load(`fact ${n}`)),
      ['oldoldold', 'oldoldold', 'oldoldold'],
      story,
    );
    t.match(again.told(), [/restored from .*state\.db\.bak\.1/]);
  }
});

t.test('a copy is not made of what is damaged: that is replaced first', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  for (const key of ['fact a', 'fact b', 'fact c']) store.save(key, 1);
  store.backup();
  store.close();
  change(join(dir, 'state.db'), (bytes) => bytes.write('zact b', bytes.indexOf('fact b')));
  const again = openStore(t, dir);
  t.match(again.backup(), { ok: true });
  t.match(again.told(), [/row not in PRIMARY KEY order for kv.*restored from/]);
  t.equal(again.load('fact b'), 1);
});

t.test(
  'whatever happens to the bytes of state.db or of its copy, it works again by itself and no false fact comes out of it',
  async (t) => {
    const dir = folder(t);
    const store = openStore(t, dir);
    const facts = Array.from({ length: 20 }, (_, i) => `fact ${i}`);
    const values = ['old', 'new', 'now'].map((word) => word.repeat(40));
    for (const value of values) {
      if (value !== values[0]) store.backup();
      store.record({ saves: facts.map((key) => ({ key, json: JSON.stringify(value) })) });
    }
    store.close();
    const size = statSync(join(dir, 'state.db.bak')).size;
    const byte = fc.record({ at: fc.oneof(fc.nat(99), fc.nat(size - 1)), value: fc.nat(255) });
    const damage = fc.record({
      bytes: fc.array(byte, { minLength: 1, maxLength: 3 }),
      length: fc.oneof({ weight: 5, arbitrary: fc.constant(size) }, fc.nat(size)),
    });
    const spoil = (path: string, { bytes, length }: { bytes: { at: number; value: number }[]; length: number }): void => {
      change(path, (content) => {
        for (const { at, value } of bytes) content[at] = value;
      });
      if (length < size) truncateSync(path, length);
    };
    const tally = new Map<string, number>();
    fc.assert(
      fc.property(fc.record({ live: damage, copy: damage }), fc.boolean(), (damages, both) => {
        const copy = cut(t, dir);
        spoil(join(copy, 'state.db'), damages.live);
        if (both) spoil(join(copy, 'state.db.bak'), damages.copy);
        const after = openStore(t, copy);
        for (const key of facts) after.load(key);
        const found = new Set(facts.map(after.load));
        found.delete(undefined);
        const works = [() => after.save('next', 1), after.backup].every((ask) => [1, 2].some(() => ask()?.ok));
        const isWhole = [1, 2, 3].some(() => after.check().files.every(({ ok }) => ok));
        after.close();
        rmSync(copy, { recursive: true });
        const [value] = found;
        if (found.size !== 1 || !values.includes(value) || !works || !isWhole)
          throw new Error(JSON.stringify({ found: [...found], works, isWhole, told: after.notices }));
        tally.set(value, (tally.get(value) ?? 0) + 1);
      }),
      { numRuns: 50 },
    );
    t.equal(tally.size, 3, 'all of it from the file, the copy or the one before it');
  },
);

t.test('damage that SQLite reports as something else is still damage', async (t) => {
  const table: [story: string, at: number, value: number, message: RegExp][] = [
    ['a write format it does not know: a file that may only be read', 18, 3, /found format 3\/2/],
    ['a schema format it does not know: a statement it refuses', 47, 99, /it is not what its version says \(unsupported file format\)/],
    ['a version before the first', 63, 0, /it is not what its version says/],
  ];
  for (const [story, at, value, message] of table) {
    const dir = folder(t);
    const store = openStore(t, dir);
    store.commit(frame(1));
    store.save('a', 1);
    store.backup();
    store.close();
    for (const name of FILES) change(join(dir, name), (bytes) => bytes.writeUInt8(value, at));
    const again = openStore(t, dir);
    t.match(again.commit(frame(1)), { ok: true }, story);
    t.equal(again.load('a'), 1);
    t.match(again.told(), [message, message]);
  }
});

t.test('after a clean end only marks and tables are looked at: a street is not kept waiting for all pages', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  fill(store);
  store.close();
  for (const name of FILES) zeroLeaf(join(dir, name));
  const again = openStore(t, dir);
  t.equal(again.load('fact 7')?.n, 7);
  t.strictSame(again.told(), []);
  t.match(again.check().files, [{ ok: false }, { ok: false }]);
});

t.test('a table that no longer fits its index is damage, not an endless refusal of good rows', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  store.commit(frame(1, 3));
  store.close();
  // The table has the lower page; its index still has the right name and would take no second.
  change(join(dir, 'telemetry.db'), (bytes) => bytes.write('Z', bytes.indexOf('L1.level')));
  const again = openStore(t, dir);
  t.match(again.commit(frame(1, 3)), { ok: false, code: 'corrupt', message: /missing from index/ });
  t.match(again.commit(frame(1, 3)), { ok: true });
  t.match(again.gaps(), [{ readings: 3, reason: 'set-aside' }]);
});

t.test('a missing file comes back from its copy; without one it is a first start', async (t) => {
  const dir = folder(t);
  const store = openStore(t, dir);
  store.save('a', 1);
  store.backup();
  store.close();
  rmSync(join(dir, 'state.db'));
  const again = openStore(t, dir);
  t.equal(again.load('a'), 1);
  t.match(again.told(), [/state\.db: it was missing; restored from/]);
  const fresh = openStore(t, folder(t));
  fresh.commit(frame(1));
  fresh.save('a', 1);
  t.strictSame(fresh.notices, []);
});

t.test('a file that is removed, emptied or replaced in use is seen before anything is said to be stored', async (t) => {
  const ways: ((path: string) => void)[] = [
    (path) => rmSync(path),
    (path) => truncateSync(path, 0),
    (path) => {
      copyFileSync(path, `${path}.other`);
      renameSync(`${path}.other`, path);
    },
  ];
  for (const way of ways) {
    const dir = folder(t);
    const store = openStore(t, dir);
    store.commit(frame(1));
    store.save('a', 1);
    store.backup();
    for (const name of FILES) way(join(dir, name));
    t.match(store.save('b', 1), { ok: false, code: 'foreign', message: /while in use/ });
    t.match(store.commit(frame(2)), { ok: false, code: 'foreign' });
    t.match(store.save('b', 1), { ok: true });
    t.match(store.commit(frame(2)), { ok: true });
    t.equal(store.load('a'), 1, 'from the copy');
    store.close();
    const again = openStore(t, dir);
    t.equal(again.load('b'), 1);
    t.equal(again.seqs().length, 1);
  }
});

t.test('the quarantine keeps one copy of each file, within a bound, and tells what had to go', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'telemetry.db');
  const spoil = (bytes: number) => {
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, 'no database');
    truncateSync(path, bytes);
    const store = openStore(t, dir);
    store.commit();
    store.close();
    return store.told()[0];
  };
  const kept = () => readdirSync(join(dir, 'quarantine')).map((name) => [name, statSync(join(dir, 'quarantine', name)).size]);
  spoil(10_000);
  writeFileSync(join(dir, 'quarantine', 'telemetry.db-wal'), 'the journal of the one before');
  t.match(spoil(20_000), /kept as/);
  t.strictSame(kept(), [['telemetry.db', 20_000]], 'the newest');
  t.match(spoil(64 * MB + 1), /dropped, since its 65 MB are more than the 64 MB that are kept/);
  t.strictSame(kept(), [['telemetry.db', 20_000]], 'what is too large leaves the one before');
  writeFileSync(join(dir, 'quarantine', 'state.db'), '');
  truncateSync(join(dir, 'quarantine', 'state.db'), 10 * MB);
  utimesSync(join(dir, 'quarantine', 'state.db'), 1, 1);
  t.match(spoil(60 * MB), /kept as .*telemetry\.db, for which state\.db had to go/);
  t.strictSame(kept(), [['telemetry.db', 60 * MB]]);
});

t.test('a quarantine that a power cut interrupts is gone on with: its loss is counted, its file kept', async (t) => {
  const dir = folder(t);
  const first = openStore(t, dir);
  first.commit(frame(1, 20));
  first.save('a', 1);
  first.backup();
  const found = cut(t, dir);
  for (const name of FILES) renameSync(join(found, name), join(found, `${name}.aside`));
  const store = openStore(t, found);
  t.match(store.commit(), { ok: true });
  t.match(store.gaps(), [{ reason: 'set-aside', readings: 20 }]);
  t.equal(store.load('a'), 1);
  t.match(store.told(), [/it was being set aside when the agent ended/, /it was being set aside/]);
  t.strictSame(
    readdirSync(join(found, 'quarantine')).filter((name) => name.endsWith('.db')),
    ['state.db', 'telemetry.db'],
  );
  store.close();

  renameSync(join(found, 'quarantine', 'telemetry.db'), join(found, 'telemetry.db.aside'));
  const late = openStore(t, found);
  t.equal(late.gaps().length, 1, 'a fresh file stood already: its loss is in it');
  t.match(late.notices, [{ kind: 'remark', message: /set aside before the agent ended is kept as/ }]);
  t.ok(existsSync(join(found, 'quarantine', 'telemetry.db')));
});

/** Version 1 of a file, as the first program made it. */
function makeFirst(dir: string, schema: Schema, sql: string): string {
  const path = join(dir, schema.fileName);
  inside(path, (db) => {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.exec(`${schema.ddl}${sql}; PRAGMA user_version = 1; PRAGMA application_id = ${schema.applicationId}`);
  });
  return path;
}

t.test('a file of version 1 steps forward at its opening and keeps its rows', async (t) => {
  const dir = folder(t);
  const telemetry = makeFirst(
    dir,
    TELEMETRY,
    `INSERT INTO meta VALUES('epoch', 'e'), ('cursor_seq', 0); INSERT INTO boot(token, at_ms) VALUES('b', 5);
     INSERT INTO gap(first_seq, last_seq, n, reason, at_ms) VALUES(1, 2, 3, 'cap', 4)`,
  );
  const state = makeFirst(
    dir,
    STATE,
    `INSERT INTO kv VALUES('a', '{"n":1}', 5), ('bad', '{"n":', 5);
     INSERT INTO event(id, code, source, severity, text, start_ms) VALUES('i', 'door-open', 's', 'warning', 'old', 1)`,
  );
  const store = openStore(t, dir);
  t.equal(store.status().epoch, 'e');
  t.match(store.gaps(), [{ firstSeq: 1, lastSeq: 2, readings: 3 }]);
  t.strictSame(store.load('a'), { n: 1 });
  t.equal(store.load('bad'), undefined, 'without a checksum, what is no JSON is still seen');
  t.strictSame(store.events(), ['old']);
  store.save('a', 2);
  store.commit(frame(1));
  store.close();
  for (const [path, { version }] of [
    [telemetry, TELEMETRY],
    [state, STATE],
  ] as const)
    t.equal(
      inside(path, (db) => db.pragma('user_version', { simple: true })),
      version,
    );
  t.strictSame(
    inside(telemetry, (db) => db.prepare('SELECT at_ms, true_ms, machine FROM boot ORDER BY id').get()),
    { at_ms: 5, true_ms: null, machine: null },
  );
  const again = openStore(t, dir);
  t.equal(again.load('a'), 2);
  t.strictSame(again.seqs(), [1]);
  t.strictSame([...store.told(), ...again.told()], store.told().slice(0, 1), 'only the fact without sense was told');
});

t.test('a cut in the middle of the steps leaves the old version or the new one, with every row', async (t) => {
  const dir = folder(t);
  const path = makeFirst(dir, STATE, `INSERT INTO kv VALUES('a', '1', 5)`);
  const old = readFileSync(path);
  const keeper = new Database(path);
  t.equal(keeper.prepare('SELECT count(*) FROM kv').pluck().get(), 1, 'keeps the journal from being folded in at the end');
  const stepping = openStore(t, dir);
  stepping.load('a');
  stepping.close();
  const journal = readFileSync(`${path}-wal`);
  keeper.close();
  const versions = new Set<unknown>();
  const quarterFrame = (4096 + 24) / 4;
  for (let length = 0; length <= journal.length + quarterFrame; length += quarterFrame) {
    const at = folder(t);
    const file = join(at, 'state.db');
    writeFileSync(file, old);
    writeFileSync(`${file}-wal`, journal.subarray(0, length));
    const [version, columns] = inside(file, (db) => [
      db.pragma('user_version', { simple: true }),
      db.prepare("SELECT count(*) FROM pragma_table_info('kv') WHERE name = 'crc'").pluck().get(),
    ]);
    versions.add(version);
    if (version !== (columns === 1 ? STATE.version : 1)) t.fail(`version ${version} with ${columns} of its columns after ${length} bytes`);
    const store = openStore(t, at);
    t.equal(store.load('a'), 1);
    store.close();
    t.strictSame(store.told(), []);
  }
  t.strictSame([...versions].toSorted(), [1, STATE.version]);
});

/** The next release’s idea of `state.db`. */
const NEXT: Schema = {
  ...STATE,
  version: STATE.version + 1,
  tables: [...STATE.tables, 'lamp'],
  migrations: [
    ...STATE.migrations,
    { to: STATE.version + 1, ddl: 'CREATE TABLE lamp(id TEXT PRIMARY KEY) STRICT; ALTER TABLE kv ADD COLUMN note TEXT' },
  ],
};

function openNext(dir: string, schema: Schema, notices: Notice[] = []) {
  return createStoreFile({ dir, schema, maxPages: 1_000, begin: () => [], attach: (db) => db, onNotice: (notice) => notices.push(notice) });
}

t.test('one release back still opens the file, writes to it, and leaves the way forward open', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'state.db');
  const version = () => inside(path, (db) => db.pragma('user_version', { simple: true }));
  const before = openStore(t, dir);
  before.save('a', 1);
  before.close();
  const next = openNext(dir, NEXT);
  next.write(START_MS, (db) => db.exec("UPDATE kv SET note = 'from the next'; INSERT INTO lamp VALUES('L01')"));
  next.close();
  t.equal(version(), NEXT.version);

  const back = openStore(t, dir);
  t.equal(back.load('a'), 1);
  t.match(back.save('b', 2), { ok: true });
  back.tell(event(1));
  t.match(back.backup(), { ok: true }, 'a newer file can be copied');
  t.strictSame(back.told(), []);
  back.close();
  t.equal(version(), NEXT.version, 'the version is the newer program’s');

  const notices: Notice[] = [];
  const again = openNext(dir, NEXT, notices);
  t.strictSame(
    again.read(START_MS, (db) => db.prepare('SELECT key, value, note FROM kv ORDER BY key').all()),
    [
      { key: 'a', value: '1', note: 'from the next' },
      { key: 'b', value: '2', note: null },
    ],
  );
  t.equal(
    again.read(START_MS, (db) => db.prepare('SELECT count(*) FROM lamp').pluck().get()),
    1,
  );
  again.close();
  t.strictSame(notices, []);
});

t.test('a file made by the next release is usable too, unless its rows mean something else', async (t) => {
  const usable = folder(t);
  openNext(usable, NEXT).write(START_MS, (db) => db.exec("INSERT INTO kv(key, value, at_ms) VALUES('a', '1', 1)"));
  const store = openStore(t, usable);
  t.equal(store.load('a'), 1);
  t.strictSame(store.told(), []);
  const not = folder(t);
  openNext(not, { ...NEXT, readableSince: NEXT.version }).close();
  openNext(not, { ...NEXT, readableSince: NEXT.version }).write(START_MS, () => null);
  const other = openStore(t, not);
  t.equal(other.load('a'), undefined);
  t.match(other.told(), [/found version 4, usable since 4, this program knows 3; a newer release wrote it/]);
});

t.test('a step that does not fit its file is damage, not an endless trouble', async (t) => {
  const dir = folder(t);
  makeFirst(dir, STATE, 'ALTER TABLE event ADD COLUMN crc INTEGER');
  const store = openStore(t, dir);
  t.match(store.save('a', 1), { ok: true });
  t.match(store.told(), [/it is not what its version says \(duplicate column name: crc\)/]);
  store.close();
  inside(join(dir, 'state.db'), (db) => db.exec('ALTER TABLE kv RENAME COLUMN crc TO other'));
  const again = openStore(t, dir);
  t.match(again.save('a', 1), { ok: false, code: 'corrupt' });
  t.match(again.save('a', 1), { ok: true });
  t.match(again.told(), [/it is not what its version says \(no such column: crc\)/]);
});

/** A partition whose free space is what the test says, and that counts how often it is asked. */
function partition(freeMb: number) {
  const disk = { freeMb: freeMb as number | null, asked: 0 };
  const freeBytes: FreeBytes = () => {
    disk.asked += 1;
    return disk.freeMb === null ? null : disk.freeMb * MB;
  };
  return { disk, freeBytes };
}

t.test('the ballast takes real room where there is some, and none where there is little', async (t) => {
  const dir = folder(t);
  const ballast = join(dir, 'ballast');
  const { disk, freeBytes } = partition(39);
  const store = openStore(t, dir, { freeBytes });
  store.commit();
  t.notOk(existsSync(ballast), 'less than five times its size is free');
  disk.freeMb = 40;
  store.now.atMs += 9_000;
  store.commit();
  t.notOk(existsSync(ballast), 'space is looked at every 10 s');
  store.now.atMs += 1_000;
  store.commit();
  t.equal(statSync(ballast).size, 8 * MB);
  t.ok(statSync(ballast).blocks * 512 >= 8 * MB, 'not sparse');
  t.match(store.notices, [{ kind: 'remark', message: /8\.0 MB are held in reserve/ }]);
  const { ino } = statSync(ballast);
  const asked = disk.asked;
  store.now.atMs -= 7 * 24 * HOUR_MS;
  for (let n = 1; n <= 100; n++) store.commit(frame(n));
  t.ok(disk.asked - asked <= 1, 'a clock that stepped back is one more look');
  const again = openStore(t, dir, { freeBytes });
  again.commit();
  t.equal(statSync(ballast).ino, ino, 'kept from start to start');
  truncateSync(ballast, 0);
  truncateSync(ballast, 8 * MB);
  const third = openStore(t, dir, { freeBytes });
  third.commit();
  t.not(statSync(ballast).ino, ino, 'a sparse one is made anew');
});

t.test('on a full disk the ballast is given up, the commit goes in, and the ballast comes back with the room', async (t) => {
  const dir = folder(t);
  const ballast = join(dir, 'ballast');
  const { disk, freeBytes } = partition(100);
  const store = openStore(t, dir, { freeBytes, setup: { maxPages: 40 } });
  let n = 0;
  while (store.commit(frame(++n, 400))?.ok);
  t.equal(store.notices.length, 1, 'a file at its own limit is no full disk: the ballast was made and left alone');
  disk.freeMb = 1;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: true }, 'with a ballast to fall back on, little room is tried');
  t.match(store.commit(frame(++n, 400)), { ok: false, code: 'full' });
  t.notOk(existsSync(ballast));
  t.match(store.notices.at(-1), { kind: 'remark', message: /the disk is full \(1\.0 MB free\); the reserve was given up/ });
  t.match(store.save('a', 1), { ok: true });

  disk.freeMb = 3.9;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: false, code: 'full', message: /3\.9 MB are free, a commit needs 4\.0 MB; free space on its partition/ });
  t.match(store.save('a', 2), { ok: true }, 'facts go down to the last page');
  t.equal(store.seqs().length, n - 2, 'and reading goes on');
  disk.freeMb = 39;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: true }, 'enough for commits');
  t.notOk(existsSync(ballast), 'not for a ballast');
  disk.freeMb = 40;
  store.now.atMs += 10_000;
  store.commit();
  t.ok(existsSync(ballast));
});

t.test('a disk that does not say how full it is, is tried', async (t) => {
  const dir = folder(t);
  const { disk, freeBytes } = partition(100);
  const store = openStore(t, dir, { freeBytes, setup: { maxPages: 40 } });
  store.commit();
  disk.freeMb = null;
  store.now.atMs += 10_000;
  let n = 0;
  while (store.commit(frame(++n, 400))?.ok);
  t.ok(n > 3);
  t.notOk(existsSync(join(dir, 'ballast')), 'its refusal is all there is to go by');
});

const obstacles: readonly [story: string, put: (dir: string) => void, take: (dir: string) => void, message: RegExp][] = [
  ['a file where the folder should be', (dir) => writeFileSync(dir, ''), (dir) => rmSync(dir), /check store\.dir/],
  ['a link to a folder that is not mounted', (dir) => symlinkSync('/nowhere/luciole', dir), (dir) => rmSync(dir), /check store\.dir/],
  [
    'a folder where each file should be',
    (dir) => {
      for (const name of FILES) mkdirSync(join(dir, name), { recursive: true });
    },
    (dir) => rmSync(dir, { recursive: true }),
    /found a folder, expected a file; take it away/,
  ],
  [
    'a link where each file should be',
    (dir) => {
      mkdirSync(dir);
      for (const name of FILES) symlinkSync(`/nowhere/${name}`, join(dir, name));
    },
    (dir) => rmSync(dir, { recursive: true }),
    /found a link, expected a file/,
  ],
  [
    'a folder where each journal should be',
    (dir) => {
      for (const name of FILES) {
        mkdirSync(join(dir, `${name}-wal`), { recursive: true });
      }
    },
    (dir) => rmSync(dir, { recursive: true }),
    /./,
  ],
];

/** Every question there is. */
function askAll(store: OpenStore): { ok: boolean; code?: string; message?: string }[] {
  const { check, ...answers } = {
    commit: store.commit(frame(1)),
    save: store.save('a', 1),
    readAfter: store.ask('readAfter', { seq: 0, maxFrames: 1 }),
    gapsAfter: store.ask('gapsAfter', { id: 0 }),
    events: store.ask('events', { sinceMs: 0, limit: 1 }),
    load: store.ask('load', { key: 'a' }),
    status: store.ask('status', { atMono: 0, provenSeq: 0 }),
    history: store.ask('history', { pointId: 'L0.level', fromMs: 0, toMs: START_MS, resolution: 'raw', limit: 9 }),
    exportPage: store.ask('exportPage', { fromMs: 0, toMs: START_MS, afterSeq: 0, maxFrames: 9 }),
    compact: store.ask('compact', { atMono: 0 }),
    retain: store.ask('retain', { provenSeq: 0 }),
    backup: store.backup(),
    check: store.check(),
  };
  const checked = check.files.map(({ ok, problems }) => ({ ok, message: problems.join() }));
  return [...Object.values(answers).map((answer) => answer ?? { ok: false }), ...checked];
}

for (const [story, put, take, message] of obstacles) {
  t.test(`${story} is an answer to every question, and no trouble once it is gone`, async (t) => {
    const dir = join(folder(t), 'store');
    put(dir);
    const store = openStore(t, dir);
    for (const answer of askAll(store)) t.match(answer, { ok: false, message });
    take(dir);
    for (const answer of askAll(store)) t.match(answer, { ok: true });
    t.strictSame(store.seqs(), [1]);
  });
}

t.test('a folder that may not be written to is an answer to every question, and no trouble once it may', async (t) => {
  const base = folder(t);
  const dir = join(base, 'store');
  const made = openStore(t, dir);
  made.commit(frame(1));
  made.save('a', 1);
  made.close();
  const others = process.getuid?.() === 0 ? 65_534 : null;
  chmodSync(base, 0o755);
  for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o444);
  chmodSync(dir, 0o555);
  const store = openStore(t, dir);
  try {
    if (others !== null) process.seteuid?.(others);
    t.match(store.commit(frame(2)), { ok: false });
    t.match(store.save('b', 1), { ok: false });
    for (const answer of askAll(store)) t.type(answer.ok, 'boolean');
  } finally {
    if (others !== null) process.seteuid?.(0);
    chmodSync(dir, 0o755);
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644);
  }
  t.match(store.commit(frame(2)), { ok: true });
  t.match(store.save('b', 1), { ok: true });
  t.strictSame(store.told(), [], 'what cannot be written is not damaged');
  t.equal(store.load('a'), 1);
});
