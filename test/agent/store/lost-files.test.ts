/** Files of the store that disappear or become unreadable: what was in them is never reported as nothing. */
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { msg } from '../../../agent/core/message.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import { proveStateCopy } from '../../../agent/store/copy-tools.ts';
import { changeFile, must, openStore } from './files/open-store.ts';
import { createStoreRig, frame, STORE_START_MS, testFolder } from './fixtures/kit.ts';

const removed = (dir: string, name: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, name + suffix), { force: true });
};
/** Not even the header is left. */
const scribbled = (dir: string, name: string): void => {
  for (const suffix of ['-wal', '-shm']) rmSync(join(dir, name + suffix), { force: true });
  changeFile(join(dir, name), (bytes) => bytes.fill(0x5a));
};

/** A cabinet that has run, with this many frames of 10 readings, `delivered` of them proven. */
async function lived(dir: string, frames: number, delivered = 0): Promise<void> {
  const { store, clock } = createStoreRig({ dir });
  await store.start();
  for (let ticket = 1; ticket <= frames; ticket++) store.append(frame(ticket, 10));
  await clock.advance(10_000);
  store.moveCursor(delivered);
  await store.stop();
}

t.test('readings whose file is removed in use are counted through the open connection', async (t) => {
  for (const [frames, delivered] of [
    [1, 0],
    [1_200, 12],
    [12, 12],
  ] as const) {
    const dir = testFolder(t);
    const { clock, store, events } = createStoreRig({ dir });
    await store.start();
    for (let ticket = 1; ticket <= frames; ticket++) store.append(frame(ticket, 10));
    await clock.advance(10_000);
    store.moveCursor(delivered);
    store.append(frame(frames + 1));
    await clock.advance(60_000);
    const lost = (frames - delivered) * 10 + 1;
    removed(dir, 'telemetry.db');
    store.append(frame(frames + 2, 7));
    await clock.advance(40_000);
    t.match(await store.gapsAfter(0), [{ id: 1, readings: lost, reason: 'set-aside', firstSeq: null }]);
    t.notOk((await store.gapsAfter(0))[0]?.isEstimate, 'a number that was counted');
    t.match(await store.status(), {
      readingsLost: lost,
      lossesEstimated: 0,
      account: { produced: lost + 7, delivered: 0, backlog: 7, gaps: lost, estimates: 0, isBalanced: true },
    });
    t.ok(events.some(({ code, text }) => code === 'readings-lost' && String(text).startsWith(`${lost} readings lost (set-aside)`)));
    await store.stop();
  }
});

t.test('readings in a file that was emptied in use are counted as at the last commit', async (t) => {
  const dir = testFolder(t);
  const { clock, store, events } = createStoreRig({ dir });
  await store.start();
  for (let ticket = 1; ticket <= 30; ticket++) store.append(frame(ticket, 10));
  await clock.advance(10_000);
  truncateSync(join(dir, 'telemetry.db'), 0);
  store.append(frame(31));
  await clock.advance(40_000);
  t.match(await store.gapsAfter(0), [{ readings: 300, isEstimate: true, reason: 'set-aside' }]);
  t.match(await store.status(), { readingsLost: 300, lossesEstimated: 1, account: { gaps: 300, estimates: 1, isBalanced: true } });
  t.ok(events.some(({ text }) => String(text).startsWith('about 300 readings lost (set-aside)')));
  await store.stop();
});

const BEFORE_A_START: [story: string, damage: (dir: string, name: string) => void][] = [
  ['is removed', removed],
  ['is no database any more', scribbled],
];
for (const [story, damage] of BEFORE_A_START) {
  t.test(`readings whose file ${story} before a start are counted as in state.db, once`, async (t) => {
    for (const [frames, delivered] of [
      [3, 0],
      [36, 1],
      [360, 359],
    ] as const) {
      const dir = testFolder(t);
      await lived(dir, frames, delivered);
      damage(dir, 'telemetry.db');
      const { store, events, clock } = createStoreRig({ dir });
      await store.start();
      const readings = (frames - delivered) * 10;
      t.match(await store.gapsAfter(0), [{ readings, isEstimate: true, reason: 'set-aside' }]);
      t.match(await store.status(), { readingsLost: readings, lossesEstimated: 1, gaps: 1, account: { estimates: 1, isBalanced: true } });
      t.match(events.map(({ code }) => code).sort(), ['readings-lost', 'store-trouble']);
      store.append(frame(1));
      await clock.advance(10_000);
      await store.stop();
      const next = createStoreRig({ dir });
      await next.store.start();
      t.strictSame(next.events, [], 'once');
      t.match(await next.store.status(), { gaps: 1, lossesEstimated: 0, account: { estimates: 1 } });
      await next.store.stop();
    }
  });
}

