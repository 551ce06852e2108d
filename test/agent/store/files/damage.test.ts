import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { texts } from '../../../support/texts.ts';
import { frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';
import { changeFile, cut, FILES, fill, inside, MB, numberedEvent, openStore, zeroLeaf } from './open-store.ts';

/** Everything into the file itself, as after a checkpoint. */
function checkpoint(path: string): void {
  const db = new Database(path);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

const damages: readonly [story: string, damage: (path: string) => void, reason: RegExp][] = [
  ['with a page of zeros among its leaves', zeroLeaf, /page \d+|SQLITE_CORRUPT/],
  ['with a destroyed header', (path) => changeFile(path, (bytes) => bytes.fill(0x55, 0, 100)), /SQLITE_NOTADB/],
  ['that begins with 8 KB of zeros', (path) => changeFile(path, (bytes) => bytes.fill(0, 0, 8192)), /SQLITE_NOTADB/],
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
    /version 9, readable since 8, this program reads up to (?:5|6).*(?:state|telemetry)\.db/,
  ],
];

for (const [story, damage, reason] of damages) {
  t.test(`a file ${story} is set aside and reported; readings begin again, facts are restored from the copy`, async (t) => {
    const dir = testFolder(t);
    const first = openStore(t, dir);
    fill(first);
    const { epoch } = first.status();
    first.now.atMs = STORE_START_MS - 26 * HOUR_MS;
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
    const reports = store.reports();
    t.equal(reports.length, 2, 'each file once');
    for (const message of reports) t.match(texts(message), reason);
    t.ok(reports.some((message) => /telemetry\.db.*kept as .*quarantine\/telemetry\.db; the agent began a new file/.test(String(message))));
    t.ok(
      reports.some((message) =>
        /state\.db.*kept as .*quarantine\/state\.db; restored from .*state\.db\.bak, 26\.0 h old/.test(String(message)),
      ),
    );
    for (const [i, name] of FILES.entries())
      t.same(readFileSync(join(found, 'quarantine', name)), bytes[i], `${name} is kept as it was found`);
    t.match(store.commit(frame(1)), { ok: true, value: { lastSeq: 1 } });
    t.match(store.save('fact 7', 'new'), { ok: true });
    store.close();
    const again = openStore(t, found);
    t.equal(again.load('fact 7'), 'new');
    t.strictSame(again.reports(), [], 'and only once');
  });

  // The version of a file is read only when it is opened.
  if (!/future/.test(story))
    t.test(`a file ${story} during its use recovers without a restart`, async (t) => {
      const dir = testFolder(t);
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
      t.equal(store.reports().length, 2);
      t.match(store.check(), { files: [{ ok: true }, { ok: true }] });
      t.match(store.status(), { gaps: 1, account: { isBalanced: true } });
    });
}

t.test('a power cut leaves the first commits in a journal, each of them complete', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.commit();
  for (let n = 1; n <= 40; n++) {
    store.commit(frame(2 * n - 1, 30), frame(2 * n, 30));
    store.record({ events: [numberedEvent(n)], saves: [{ key: 'n', json: String(n) }] });
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
        throw new Error(JSON.stringify({ seqs, n, events, reports: after.notices }));
      reached.least = Math.min(reached.least, n, seqs.length / 2);
      reached.most = Math.max(reached.most, n, seqs.length / 2);
      rmSync(copy, { recursive: true });
    }),
    { numRuns: 60 },
  );
  t.ok(reached.least < 10 && reached.most > 30, `from ${reached.least} to ${reached.most} of 40 commits`);
});

t.test('damage that SQLite reports as something else is still damage', async (t) => {
  const table: [story: string, at: number, value: number, message: RegExp][] = [
    ['a write format it does not know: a file that may only be read', 18, 3, /found format 3\/2/],
    ['a schema format it does not know: a statement it refuses', 47, 99, /its tables do not match its version \(unsupported file format\)/],
    ['a version before the first', 63, 0, /its tables do not match its version/],
  ];
  for (const [story, at, value, message] of table) {
    const dir = testFolder(t);
    const store = openStore(t, dir);
    store.commit(frame(1));
    store.save('a', 1);
    store.backup();
    store.close();
    for (const name of FILES) changeFile(join(dir, name), (bytes) => bytes.writeUInt8(value, at));
    const again = openStore(t, dir);
    t.match(again.commit(frame(1)), { ok: true }, story);
    t.equal(again.load('a'), 1);
    t.match(texts(again.reports()), [message, message]);
  }
});

t.test('a file that is removed, emptied or replaced in use is detected before a commit is reported as stored', async (t) => {
  const ways: ((path: string) => void)[] = [
    (path) => rmSync(path),
    (path) => truncateSync(path, 0),
    (path) => {
      copyFileSync(path, `${path}.other`);
      renameSync(`${path}.other`, path);
    },
  ];
  for (const way of ways) {
    const dir = testFolder(t);
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

t.test('the quarantine keeps one copy of each file, within a limit, and reports what it had to delete', async (t) => {
  const dir = testFolder(t);
  const path = join(dir, 'telemetry.db');
  const spoil = (bytes: number) => {
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, 'no database');
    truncateSync(path, bytes);
    const store = openStore(t, dir);
    store.commit();
    store.close();
    return store.reports()[0];
  };
  const kept = () => readdirSync(join(dir, 'quarantine')).map((name) => [name, statSync(join(dir, 'quarantine', name)).size]);
  spoil(10_000);
  writeFileSync(join(dir, 'quarantine', 'telemetry.db-wal'), 'the journal of the one before');
  t.match(spoil(20_000), /kept as/);
  t.strictSame(kept(), [['telemetry.db', 20_000]], 'the newest');
  t.match(texts(spoil(64 * MB + 1)), /removed: it has 65 MB, and at most 64 MB are kept/);
  t.strictSame(kept(), [['telemetry.db', 20_000]], 'what is too large leaves the one before');
  writeFileSync(join(dir, 'quarantine', 'state.db'), '');
  truncateSync(join(dir, 'quarantine', 'state.db'), 10 * MB);
  utimesSync(join(dir, 'quarantine', 'state.db'), 1, 1);
  t.match(texts(spoil(60 * MB)), /kept as .*telemetry\.db; removed to make room: state\.db/);
  t.strictSame(kept(), [['telemetry.db', 60 * MB]]);
});

t.test('an interrupted quarantine is completed after a power cut: its loss is counted, its file kept', async (t) => {
  const dir = testFolder(t);
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
  t.match(store.reports(), [/it was being set aside when the agent ended/, /it was being set aside/]);
  t.strictSame(
    readdirSync(join(found, 'quarantine')).filter((name) => name.endsWith('.db')),
    ['state.db', 'telemetry.db'],
  );
  store.close();

  renameSync(join(found, 'quarantine', 'telemetry.db'), join(found, 'telemetry.db.aside'));
  const late = openStore(t, found);
  t.equal(late.gaps().length, 1, 'a fresh file stood already: its loss is in it');
  t.match(texts(late.notices), [{ kind: 'remark', message: /set aside before the agent ended; kept as/ }]);
  t.ok(existsSync(join(found, 'quarantine', 'telemetry.db')));
});
