import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import type { Outcome } from '../../../agent/core/words.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import { createDatabase } from '../../../agent/store/database.ts';
import type { Setup, TelemetryWork } from '../../../agent/store/messages.ts';
import { type Fault, faultyLink, folder, frame, rig, START_MS } from './fixtures/kit.ts';

const outcome: Outcome = {
  commandId: 'c1',
  target: { kind: 'lamp', id: 'L01' },
  levelPct: 80,
  state: 'verified',
  reason: '',
  lamps: {},
  source: 'platform',
  atMs: START_MS,
};

t.test('frames wait for the commit period and come back as they were, in order', async (t) => {
  const dir = folder(t);
  const { clock, store, committed } = rig({ dir });
  await store.start();
  await store.start();
  store.append(frame(1, 3));
  store.append({
    ...frame(2),
    clockQuality: 'none',
    readings: [{ pointId: 'M1.power', value: null, quality: 'missing', atMono: 1, atMs: START_MS + 7 }],
  });
  await clock.advance(9_000);
  t.strictSame(committed, [], 'not yet');
  t.match(await store.status(), { readingsWaiting: 4, readingsStored: 0, frames: 0 });
  await clock.advance(1_000);
  t.strictSame(committed, [
    { ticket: 1, seq: 1, readings: 3 },
    { ticket: 2, seq: 2, readings: 1 },
  ]);
  t.strictSame(await store.readAfter(0, 10), [
    {
      seq: 1,
      atMs: START_MS + 1_000,
      clockQuality: 'synced',
      isCorrected: false,
      readings: frame(1, 3).readings.map(({ pointId, value, quality, atMs }) => ({ pointId, value, quality, atMs })),
    },
    {
      seq: 2,
      atMs: START_MS + 2_000,
      clockQuality: 'none',
      isCorrected: false,
      readings: [{ pointId: 'M1.power', value: null, quality: 'missing', atMs: START_MS + 7 }],
    },
  ]);
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

  const again = rig({ dir });
  await again.store.start();
  t.match(await again.store.status(), {
    state: 'ok',
    frames: 3,
    readings: 6,
    lastSeq: 3,
    cursorSeq: 1,
    backlogFrames: 2,
    oldestMs: START_MS + 1_000,
    gaps: 0,
  });
  again.store.append(frame(1));
  again.store.moveCursor(99);
  await again.store.stop();
  t.strictSame(again.committed, [{ ticket: 1, seq: 4, readings: 1 }], 'stopping commits, and a new run continues the numbers');
  const third = rig({ dir });
  await third.store.start();
  t.match(await third.store.status(), { lastSeq: 4, cursorSeq: 3, backlogFrames: 1 }, 'a cursor is never ahead of what is stored');
  await third.store.stop();
});

t.test('events, outcomes and facts are on disk at once', async (t) => {
  const dir = folder(t);
  const { clock, store } = rig({ dir });
  await store.start();
  const door = {
    id: 'door-open:K1:5',
    code: 'door-open',
    source: 'K1',
    severity: 'warning',
    text: 'open',
    startMs: START_MS + 5,
    endMs: null,
  } as const;
  store.appendEvent({ ...door, id: 'door-open:K1:1', startMs: START_MS - 500, endMs: START_MS - 400 });
  store.appendEvent(door);
  store.appendOutcome(outcome);
  t.equal(await store.save('uplink.bdSeq', { bdSeq: 7 }), true);
  const other = new Database(join(dir, 'state.db'), { readonly: true });
  t.match(other.prepare('SELECT command_id, state FROM outcome').all(), [{ command_id: 'c1', state: 'verified' }]);
  t.equal(other.prepare('SELECT value FROM kv').pluck().get(), '{"bdSeq":7}');
  other.close();
  store.appendEvent({ ...door, endMs: START_MS + 9 });
  t.strictSame(
    await store.events({ sinceMs: START_MS, limit: 10 }),
    [{ ...door, endMs: START_MS + 9 }],
    'the end joins its start; what is older is left out',
  );
  store.appendOutcome({ ...outcome, atMs: Number.NaN });
  store.appendEvent(door);
  t.match(await store.events({ sinceMs: START_MS, limit: 10 }), [{ endMs: START_MS + 9 }], 'a start told twice does not undo the end');
  t.equal((await store.events({ sinceMs: 0, limit: 10 })).length, 2);
  t.equal((await store.events({ sinceMs: 0, limit: 1 }))[0]?.id, door.id, 'the newest');
  await clock.advance(0);
  await store.stop();
});