t.test('the counts of readings in state.db are at most ten minutes old, also after a power cut', (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  for (let n = 1; n <= 120; n++) {
    store.now.atMs = STORE_START_MS + n * 10_000;
    store.commit(frame(n, 10));
  }
  const db = new Database(join(dir, 'state.db'), { readonly: true });
  const { readings } = JSON.parse(String(db.prepare("SELECT value FROM kv WHERE key = 'store.undelivered'").pluck().get()));
  db.close();
  t.ok(readings >= 600 && readings <= 1_200, `${readings} of 1200`);
  t.end();
});

t.test('a file lost together with its count is an unknown number, never zero', async (t) => {
  for (const isRemoved of [true, false]) {
    const dir = testFolder(t);
    await lived(dir, 3);
    removed(dir, 'state.db');
    if (isRemoved) removed(dir, 'telemetry.db');
    else scribbled(dir, 'telemetry.db');
    const notices = openStore(t, dir, { setup: { traces: ['starts.json (1)'] } });
    must(notices.commit() ?? { ok: false, message: msg`no answer` });
    t.match(notices.gaps(), [{ readings: 0, isEstimate: true, reason: 'set-aside' }]);
    t.match(
      notices.notices.filter(({ kind }) => kind === 'lost'),
      [{ readings: 0, isEstimate: true }],
    );
    t.match(notices.status().account, { gaps: 0, estimates: 1, isBalanced: true });
  }
});

t.test('an event reports that the number is unknown', async (t) => {
  const dir = testFolder(t);
  await lived(dir, 3);
  removed(dir, 'state.db');
  scribbled(dir, 'telemetry.db');
  const { store, events } = createStoreRig({ dir, openLink: openInProcessLink });
  await store.start();
  t.ok(
    events.some(({ code, text }) => code === 'readings-lost' && String(text).startsWith('an unknown number of readings lost (set-aside)')),
  );
  t.match(await store.status(), { readingsLost: 0, lossesEstimated: 1 });
  await store.stop();
});

t.test('a first start has lost nothing, and neither has a gateway restored from a backup', (t) => {
  const first = openStore(t, testFolder(t));
  must(first.commit() ?? { ok: false, message: msg`no answer` });
  t.strictSame(first.gaps(), []);
  t.strictSame(first.notices, []);

  const dir = testFolder(t);
  const former = openStore(t, dir);
  former.commit(frame(1, 10));
  former.save('a', 1);
  must(former.backup());
  former.close();
  const other = testFolder(t);
  writeFileSync(join(other, 'state.db'), readFileSync(join(dir, 'state.db.bak')));
  proveStateCopy(other, 'root', STORE_START_MS);
  const restored = openStore(t, other, { setup: { traces: ['starts.json (3)'], copyRules: [] } });
  restored.record({});
  must(restored.commit() ?? { ok: false, message: msg`no answer` });
  t.strictSame(restored.gaps(), [], 'its readings were left behind on purpose');
  restored.commit(frame(1, 10));
  restored.close();
  removed(other, 'telemetry.db');
  const later = openStore(t, other, { setup: { traces: ['starts.json (4)'], copyRules: [] } });
  must(later.commit() ?? { ok: false, message: msg`no answer` });
  t.match(later.gaps(), [{ readings: 10, isEstimate: true }], 'and what it reads itself is missed again');
  t.end();
});

t.test('a copy without state.db is refused, and none is created', (t) => {
  const dir = testFolder(t);
  t.throws(() => proveStateCopy(dir, 'root', STORE_START_MS), { code: 'io', message: /state\.db is missing/ });
  t.strictSame(readdirSync(dir), []);
  t.end();
});

const verify = (store: ReturnType<typeof openStore>) =>
  must(store.ask('audit', { sinceMs: 0, limit: 9, isVerified: true, knownHead: null }));
