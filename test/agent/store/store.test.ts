import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { msg } from '../../../agent/core/message.ts';
import type { Outcome } from '../../../agent/core/words.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import { createStoreRig, frame, STORE_START_MS, testFolder } from './fixtures/kit.ts';

const outcome: Outcome = {
  commandId: 'c1',
  target: { kind: 'lamp', id: 'L01' },
  levelPct: 80,
  state: 'verified',
  reason: msg``,
  lamps: {},
  source: 'platform',
  atMs: STORE_START_MS,
};

const FIRST_ROWS = [
  {
    seq: 1,
    atMs: STORE_START_MS + 1_000,
    clockQuality: 'synced',
    isCorrected: false,
    readings: frame(1, 3).readings.map(({ pointId, value, quality, atMs }) => ({ pointId, value, quality, atMs })),
  },
  {
    seq: 2,
    atMs: STORE_START_MS + 2_000,
    clockQuality: 'none',
    isCorrected: false,
    readings: [{ pointId: 'M1.power', value: null, quality: 'missing', atMs: STORE_START_MS + 7 }],
  },
];

t.test('frames wait for the commit period and are returned unchanged, in order', async (t) => {
  const dir = testFolder(t);
  const { clock, store, committed } = createStoreRig({ dir });
  await store.start();
  await store.start();
  store.append(frame(1, 3));
  store.append({
    ...frame(2),
    clockQuality: 'none',
    readings: [{ pointId: 'M1.power', value: null, quality: 'missing', atMono: 1, atMs: STORE_START_MS + 7 }],
  });
  await clock.advance(9_000);
  t.strictSame(committed, [], 'not yet');
  t.match(await store.status(), { readingsWaiting: 4, readingsStored: 0, frames: 0 });
  await clock.advance(1_000);
  t.strictSame(committed, [
    { ticket: 1, seq: 1, readings: 3 },
    { ticket: 2, seq: 2, readings: 1 },
  ]);
  t.strictSame(await store.readAfter(0, 10), FIRST_ROWS);
  t.strictSame(
    (await store.readAfter(1, 10)).map(({ seq }) => seq),
    [2],
  );
  t.strictSame(
    (await store.readAfter(0, 1)).map(({ seq }) => seq),
    [1],
  );
  store.moveCursor(1);
  store.append(frame(3, 2));
  await store.stop();
  await store.stop();

  const again = createStoreRig({ dir });
  await again.store.start();
  t.match(await again.store.status(), {
    state: 'ok',
    frames: 3,
    readings: 6,
    lastSeq: 3,
    cursorSeq: 1,
    backlogFrames: 2,
    oldestMs: STORE_START_MS + 1_000,
    gaps: 0,
  });
  again.store.append(frame(1));
  again.store.moveCursor(99);
  await again.store.stop();
  t.strictSame(again.committed, [{ ticket: 1, seq: 4, readings: 1 }], 'stopping commits, and a new run continues the numbers');
  const third = createStoreRig({ dir });
  await third.store.start();
  t.match(await third.store.status(), { lastSeq: 4, cursorSeq: 3, backlogFrames: 1 }, 'a cursor is never ahead of what is stored');
  await third.store.stop();
});

t.test('events, outcomes and facts are on disk at once', async (t) => {
  const dir = testFolder(t);
  const { clock, store } = createStoreRig({ dir });
  await store.start();
  const door = {
    id: 'door-open:K1:5',
    code: 'door-open',
    source: 'K1',
    severity: 'warning',
    text: msg`open`,
    startMs: STORE_START_MS + 5,
    endMs: null,
  } as const;
  store.appendEvent({ ...door, id: 'door-open:K1:1', startMs: STORE_START_MS - 500, endMs: STORE_START_MS - 400 });
  store.appendEvent(door);
  store.appendOutcome(outcome);
  t.equal(await store.save('uplink.bdSeq', { bdSeq: 7 }), true);
  const other = new Database(join(dir, 'state.db'), { readonly: true });
  t.match(other.prepare('SELECT command_id, state FROM outcome').all(), [{ command_id: 'c1', state: 'verified' }]);
  t.equal(other.prepare("SELECT value FROM kv WHERE key = 'uplink.bdSeq'").pluck().get(), '{"bdSeq":7}');
  other.close();
  store.appendEvent({ ...door, endMs: STORE_START_MS + 9 });
  t.strictSame(
    await store.events({ sinceMs: STORE_START_MS, limit: 10 }),
    [{ ...door, endMs: STORE_START_MS + 9 }],
    'the end joins its start; what is older is left out',
  );
  store.appendOutcome({ ...outcome, atMs: Number.NaN });
  store.appendEvent(door);
  t.match(
    await store.events({ sinceMs: STORE_START_MS, limit: 10 }),
    [{ endMs: STORE_START_MS + 9 }],
    'a repeated start does not undo the end',
  );
  t.equal((await store.events({ sinceMs: 0, limit: 10 })).length, 2);
  t.equal((await store.events({ sinceMs: 0, limit: 1 }))[0]?.id, door.id, 'the newest');
  t.equal((await store.events({ sinceMs: 0, limit: 9, skip: 1 }))[0]?.id, 'door-open:K1:1', 'a further page');
  await clock.advance(0);
  await store.stop();
});