t.test('facts are kept, replaced, removed, and never poison a prototype', async (t) => {
  const dir = folder(t);
  const { store } = rig({ dir });
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
  const dir = folder(t);
  const { store } = rig({ dir });
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

t.test('a disk that refuses is a state and one event; nothing is lost and the end is told', async (t) => {
  const dir = folder(t);
  const fault: { now: Fault } = { now: 'none' };
  const { clock, store, events, committed } = rig({ dir, openLink: faultyLink(fault) });
  await store.start();
  fault.now = 'refused';
  t.equal(await store.save('a', 1), false, 'the caller hears that it is not on disk');
  for (let ticket = 1; ticket <= 30; ticket++) {
    store.append(frame(ticket));
    await clock.advance(1_000);
  }
  t.match(await store.status(), { state: 'trouble', reason: /the disk is full/, readingsWaiting: 30, readingsStored: 0 });
  t.match(
    events.map(({ code, source, endMs }) => ({ code, source, endMs })),
    [
      { code: 'store-trouble', source: 'state.db', endMs: null },
      { code: 'store-trouble', source: 'telemetry.db', endMs: null },
    ],
  );
  fault.now = 'none';
  await clock.advance(31_000);
  t.strictSame(
    committed.map(({ ticket, seq }) => [ticket, seq]),
    Array.from({ length: 30 }, (_, i) => [i + 1, i + 1]),
  );
  t.match(await store.status(), { state: 'ok', reason: '', readingsWaiting: 0, readingsStored: 30, readingsLost: 0 });
  t.equal(events.filter(({ endMs }) => endMs !== null).length, 2, 'both ended');
  t.equal(new Set(events.map(({ id }) => id)).size, 2, 'an end carries the id of its start');
  t.equal((await store.events({ sinceMs: 0, limit: 9 })).length, 2, 'and they are in the book');
  t.equal(await store.load('a'), undefined, 'what was refused does not turn up later');
  for (const name of ['telemetry.db', 'state.db']) {
    const db = new Database(join(dir, name), { readonly: true });
    t.ok(
      db.prepare("SELECT value FROM meta WHERE key = 'probed_ms'").pluck().get(),
      `${name}: the end was told after a write, not after a look`,
    );
    db.close();
  }
  await store.stop();
});

t.test('when the memory is full the oldest go, as one gap that is written when the disk is back', async (t) => {
  const dir = folder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const { clock, store, events, committed } = rig({ dir, openLink: faultyLink(fault) });
  await store.start();
  for (let ticket = 1; ticket <= 30; ticket++) store.append(frame(ticket, 1_000));
  t.match(await store.status(), { readingsWaiting: 20_000, readingsLost: 10_000 });
  fault.now = 'none';
  await clock.advance(31_000);
  t.equal(committed.length, 20);
  t.strictSame(
    committed.map(({ ticket }) => ticket),
    Array.from({ length: 20 }, (_, i) => i + 11),
  );
  t.match(await store.gapsAfter(0), [{ firstSeq: null, lastSeq: null, readings: 10_000, reason: 'memory-full', atMs: START_MS }]);
  t.match(await store.status(), { readingsWaiting: 0, readingsStored: 20_000, readingsLost: 10_000, gaps: 1 });
  const lost = events.filter(({ code }) => code === 'readings-lost');
  t.strictSame(
    lost.map(({ endMs }) => endMs === null),
    [true, false],
    'one event with start and end',
  );
  store.append({ ...frame(31), atMs: Number.NaN });
  store.append(frame(5));
  await clock.advance(10_000);
  t.match(await store.gapsAfter(1), [{ readings: 2, reason: 'malformed' }], 'frames without sense are counted, not stored');
  await store.stop();
});

t.test('what a run without a store has lost is one gap, however often it is told, and over a disk that refuses', async (t) => {
  const dir = folder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const loss = { run: 'boot@4010', readings: 1_234, sinceMs: START_MS - 900_000 };
  const { clock, store, events } = rig({ dir, openLink: faultyLink(fault) });
  await store.start();
  let isOnDisk = false;
  const told = store.recordLoss(loss).then(() => {
    isOnDisk = true;
  });
  await clock.advance(5_000);
  t.notOk(isOnDisk);
  fault.now = 'none';
  await clock.advance(31_000);
  await told;
  const gap = { firstSeq: null, lastSeq: null, readings: 1_234, reason: 'no-store', atMs: START_MS - 900_000 };
  t.match(await store.gapsAfter(0), [gap]);
  t.match(await store.status(), { gaps: 1, readingsLost: 0, account: { produced: 1_234, gaps: 1_234, isBalanced: true } });
  t.match(
    events.filter(({ code }) => code === 'readings-lost'),
    [{ text: /safe mode ran without a store: 1234 readings lost/, startMs: START_MS - 900_000, endMs: START_MS }],
  );
  store.append(frame(1));
  await store.stop();
  const again = rig({ dir });
  await again.store.start();
  await again.store.recordLoss(loss);
  t.equal((await again.store.gapsAfter(0)).length, 1);
  again.store.append(frame(2));
  await again.store.stop();
});

t.test('each reading is stored once or counted as lost, whatever fails when', async (t) => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), readings: fc.integer({ min: 0, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15_000 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        fault: fc.constantFrom<Fault>('none', 'refused', 'dies-before', 'dies-after', 'hangs-before', 'hangs-after'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cursor' as const), seq: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('huge' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const dir = folder(t);
      const fault: { now: Fault } = { now: 'none' };
      let { clock, store, committed } = rig({ dir, openLink: faultyLink(fault) });
      let [ticket, produced, stored, lost] = [0, 0, 0, 0];
      const seqs: number[] = [];
      await store.start();
      const restart = async (): Promise<void> => {
        fault.now = 'none';
        await clock.advance(91_000);
        const status = await store.status();
        lost += status.readingsLost;
        stored += status.readingsStored;
        if (status.readingsWaiting !== 0 || status.state !== 'ok') throw new Error(`still waiting: ${JSON.stringify(status)}`);
        seqs.push(...committed.map(({ seq }) => seq));
        await store.stop();
        ({ clock, store, committed } = rig({ dir, openLink: faultyLink(fault) }));
        ticket = 0;
        await store.start();
      };
      for (const s of steps) {
        if (s.kind === 'append' || s.kind === 'huge') {
          const readings = s.kind === 'huge' ? 8_000 : s.readings;
          produced += readings;
          store.append(frame(++ticket, readings));
        } else if (s.kind === 'wait') await clock.advance(s.ms);
        else if (s.kind === 'fault') fault.now = s.fault;
        else if (s.kind === 'cursor') store.moveCursor(s.seq);
        else await restart();
      }
      await restart();
      const frames = await store.readAfter(0, 1_000);
      const gaps = (await store.gapsAfter(0)).reduce((sum, gap) => sum + gap.readings, 0);
      const kept = frames.reduce((sum, { readings }) => sum + readings.length, 0);
      const { readings, gaps: gapRows } = await store.status();
      await store.stop();
      const found = { produced, stored, lost, gaps, kept, readings, gapRows, seqs };
      const inOrder = JSON.stringify(frames.map(({ seq }) => seq)) === JSON.stringify(seqs);
      if (produced !== stored + lost || lost !== gaps || stored !== kept || kept !== readings || !inOrder)
        throw new Error(JSON.stringify(found));
    }),
    { numRuns: 25 },
  );
  t.pass('produced = stored + lost, gaps say the same, seqs as reported');
});

