import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { type Message, msg } from '../../../../agent/core/message.ts';
import type { FreeBytes } from '../../../../agent/store/files/reserve-file.ts';
import { texts } from '../../../support/texts.ts';
import { frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';
import { FILES, MB, type OpenStore, openStore } from './open-store.ts';

/** A partition whose free space is set by the test, and that counts its requests. */
function partition(freeMb: number) {
  const disk = { freeMb: freeMb as number | null, asked: 0 };
  const freeBytes: FreeBytes = () => {
    disk.asked += 1;
    return disk.freeMb === null ? null : disk.freeMb * MB;
  };
  return { disk, freeBytes };
}

t.test('the reserve file takes real space where there is some, and none where there is little', async (t) => {
  const dir = testFolder(t);
  const reserveFile = join(dir, 'ballast');
  const { disk, freeBytes } = partition(39);
  const store = openStore(t, dir, { freeBytes });
  store.commit();
  t.notOk(existsSync(reserveFile), 'less than five times its size is free');
  disk.freeMb = 40;
  store.now.atMs += 9_000;
  store.commit();
  t.notOk(existsSync(reserveFile), 'space is looked at every 10 s');
  store.now.atMs += 1_000;
  store.commit();
  t.equal(statSync(reserveFile).size, 8 * MB);
  t.ok(statSync(reserveFile).blocks * 512 >= 8 * MB, 'not sparse');
  t.match(store.notices, [{ kind: 'remark', message: /8\.0 MB are held in reserve/ }]);
  const { ino } = statSync(reserveFile);
  const asked = disk.asked;
  store.now.atMs -= 7 * 24 * HOUR_MS;
  for (let n = 1; n <= 100; n++) store.commit(frame(n));
  t.ok(disk.asked - asked <= 1, 'a clock that stepped back is one more look');
  const again = openStore(t, dir, { freeBytes });
  again.commit();
  t.equal(statSync(reserveFile).ino, ino, 'kept from start to start');
  truncateSync(reserveFile, 0);
  truncateSync(reserveFile, 8 * MB);
  const third = openStore(t, dir, { freeBytes });
  third.commit();
  t.not(statSync(reserveFile).ino, ino, 'a sparse file is replaced');
});

t.test('on a full disk the reserve file is released, the commit succeeds, and the reserve returns with the space', async (t) => {
  const dir = testFolder(t);
  const reserveFile = join(dir, 'ballast');
  const { disk, freeBytes } = partition(100);
  const store = openStore(t, dir, { freeBytes, setup: { maxPages: 40 } });
  let n = 0;
  while (store.commit(frame(++n, 400))?.ok);
  t.equal(store.notices.length, 1, 'a file at its own limit is no full disk: the ballast was made and left alone');
  disk.freeMb = 1;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: true }, 'with a ballast to fall back on, little room is tried');
  t.match(store.commit(frame(++n, 400)), { ok: false, code: 'full' });
  t.notOk(existsSync(reserveFile));
  t.match(texts(store.notices.at(-1)), { kind: 'remark', message: /the disk is full \(1\.0 MB free\), so the agent released its reserve/ });
  t.match(store.save('a', 1), { ok: true });

  disk.freeMb = 3.9;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: false, code: 'full', message: /3\.9 MB are free, a commit needs 4\.0 MB; free space on its partition/ });
  t.match(store.save('a', 2), { ok: true }, 'facts go down to the last page');
  t.equal(store.seqs().length, n - 2, 'and reading goes on');
  disk.freeMb = 39;
  store.now.atMs += 10_000;
  t.match(store.commit(), { ok: true }, 'enough for commits');
  t.notOk(existsSync(reserveFile), 'not for a ballast');
  disk.freeMb = 40;
  store.now.atMs += 10_000;
  store.commit();
  t.ok(existsSync(reserveFile));
});

