import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { sleep } from '../../../agent/core/clock.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { type DataUser, LOCK_FILES, lockData } from '../../../agent/store/data-lock.ts';
import { createStore } from '../../../agent/store/store.ts';
import { texts } from '../../support/texts.ts';
import { frame, SILENT, testFolder } from './fixtures/kit.ts';

const clock = createSystemClock({ quality: () => 'synced' });
const [DATA_LOCK_FILE = ''] = LOCK_FILES;
const HOLDER = fileURLToPath(new URL('./fixtures/lock-holder.ts', import.meta.url));

/** Another process that has the lock of this folder. */
async function holderOf(t: Test, dir: string, user: DataUser = 'agent') {
  const child = spawn(process.execPath, [HOLDER, dir, user], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}

function open(t: Test, dir: string) {
  const store = createStore({ dir, clock, log: SILENT, commitSeconds: 0.05, maxMegabytes: 64, maxDays: 400, decimals: new Map() });
  t.teardown(() => store.stop());
  return store;
}

t.test('a folder is locked for one process, and free again at its kill -9', async (t) => {
  const dir = join(testFolder(t), 'data');
  const kill = await holderOf(t, dir);
  t.throws(() => lockData(dir, 'agent'), {
    name: 'StoreError',
    code: 'in-use',
    message: /another process uses this data; stop the other agent/,
  });
  t.throws(() => lockData(`${dir}/../data`, 'agent'), { code: 'in-use' }, 'however its path is written');
  await kill();
  const lock = lockData(dir, 'agent');
  t.throws(() => lockData(dir, 'agent'), { code: 'in-use' });
  lock.release();
  lockData(dir, 'agent').release();
  t.same(readdirSync(dir), LOCK_FILES, 'no journal beside them');
  for (const name of LOCK_FILES) t.match(statSync(join(dir, name)), { size: 0, mode: 0o100600 });
});

for (const [holder, refusal, reason] of [
  ['agent', 'in-use', /another process uses this data/],
  ['command', 'held', /an erase, restore or backup runs; the store opens once that has ended/],
] as const)
  t.test(`a store does not touch data that another process has (${refusal}), and begins once that process has ended`, async (t) => {
    const dir = testFolder(t);
    const kill = await holderOf(t, dir, holder);
    const store = open(t, dir);
    await store.start();
    store.append(frame(1, 5));
    t.equal(store.pulse().refusal, refusal);
    t.match(texts(await store.status()), { state: 'trouble', reason });
    t.same(readdirSync(dir), LOCK_FILES, 'no file of the store was made');
    const committed = new Promise((resolve) => {
      store.onCommitted = resolve;
    });
    await kill();
    t.match(await committed, { tickets: [{ ticket: 1, readings: 5 }] }, 'nothing is lost meanwhile');
    t.equal(store.pulse().refusal, null);
  });

t.test('a running store has its data locked, and frees it at its end', async (t) => {
  const dir = testFolder(t);
  const store = open(t, dir);
  await store.start();
  t.throws(() => lockData(dir, 'agent'), { code: 'in-use' });
  await store.stop();
  lockData(dir, 'agent').release();
});

t.test('an empty folder, a pipe and a link in place of the lock are removed, and the target of the link stays', async (t) => {
  const dir = testFolder(t);
  const [path, target] = [join(dir, DATA_LOCK_FILE), join(testFolder(t), 'target')];
  writeFileSync(target, 'of somebody else');
  const inItsPlace: readonly [what: string, put: () => void][] = [
    ['an empty folder', () => void mkdirSync(path)],
    ['a pipe', () => void execFileSync('mkfifo', [path])],
    ['a link', () => symlinkSync(target, path)],
    ['a link in a circle', () => symlinkSync(DATA_LOCK_FILE, path)],
  ];
  for (const [what, put] of inItsPlace) {
    rmSync(path, { force: true });
    put();
    const lock = lockData(dir, 'agent');
    t.throws(() => lockData(dir, 'agent'), { code: 'in-use' }, what);
    lock.release();
  }
  t.equal(readFileSync(target, 'utf8'), 'of somebody else');
});

for (const text of ['4711\n', 'x'.repeat(100_000), 'SQLite format 3\0'])
  t.test(`a text of ${text.length} characters in the lock files is removed, and releases the lock of no other process`, async (t) => {
    const dir = testFolder(t);
    for (const name of LOCK_FILES) writeFileSync(join(dir, name), text);
    lockData(dir, 'agent').release();
    for (const name of LOCK_FILES) t.match(statSync(join(dir, name)), { size: 0 });
    for (const [user, seen] of [
      ['agent', 'in-use'],
      ['command', 'held'],
    ] as const) {
      const kill = await holderOf(t, dir, user);
      for (const name of LOCK_FILES) writeFileSync(join(dir, name), text);
      t.throws(() => lockData(dir, 'agent'), { code: seen });
      t.throws(() => lockData(dir, 'command'), { code: 'in-use' });
      await kill();
    }
  });

t.test('a file in the place of the lock that has a second name keeps its content', (t) => {
  const dir = testFolder(t);
  writeFileSync(join(dir, 'theirs'), 'of somebody else');
  for (const name of LOCK_FILES) linkSync(join(dir, 'theirs'), join(dir, name));
  const lock = lockData(dir, 'agent');
  t.equal(readFileSync(join(dir, 'theirs'), 'utf8'), 'of somebody else');
  lock.release();
  t.end();
});

t.test('an agent distinguishes a command that has the data from another agent; either one refuses a command', async (t) => {
  for (const [holder, agentIsRefused] of [
    ['agent', 'in-use'],
    ['command', 'held'],
  ] as const) {
    const dir = testFolder(t);
    const kill = await holderOf(t, dir, holder);
    t.throws(() => lockData(dir, 'agent'), { code: agentIsRefused }, `an agent beside ${holder}`);
    t.throws(() => lockData(dir, 'command'), { code: 'in-use' }, `a command beside ${holder}`);
    await kill();
    lockData(dir, 'command').release();
    lockData(dir, 'agent').release();
  }
});

t.test('if several processes lock at once, one gets the data even while the others read the file', async (t) => {
  const dir = testFolder(t);
  lockData(dir, 'agent').release();
  const looking = LOCK_FILES.map((name) => {
    const other = new Database(join(dir, name), { readonly: true });
    other.exec('BEGIN');
    other.prepare('SELECT count(*) FROM sqlite_master').get();
    return other;
  });
  const lock = lockData(dir, 'agent');
  t.throws(() => lockData(dir, 'agent'), { code: 'in-use' });
  lock.release();
  for (const other of looking) other.close();
});

for (const [command, change, isStored] of [
  ['an erase', (dir: string) => removeFiles(dir), false],
  ['a backup', () => {}, true],
  ['a restore', (dir: string) => renameSync(join(dir, 'telemetry.db'), join(dir, 'telemetry.db.before-restore')), true],
] as const)
  t.test(`readings that a store kept in memory while ${command} ran are ${isStored ? '' : 'not '}stored after it`, async (t) => {
    const dir = testFolder(t);
    const earlier = open(t, dir);
    await earlier.start();
    await earlier.stop();
    const kill = await holderOf(t, dir, 'command');
    const store = open(t, dir);
    await store.start();
    store.append(frame(1, 5));
    t.throws(() => lockData(dir, 'agent'), { code: 'in-use' }, 'a second agent is kept away meanwhile');
    change(dir);
    await kill();
    while (store.pulse().refusal === 'held') await sleep(clock, 10);
    t.equal(store.pulse().refusal, isStored ? null : 'erased');
    if (!isStored) t.match(await store.status(), { reason: /an erase removed this data; nothing of this run is stored/ });
    await store.stop();
    t.equal(existsSync(join(dir, 'telemetry.db')), isStored);
    t.equal(existsSync(join(dir, 'state.db')), isStored);
  });

function removeFiles(dir: string): void {
  for (const name of readdirSync(dir)) if (/^(state|telemetry)/.test(name)) rmSync(join(dir, name));
}

t.test('a disk that refuses lock files loses no readings, and one event lasts until the data is locked', async (t) => {
  const dir = testFolder(t);
  mkdirSync(join(dir, DATA_LOCK_FILE));
  writeFileSync(join(dir, DATA_LOCK_FILE, 'of somebody else'), '');
  const remarks: unknown[] = [];
  const log = { event: (name: string, fields?: object) => void remarks.push({ name, ...fields }) };
  const store = createStore({ dir, clock, log, commitSeconds: 0.05, maxMegabytes: 64, maxDays: 400, decimals: new Map() });
  t.teardown(() => store.stop());
  const events: AgentEvent[] = [];
  store.onEvent = (event) => void events.push(event);
  await store.start();
  for (const fact of ['a', 'b', 'c']) t.equal(await store.save(fact, 1), true);
  t.match(events, [{ code: 'data-unlocked', source: 'agent.lock', severity: 'warning', endMs: null }]);
  t.equal(events.length, 1, 'once, however many commits there are');
  t.match(
    String(events[0]?.text),
    /^the data is not locked against a second agent: .*agent\.lock: found a folder, expected a file; remove it/,
  );
  t.match(JSON.stringify(remarks), /"data-unlocked"/);
  t.match(await store.status(), { state: 'ok' }, 'the store itself works');
  rmSync(join(dir, DATA_LOCK_FILE), { recursive: true });
  t.equal(await store.save('d', 1), true);
  t.throws(() => lockData(dir, 'command'), { code: 'in-use' }, 'locked without a restart');
  t.match(events.slice(1), [{ id: events[0]?.id, code: 'data-unlocked', endMs: Number }]);
  t.equal(String(events[1]?.text), 'the data is locked against a second agent again');
});

t.test(
  'a file that may not be opened is no lock of another process',
  { skip: process.getuid?.() === 0 && 'root may open all' },
  async (t) => {
    const dir = testFolder(t);
    writeFileSync(join(dir, DATA_LOCK_FILE), '');
    chmodSync(join(dir, DATA_LOCK_FILE), 0);
    t.throws(() => lockData(dir, 'agent'), { code: 'read-only' });
  },
);