t.test('a row with flipped bytes becomes a gap, the others still come', async (t) => {
  const dir = folder(t);
  const { clock, store, events } = rig({ dir });
  await store.start();
  for (let ticket = 1; ticket <= 6; ticket++) {
    store.append(frame(ticket, 10));
    if (ticket % 2 === 0) await clock.advance(10_000);
  }
  const vandal = new Database(join(dir, 'telemetry.db'));
  for (const seq of [2, 4]) {
    const p = vandal.prepare('SELECT p FROM frame WHERE seq = ?').pluck().get(seq) as Buffer;
    p[5] = (p[5] ?? 0) ^ 16;
    vandal.prepare('UPDATE frame SET p = ? WHERE seq = ?').run(p, seq);
  }
  vandal.close();
  store.moveCursor(2);
  await clock.advance(10_000);
  for (let round = 0; round < 2; round++) {
    t.strictSame(
      (await store.readAfter(0, 4)).map(({ seq }) => seq),
      [5, 6],
      'a full answer in spite of it',
    );
    t.match(await store.gapsAfter(0), [{ firstSeq: 3, lastSeq: 4, readings: 20, reason: 'corrupt' }], 'what was delivered is not lost');
  }
  t.match(await store.status(), {
    frames: 2,
    readings: 20,
    readingsLost: 20,
    cursorSeq: 2,
    backlogFrames: 2,
    gaps: 1,
    account: { produced: 60, delivered: 20, backlog: 20, gaps: 20, isBalanced: true },
  });
  t.match(events, [{ code: 'readings-lost', source: 'corrupt' }]);
  await store.stop();
});

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
  t.test(`a file that is ${story} is set aside whole, told, and a fresh one begun`, async (t) => {
    const dir = folder(t);
    const first = rig({ dir });
    await first.store.start();
    first.store.append(frame(1, 20));
    await first.store.save('a', 1);
    await first.store.stop();
    for (const name of ['telemetry.db', 'state.db']) damage(join(dir, name));
    const bytes = readFileSync(join(dir, 'telemetry.db'));

    const { store, events, committed, clock } = rig({ dir });
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
    const next = rig({ dir });
    await next.store.start();
    t.strictSame(next.events, [], 'once');
    t.match(await next.store.status(), { frames: 1 });
    await next.store.stop();
  });
}