t.test('a disk that does not report its free space is tried', async (t) => {
  const dir = testFolder(t);
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
    /found a folder, expected a file; remove it/,
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

for (const [kind, put] of [
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link', (path: string) => symlinkSync('/nowhere', path)],
] as const)
  t.test(`${kind} in place of the journal of a file is named, and no failure remains once it is removed`, async (t) => {
    const dir = testFolder(t);
    const made = openStore(t, dir);
    made.commit(frame(1));
    made.save('a', 1);
    made.close();
    for (const name of FILES) {
      rmSync(join(dir, `${name}-wal`), { force: true });
      put(join(dir, `${name}-wal`));
    }
    const store = openStore(t, dir);
    t.match(texts(store.save('b', 1)), { ok: false, message: `state.db-wal: found ${kind}, expected a file; remove it` });
    t.match(texts(store.commit(frame(2))), { ok: false, message: `telemetry.db-wal: found ${kind}, expected a file; remove it` });
    for (const name of FILES) rmSync(join(dir, `${name}-wal`), { recursive: true });
    t.match(store.save('b', 1), { ok: true });
    t.match(store.commit(frame(2)), { ok: true });
    t.strictSame(store.seqs(), [1, 2]);
  });

t.test('a pipe in place of a file of the store is named as a pipe', async (t) => {
  const dir = testFolder(t);
  for (const name of FILES) execFileSync('mkfifo', [join(dir, name)]);
  t.match(texts(openStore(t, dir).commit(frame(1))), { ok: false, message: /found a pipe, expected a file; remove it/ });
});

t.test('a folder in the place of the reserve file is named once, and nothing is written for it', async (t) => {
  const dir = testFolder(t);
  mkdirSync(join(dir, 'ballast'));
  const store = openStore(t, dir, { freeBytes: partition(100).freeBytes });
  for (let n = 1; n <= 3; n++) t.match(store.commit(frame(n)), { ok: true });
  t.match(texts(store.notices), [{ kind: 'remark', message: /ballast: found a folder, expected a file; remove it/ }]);
  t.equal(store.notices.length, 1);
  rmSync(join(dir, 'ballast'), { recursive: true });
  store.now.atMs += 10_000;
  store.commit(frame(4));
  t.equal(statSync(join(dir, 'ballast')).size, 8 * MB);
});

/** Every question there is. */
function askAll(store: OpenStore): { ok: boolean; code?: string; message?: Message }[] {
  const { check, ...answers } = {
    commit: store.commit(frame(1)),
    save: store.save('a', 1),
    readAfter: store.ask('readAfter', { seq: 0, maxFrames: 1 }),
    gapsAfter: store.ask('gapsAfter', { id: 0 }),
    events: store.ask('events', { sinceMs: 0, limit: 1 }),
    load: store.ask('load', { key: 'a' }),
    status: store.ask('status', { atMono: 0, provenSeq: 0 }),
    history: store.ask('history', { pointId: 'L0.level', fromMs: 0, toMs: STORE_START_MS, resolution: 'raw', limit: 9, beforeSeq: null }),
    exportPage: store.ask('exportPage', { fromMs: 0, toMs: STORE_START_MS, afterSeq: 0, maxFrames: 9 }),
    compact: store.ask('compact', { atMono: 0 }),
    retain: store.ask('retain', { provenSeq: 0, livedMs: 0, isSynced: true }),
    backup: store.backup(),
    check: store.check(),
  };
  const checked = check.files.map(({ ok, problems }) => ({ ok, message: msg`${problems}` }));
  return [...Object.values(answers).map((answer) => answer ?? { ok: false }), ...checked];
}

for (const [story, put, take, message] of obstacles) {
  t.test(`${story} is an answer to every question, and no trouble once it is gone`, async (t) => {
    const dir = join(testFolder(t), 'store');
    put(dir);
    const store = openStore(t, dir);
    for (const answer of askAll(store)) t.match(texts(answer), { ok: false, message });
    take(dir);
    for (const answer of askAll(store)) t.match(answer, { ok: true });
    t.strictSame(store.seqs(), [1]);
  });
}

t.test('a folder that may not be written to is an answer to every question, and no trouble once it may', async (t) => {
  const base = testFolder(t);
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
  t.strictSame(store.reports(), [], 'what cannot be written is not damaged');
  t.equal(store.load('a'), 1);
});

t.test('a check of a folder that may not be searched is an answer too', async (t) => {
  const base = testFolder(t);
  const dir = join(base, 'store');
  const store = openStore(t, dir);
  store.commit(frame(1));
  store.save('a', 1);
  const others = process.getuid?.() === 0 ? 65_534 : null;
  chmodSync(base, 0o755);
  chmodSync(dir, 0o000);
  try {
    if (others !== null) process.seteuid?.(others);
    t.match(store.ask('check', {}), { ok: false, code: 'read-only' });
  } finally {
    if (others !== null) process.seteuid?.(0);
    chmodSync(dir, 0o755);
  }
  t.match(store.check(), { files: [{ ok: true }, { ok: true }] });
});
