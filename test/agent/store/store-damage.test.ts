import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { StoreDatabase } from '../../../agent/store/database.ts';
import type { Setup, TelemetryWork } from '../../../agent/store/messages.ts';
import { texts } from '../../support/texts.ts';
import { createStoreRig, frame, STORE_START_MS, testFolder } from './fixtures/kit.ts';

type Damage = (path: string) => void;

const damages: [story: string, damage: Damage, message: RegExp, undelivered: number][] = [
  ['emptied', (path) => truncateSync(path, 0), /found 0 bytes/, 0],
  ['overwritten with text', (path) => writeFileSync(path, 'hello, I am not a database\n'.repeat(400)), /SQLITE_NOTADB/, 0],
  ['truncated', (path) => truncateSync(path, 8_192), /SQLITE_CORRUPT|malformed|tables/, 0],
  ['another program’s', (path) => inside(path, 'PRAGMA application_id = 7'), /application id 7/, 20],
  [
    'from a newer release',
    (path) => inside(path, "PRAGMA user_version = 99; UPDATE meta SET value = 98 WHERE key = 'readable_since'"),
    /version 99/,
    20,
  ],
  [
    'without one of its tables',
    (path) => inside(path, path.endsWith('state.db') ? 'DROP TABLE kv' : 'DROP TABLE gap'),
    /tables (gap|kv) are missing/,
    20,
  ],
];

function inside(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

for (const [story, damage, message, undelivered] of damages) {
  t.test(`a file that is ${story} is set aside complete, reported, and a new one is created`, async (t) => {
    const dir = testFolder(t);
    const first = createStoreRig({ dir });
    await first.store.start();
    first.store.append(frame(1, 20));
    await first.store.save('a', 1);
    await first.store.stop();
    for (const name of ['telemetry.db', 'state.db']) damage(join(dir, name));
    const bytes = readFileSync(join(dir, 'telemetry.db'));

    const { store, events, committed, clock } = createStoreRig({ dir });
    await store.start();
    t.match(
      events
        .filter(({ code }) => code === 'store-trouble')
        .map(({ source }) => source)
        .sort(),
      ['state.db', 'telemetry.db'],
    );
    for (const { text, code } of events) if (code === 'store-trouble') t.match(text, message);
    t.same(readFileSync(join(dir, 'quarantine', 'telemetry.db')), bytes, 'kept as it was found');
    t.match(await store.status(), { state: 'ok', frames: 0, lastSeq: 0, cursorSeq: 0, gaps: 1 });
    t.match(await store.gapsAfter(0), [{ reason: 'set-aside', readings: undelivered }]);
    t.equal(await store.load('a'), undefined);
    store.append(frame(1));
    await clock.advance(10_000);
    t.match(committed, [{ ticket: 1, seq: 1 }]);
    t.equal((await store.status()).epoch.length, 32);
    await store.stop();
    const next = createStoreRig({ dir });
    await next.store.start();
    t.strictSame(next.events, [], 'once');
    t.match(await next.store.status(), { frames: 1 });
    await next.store.stop();
  });
}

t.test('a file that is damaged while in use is replaced without a restart, and its numbers continue', async (t) => {
  const dir = testFolder(t);
  const { clock, store, events, committed } = createStoreRig({ dir });
  await store.start();
  const before = await store.status();
  for (let ticket = 1; ticket <= 400; ticket++) store.append(frame(ticket, 20));
  await clock.advance(10_000);
  const path = join(dir, 'telemetry.db');
  const checkpoint = new Database(path);
  checkpoint.pragma('wal_checkpoint(TRUNCATE)');
  checkpoint.close();
  const bytes = readFileSync(path);
  bytes.fill(0, 4096, bytes.length);
  writeFileSync(path, bytes);
  store.append(frame(401));
  await clock.advance(40_000);
  const after = await store.status();
  t.match(
    texts(after),
    { state: 'ok', reason: '', frames: 1, lastSeq: 401, cursorSeq: 400, backlogFrames: 1 },
    'a late word on an old frame cannot mean a new one',
  );
  t.not(after.epoch, before.epoch);
  t.equal(committed.at(-1)?.ticket, 401);
  t.match(
    events
      .filter(({ endMs }) => endMs !== null)
      .map(({ code, source }) => [code, source])
      .slice(0, 2),
    [
      ['readings-lost', 'set-aside'],
      ['store-trouble', 'telemetry.db'],
    ],
  );
  t.match(await store.gapsAfter(0), [{ readings: 8_000, isEstimate: true, reason: 'set-aside' }], 'as many as the last commit had');
  t.ok(existsSync(join(dir, 'quarantine', 'telemetry.db')));
  await store.stop();
});

t.test('an interrupted quarantine leaves no journal that could enter the new file', async (t) => {
  const dir = testFolder(t);
  const first = createStoreRig({ dir });
  await first.store.start();
  first.store.append(frame(1, 20));
  await first.clock.advance(10_000);
  copyFileSync(join(dir, 'telemetry.db-wal'), join(dir, 'kept'));
  await first.store.stop();
  rmSync(join(dir, 'telemetry.db'));
  copyFileSync(join(dir, 'kept'), join(dir, 'telemetry.db-wal'));
  const { store, events } = createStoreRig({ dir });
  await store.start();
  t.match(await store.status(), { state: 'ok', frames: 0, lastSeq: 0 });
  t.match(
    events.map(({ code }) => code),
    ['store-trouble', 'readings-lost'],
  );
  t.match(await store.gapsAfter(0), [{ readings: 20, reason: 'set-aside' }], 'what was in the file is lost, and nothing else');
  await store.stop();
});

t.test('if the folder cannot be created, the agent starts anyway and recovers once it can', async (t) => {
  const dir = join(testFolder(t), 'store');
  writeFileSync(dir, 'a file where the folder should be');
  const { clock, store, events, committed } = createStoreRig({ dir });
  await store.start();
  t.match(await store.status(), { state: 'trouble', reason: /check store\.dir/, epoch: '' });
  t.equal(events.length, 2);
  t.equal(await store.save('a', 1), false);
  t.equal(await store.load('a'), undefined);
  t.strictSame(await store.readAfter(0, 10), []);
  store.append(frame(1));
  await clock.advance(20_000);
  rmSync(dir);
  await clock.advance(40_000);
  t.match(await store.status(), { state: 'ok', frames: 1 });
  t.match(committed, [{ ticket: 1, seq: 1 }]);
  t.equal(await store.save('a', 1), true);
  await store.stop();
});

const setupOf = (dir: string): Setup => ({
  dir,
  boot: 'boot',
  maxBytes: 64 * 2 ** 20,
  maxDays: 400,
  machine: null,
  counters: new Set<string>(),
  decimals: new Map(),
  floorSeq: 0,
  maxPages: 40,
});
const commit = (db: StoreDatabase, frames: TelemetryWork['frames'], cursorSeq: number | null = null) =>
  db.handle<'commit'>({
    kind: 'commit',
    atMs: STORE_START_MS,
    state: null,
    telemetry: { frames, gaps: [], deliveredUnstored: null, cursorSeq, probe: false, nextTicket: 1 },
  }).answer.telemetry;
const read = (db: StoreDatabase, seq: number) =>
  db.handle<'readAfter'>({ kind: 'readAfter', atMs: STORE_START_MS, seq, maxFrames: 500 }).answer;

/** Values without a pattern, which no packing makes small. */
function createRoughFrames(): (n: number) => ReturnType<typeof frame> {
  let seed = 1;
  return (n) => ({
    ...frame(n),
    readings: frame(n, 500).readings.map((r) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return { ...r, value: seed };
    }),
  });
}