t.test('facts are kept, replaced, removed, and never poison a prototype', async (t) => {
  const dir = testFolder(t);
  const { store } = createStoreRig({ dir });
  const early = store.save('a', 1);
  t.equal(await store.load('a'), 1, 'what is about to be saved can be read');
  await store.start();
  t.equal(await early, true);
  t.equal(await store.save('a', [1, { b: null }]), true);
  t.strictSame(await store.load('a'), [1, { b: null }]);
  const removed = store.save('a', undefined);
  t.equal(await store.load('a'), undefined);
  await removed;
  t.equal(await store.load('a'), undefined);
  t.equal(await store.load('never'), undefined);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  t.equal(await store.save('c', circular), false);
  t.equal(await store.save('__proto__', JSON.parse('{"__proto__":{"dark":true},"x":{"__proto__":1}}')), true);
  const loaded = (await store.load('__proto__')) as object;
  t.strictSame(Object.keys(loaded), ['x']);
  t.equal(Object.assign({}, loaded) instanceof Object && 'dark' in Object.assign({}, loaded), false);
  await store.stop();
});

t.test('facts whose keys begin alike are read together, in the order of their keys, and no others', async (t) => {
  const dir = testFolder(t);
  const { store } = createStoreRig({ dir });
  t.equal(await store.loadAll('c:'), undefined, 'the disk is not there yet');
  await store.start();
  t.strictSame(await store.loadAll('c:'), []);
  await Promise.all(['c:z', 'c:', 'c:é🎆', 'c', 'd:', 'c:a', 'C:a'].map((key) => store.save(key, { key })));
  await store.save('c:a', undefined);
  t.strictSame(
    await store.loadAll('c:'),
    ['c:', 'c:z', 'c:é🎆'].map((key) => ({ key, value: { key } })),
  );
  await store.stop();
});

t.test('each opening requests full synchronisation, and the file matches the schema', async (t) => {
  const dir = testFolder(t);
  const { store, clock } = createStoreRig({ dir });
  await store.start();
  store.append(frame(1));
  await clock.advance(10_000);
  const db = new Database(join(dir, 'telemetry.db'), { readonly: true });
  t.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  t.equal(db.pragma('page_size', { simple: true }), 2048);
  t.equal(db.pragma('auto_vacuum', { simple: true }), 2);
  t.equal(db.pragma('user_version', { simple: true }), 6);
  t.strictSame(
    db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%' AND name NOT LIKE 'sqlite_%'").all(),
    [],
  );
  db.close();
  await store.stop();
  const { applySettings, openSqlite } = await import('../../../agent/store/sqlite.ts');
  const own = openSqlite(join(dir, 'telemetry.db'));
  applySettings(own, 100);
  own.exec('UPDATE meta SET value = value');
  t.equal(own.pragma('synchronous', { simple: true }), 2);
  t.equal(own.pragma('max_page_count', { simple: true }), 100);
  own.close();
});

t.test('a point whose decimals change starts a new series; stored readings keep their values', async (t) => {
  const dir = testFolder(t);
  const open = (decimals: number) => {
    const link = openInProcessLink(
      {
        dir,
        boot: `b${decimals}`,
        maxBytes: 2 ** 26,
        maxDays: 400,
        machine: null,
        counters: new Set<string>(),
        decimals: new Map([['L0.level', decimals]]),
        floorSeq: 0,
      },
      () => {},
    );
    return link;
  };
  for (const decimals of [1, 3]) {
    const link = open(decimals);
    const one = { ...frame(1), readings: [{ ...frame(1).readings[0], value: 21.4567 }] } as ReturnType<typeof frame>;
    await link.ask<'commit'>({
      kind: 'commit',
      atMs: STORE_START_MS,
      state: null,
      telemetry: { frames: [one], gaps: [], deliveredUnstored: null, cursorSeq: null, probe: false, nextTicket: 1 },
    });
    await link.ask<'close'>({ kind: 'close', isAllCommitted: true, atMs: STORE_START_MS });
    await link.close();
  }
  const link = open(0);
  const { answer } = await link.ask<'readAfter'>({ kind: 'readAfter', atMs: STORE_START_MS, seq: 0, maxFrames: 9 });
  t.strictSame(answer.ok && answer.value.map(({ readings }) => readings[0]?.value), [21.5, 21.457]);
  await link.ask<'close'>({ kind: 'close', isAllCommitted: true, atMs: STORE_START_MS });
});