t.test('a file that breaks while in use is replaced without a restart, and its numbers go on', async (t) => {
  const dir = folder(t);
  const { clock, store, events, committed } = rig({ dir });
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
    after,
    { state: 'ok', reason: '', frames: 1, lastSeq: 401, cursorSeq: 400, backlogFrames: 1 },
    'a late word on an old frame cannot mean a new one',
  );
  t.not(after.epoch, before.epoch);
  t.equal(committed.at(-1)?.ticket, 401);
  t.match(
    events
      .filter(({ endMs }) => endMs !== null)
      .map(({ code, source }) => [code, source])
      .slice(0, 1),
    [['store-trouble', 'telemetry.db']],
  );
  t.ok(existsSync(join(dir, 'quarantine', 'telemetry.db')));
  await store.stop();
});

t.test('an interrupted quarantine leaves no journal that could enter the fresh file', async (t) => {
  const dir = folder(t);
  const first = rig({ dir });
  await first.store.start();
  first.store.append(frame(1, 20));
  await first.clock.advance(10_000);
  copyFileSync(join(dir, 'telemetry.db-wal'), join(dir, 'kept'));
  await first.store.stop();
  rmSync(join(dir, 'telemetry.db'));
  copyFileSync(join(dir, 'kept'), join(dir, 'telemetry.db-wal'));
  const { store, events } = rig({ dir });
  await store.start();
  t.match(await store.status(), { state: 'ok', frames: 0, lastSeq: 0 });
  t.strictSame(events, []);
  await store.stop();
});