t.test('at the limit of SQLite itself commits are refused completely, reading continues, and space lets them in', async (t) => {
  const setup = setupOf(testFolder(t));
  const rough = createRoughFrames();
  const small = new StoreDatabase(setup);
  t.match(
    commit(small, [{ ...frame(1), readings: [...frame(1, 2).readings.toReversed(), ...frame(1, 6_000).readings] }]),
    { ok: false, code: 'full', message: /free space/ },
    'six thousand new points do not fit',
  );
  t.match(
    commit(small, [frame(2, 2)], 99),
    { ok: true, value: { tickets: [{ ticket: 2, seq: 1 }], cursorSeq: 0 } },
    'two do; no cursor beyond the end',
  );
  t.match(read(small, 0), {
    ok: true,
    value: [
      {
        readings: [
          { pointId: 'L0.level', value: 2 },
          { pointId: 'L1.level', value: 1 },
        ],
      },
    ],
  });
  let ticket = 3;
  while (commit(small, [rough(ticket)])?.ok) ticket += 1;
  t.ok(ticket > 5 && ticket < 100, `full before frame ${ticket}`);
  const stored = read(small, 0);
  t.equal(stored.ok && stored.value.length, ticket - 2);
  small.handle<'close'>({ kind: 'close', isAllCommitted: true, atMs: STORE_START_MS });
  const large = new StoreDatabase({ ...setup, maxPages: 400 });
  t.match(commit(large, [frame(ticket, 500)]), { ok: true, value: { tickets: [{ ticket, seq: ticket - 1, readings: 500 }] } });
  const again = read(large, 0);
  t.match(
    again.ok && again.value[0]?.readings,
    [
      { pointId: 'L0.level', value: 2 },
      { pointId: 'L1.level', value: 1 },
    ],
    'points named in a refused commit are not half known',
  );
  large.handle<'close'>({ kind: 'close', isAllCommitted: true, atMs: STORE_START_MS });
});

t.test('a quarantine that cannot be finished keeps the files it has set aside, and is finished later', async (t) => {
  const dir = testFolder(t);
  writeFileSync(join(dir, 'telemetry.db'), 'the only copy of something'.repeat(100));
  mkdirSync(join(dir, 'telemetry.db.new'));
  const { clock, store, events } = createStoreRig({ dir });
  await store.start();
  await clock.advance(20_000);
  t.match(await store.status(), { state: 'trouble' });
  rmdirSync(join(dir, 'telemetry.db.new'));
  await clock.advance(31_000);
  t.match(await store.status(), { state: 'ok', frames: 0, gaps: 1 });
  t.match(readFileSync(join(dir, 'quarantine', 'telemetry.db'), 'utf8'), /the only copy/);
  t.equal(events.filter(({ id }) => id.endsWith('set-aside')).length, 1, 'reported once');
  await store.stop();
});