const NOTE = { user: 'ada', role: 'admin', door: 'login', action: 'user role', detail: '', result: 'ok' } as const;
const noted = (n: number) => ({ ...NOTE, detail: `entry ${n}`, atMs: STORE_START_MS + n });

t.test('an audit log that is removed in use begins again with an entry about that, and does not verify as complete', (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.record({ audits: [noted(1), noted(2)] });
  removed(dir, 'state.db');
  t.match(store.record({ audits: [noted(3)] }), { ok: false, code: 'foreign' });
  t.match(store.record({ audits: [noted(3)] }), { ok: true });
  const { entries, verdict } = verify(store);
  t.match(entries, [
    { n: 1, door: 'self', action: 'audit log lost', detail: /state\.db: it was removed while in use/, result: 'problem' },
    { n: 2, detail: 'entry 3' },
  ]);
  t.match(verdict?.problems, [/^entry 1 says that the log before it is lost: .*removed while in use/]);
  store.close();
  const again = openStore(t, dir);
  for (let n = 0; n < 10_200; n += 300)
    again.record({ audits: Array.from({ length: 300 }, (_, i) => ({ ...noted(4 + n + i), role: 'viewer' })) });
  t.match(verify(again).verdict, { firstN: 501, problems: [/log before it is lost/] }, 'it cannot be pushed out');
  t.end();
});

const TRACES: [story: string, leave: (dir: string) => void, traces: readonly string[], trace: RegExp][] = [
  ['the run ledger', () => {}, ['starts.json (12)'], /starts\.json \(12\)/],
  [
    'a user who has logged in',
    (dir) => writeFileSync(join(dir, 'users.json'), '{"version": 1, "users": [{"name":"ada",\n "oneTime": null}]}'),
    [],
    /users\.json/,
  ],
  ['readings', (dir) => void openedOnce(dir), [], /telemetry\.db/],
  ['a copy that cannot be used', (dir) => writeFileSync(join(dir, 'state.db.bak'), 'no database'), [], /state\.db\.bak/],
];
function openedOnce(dir: string): void {
  const store = openStore({ teardown: () => {} }, dir);
  store.commit(frame(1));
  store.close();
  removed(dir, 'state.db');
}
for (const [story, leave, traces, trace] of TRACES) {
  t.test(`an audit log that is removed before a start is missed by ${story}`, (t) => {
    const dir = testFolder(t);
    leave(dir);
    const store = openStore(t, dir, { setup: { traces } });
    store.record({ audits: [noted(1)] });
    const { entries, verdict } = verify(store);
    t.match(entries[0], { n: 1, door: 'self', action: 'audit log lost', detail: trace });
    t.match(verdict?.problems, [/^entry 1 says that the log before it is lost/]);
    t.match(
      store.notices.filter((notice) => notice.kind === 'set-aside' && notice.file === 'state.db'),
      [{ message: /state\.db was missing at a start, but there are traces of earlier runs/ }],
    );
    t.equal(store.reports().length, 1);
    t.end();
  });
}

t.test('the log of a first start is whole, also where `luciole setup` has invited a user', (t) => {
  const dir = testFolder(t);
  mkdirSync(join(dir, 'config'));
  writeFileSync(join(dir, 'users.json'), '{"version": 1, "users": [{"name":"ada","oneTime": {"madeMs": 1, "untilMs": 2}}]}');
  const store = openStore(t, dir);
  store.record({ audits: [noted(1)] });
  store.commit(frame(1));
  t.match(verify(store), { entries: [{ n: 1, detail: 'entry 1' }], verdict: { problems: [], remarks: [] } });
  t.strictSame(store.notices, []);
  t.end();
});

t.test('a log restored from a copy reports that entries may be missing', (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir, { setup: { copyRules: [] } });
  store.record({ audits: [noted(1)] });
  must(store.backup());
  store.record({ audits: [noted(2)] });
  unlinkSync(join(dir, 'state.db'));
  store.record({ audits: [noted(3)] });
  store.record({ audits: [noted(3)] });
  const { entries, verdict } = verify(store);
  t.match(
    entries.map(({ action, detail }) => `${action} ${detail}`),
    ['user role entry 1', /^state is a copy/, 'user role entry 3'],
  );
  t.match(verdict, { problems: [], remarks: [/^entry 2 says that a copy of state\.db was taken into use/] });
  t.end();
});