t.test('where no folder can be, the agent starts all the same and recovers once there can', async (t) => {
  const dir = join(folder(t), 'store');
  writeFileSync(dir, 'a file where the folder should be');
  const { clock, store, events, committed } = rig({ dir });
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

t.test('at SQLite’s own limit commits are refused whole, reading goes on, and room lets them in', async (t) => {
  const dir = folder(t);
  const setup: Setup = {
    dir,
    boot: 'boot',
    maxBytes: 64 * 2 ** 20,
    maxDays: 400,
    machine: null,
    counters: new Set<string>(),
    decimals: new Map(),
    floorSeq: 0,
    maxPages: 40,
  };
  const commit = (db: ReturnType<typeof createDatabase>, frames: TelemetryWork['frames'], cursorSeq: number | null = null) =>
    db.handle<'commit'>({
      kind: 'commit',
      atMs: START_MS,
      state: null,
      telemetry: { frames, gaps: [], deliveredUnstored: null, cursorSeq, probe: false, nextTicket: 1 },
    }).answer.telemetry;
  const read = (db: ReturnType<typeof createDatabase>, seq: number) =>
    db.handle<'readAfter'>({ kind: 'readAfter', atMs: START_MS, seq, maxFrames: 500 }).answer;
  const small = createDatabase(setup);
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
  // Values without a pattern, which no packing makes small.
  let seed = 1;
  const rough = (n: number): ReturnType<typeof frame> => ({
    ...frame(n),
    readings: frame(n, 500).readings.map((r) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return { ...r, value: seed };
    }),
  });
  let ticket = 3;
  while (commit(small, [rough(ticket)])?.ok) ticket += 1;
  t.ok(ticket > 5 && ticket < 100, `full before frame ${ticket}`);
  const stored = read(small, 0);
  t.equal(stored.ok && stored.value.length, ticket - 2);
  small.handle<'close'>({ kind: 'close', isAllCommitted: true, atMs: START_MS });
  const large = createDatabase({ ...setup, maxPages: 400 });
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
  large.handle<'close'>({ kind: 'close', isAllCommitted: true, atMs: START_MS });
});

t.test('a quarantine that cannot be finished keeps what it has set aside, and ends when it can', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'telemetry.db'), 'the only copy of something'.repeat(100));
  mkdirSync(join(dir, 'telemetry.db.new'));
  const { clock, store, events } = rig({ dir });
  await store.start();
  await clock.advance(20_000);
  t.match(await store.status(), { state: 'trouble' });
  rmdirSync(join(dir, 'telemetry.db.new'));
  await clock.advance(31_000);
  t.match(await store.status(), { state: 'ok', frames: 0, gaps: 1 });
  t.match(readFileSync(join(dir, 'quarantine', 'telemetry.db'), 'utf8'), /the only copy/);
  t.equal(events.filter(({ id }) => id.endsWith('set-aside')).length, 1, 'told once');
  await store.stop();
});

t.test('stopping tries once more, whatever the back-off says', async (t) => {
  const dir = folder(t);
  const fault: { now: Fault } = { now: 'none' };
  const { clock, store, committed } = rig({ dir, openLink: faultyLink(fault) });
  await store.start();
  fault.now = 'refused';
  store.append(frame(1));
  await clock.advance(10_000);
  fault.now = 'none';
  await store.stop();
  t.match(committed, [{ ticket: 1, seq: 1 }]);
});

t.test('a loss in memory is written once, though the answer to its commit was lost', async (t) => {
  const dir = folder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const { clock, store } = rig({ dir, openLink: faultyLink(fault) });
  await store.start();
  for (let ticket = 1; ticket <= 25; ticket++) store.append(frame(ticket, 1_000));
  fault.now = 'dies-after';
  await clock.advance(20_000);
  fault.now = 'none';
  await clock.advance(31_000);
  t.match(await store.gapsAfter(0), [{ readings: 5_000, reason: 'memory-full' }]);
  t.equal((await store.gapsAfter(0)).length, 1);
  t.match(await store.status(), { frames: 20, readingsStored: 20_000, readingsLost: 5_000 });
  await store.stop();
});

t.test('each opening asks for full synchronisation, and the file is as the schema says', async (t) => {
  const dir = folder(t);
  const { store, clock } = rig({ dir });
  await store.start();
  store.append(frame(1));
  await clock.advance(10_000);
  const db = new Database(join(dir, 'telemetry.db'), { readonly: true });
  t.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  t.equal(db.pragma('page_size', { simple: true }), 2048);
  t.equal(db.pragma('auto_vacuum', { simple: true }), 2);
  t.equal(db.pragma('user_version', { simple: true }), 3);
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

t.test('a point whose decimals change begins a new series; what was stored keeps its value', async (t) => {
  const dir = folder(t);
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
      atMs: START_MS,
      state: null,
      telemetry: { frames: [one], gaps: [], deliveredUnstored: null, cursorSeq: null, probe: false, nextTicket: 1 },
    });
    await link.ask<'close'>({ kind: 'close', isAllCommitted: true, atMs: START_MS });
    await link.close();
  }
  const link = open(0);
  const { answer } = await link.ask<'readAfter'>({ kind: 'readAfter', atMs: START_MS, seq: 0, maxFrames: 9 });
  t.strictSame(answer.ok && answer.value.map(({ readings }) => readings[0]?.value), [21.5, 21.457]);
  await link.ask<'close'>({ kind: 'close', isAllCommitted: true, atMs: START_MS });
});
