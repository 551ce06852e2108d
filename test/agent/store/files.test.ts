import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { msg } from '../../../agent/core/message.ts';
import { StoreFile } from '../../../agent/store/files/store-file.ts';
import type { Notice } from '../../../agent/store/messages.ts';
import { type Schema, STATE, TELEMETRY } from '../../../agent/store/schema.ts';
import { texts } from '../../support/texts.ts';
import { changeFile, FILES, fill, inside, must, numberedEvent, openStore, zeroLeaf } from './files/open-store.ts';
import { frame, STORE_START_MS, testFolder } from './fixtures/kit.ts';

t.test('a check of valid files reports no problem, with their sizes', async (t) => {
  const store = openStore(t, testFolder(t));
  fill(store);
  const { files, account } = store.check();
  t.match(files, [
    { file: 'telemetry.db', ok: true, problems: [] },
    { file: 'state.db', ok: true, problems: [] },
  ]);
  for (const { bytes } of files) t.ok(bytes > 20_000);
  t.match(account, { produced: 7_200, isBalanced: true });
});

t.test('one file that cannot be checked does not block the check of the other', async (t) => {
  const dir = testFolder(t);
  mkdirSync(join(dir, 'telemetry.db'));
  const store = openStore(t, dir);
  store.save('a', 1);
  t.match(store.check(), { files: [{ ok: false, problems: [/found a folder/] }, { ok: true }], account: null });
});

t.test('flipped bytes within a fact or an event count as absent, never as something else', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.save('override', { lamp: 'L01', levelPct: 12_345 });
  store.save('other', 'sound');
  store.tell(numberedEvent(1), { ...numberedEvent(2), text: msg`the text of event 2` }, numberedEvent(3));
  const outcome = {
    commandId: 'command 77',
    target: { kind: 'lamp', id: 'L01' },
    state: 'verified',
    reason: msg`the reason of 77`,
  } as const;
  store.record({ outcomes: [{ ...outcome, levelPct: 80, lamps: {}, source: 'platform', atMs: STORE_START_MS }] });
  store.close();
  changeFile(join(dir, 'state.db'), (bytes) => {
    for (const text of ['12345', 'text of event 2', 'reason of 77']) bytes[bytes.indexOf(text)] = (bytes[bytes.indexOf(text)] ?? 0) ^ 1;
  });
  const again = openStore(t, dir);
  t.equal(again.load('override'), undefined, 'the level would read 02345');
  t.match(again.reports(), [/kv key "override": its bytes were damaged/]);
  t.equal(again.load('other'), 'sound');
  t.strictSame(texts(again.events()), ['event 1', 'event 3']);
  const { files } = again.check();
  t.match(files[1], { file: 'state.db', ok: false, problems: { length: 3 } });
  t.match(files[1]?.problems, [/kv key "override"/, /event id "door-open:K1:\d+"/, /outcome command_id "command 77"/]);
  t.match(again.check(), { files: [{ ok: true }, { ok: true }] }, 'what was damaged is gone');
  t.match(again.save('override', 1), { ok: true });
  t.equal(again.load('override'), 1);
  again.tell({ ...numberedEvent(3), endMs: STORE_START_MS + 99 });
  t.match(
    must(again.ask('events', { sinceMs: 0, limit: 9 })),
    [{}, { endMs: STORE_START_MS + 99 }],
    'an event that ends keeps its checksum',
  );
});

t.test('after a clean end only marks and tables are checked: lighting does not wait for all pages', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  fill(store);
  store.close();
  for (const name of FILES) zeroLeaf(join(dir, name));
  const again = openStore(t, dir);
  t.equal(again.load('fact 7')?.n, 7);
  t.strictSame(again.reports(), []);
  t.match(again.check().files, [{ ok: false }, { ok: false }]);
});

t.test('a table that does not match its index is damage, not an endless refusal of good rows', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.commit(frame(1, 3));
  store.close();
  // The table has the lower page; its index still has the right name and would take no second.
  changeFile(join(dir, 'telemetry.db'), (bytes) => bytes.write('Z', bytes.indexOf('L1.level')));
  const again = openStore(t, dir);
  t.match(again.commit(frame(1, 3)), { ok: false, code: 'corrupt', message: /missing from index/ });
  t.match(again.commit(frame(1, 3)), { ok: true });
  t.match(again.gaps(), [{ readings: 3, reason: 'set-aside' }]);
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

t.test('a file of version 1 is migrated at its opening and keeps its rows', async (t) => {
  const dir = testFolder(t);
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
  t.strictSame(texts(store.events()), ['old']);
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
  t.strictSame([...store.reports(), ...again.reports()], store.reports().slice(0, 1), 'only the invalid fact was reported');
});

t.test('a power cut during the migration leaves the old version or the new one, with every row', async (t) => {
  const dir = testFolder(t);
  const path = makeFirst(dir, STATE, `INSERT INTO kv VALUES('a', '1', 5)`);
  const old = readFileSync(path);
  const journalHolder = new Database(path);
  t.equal(journalHolder.prepare('SELECT count(*) FROM kv').pluck().get(), 1, 'keeps the journal from being folded in at the end');
  const stepping = openStore(t, dir);
  stepping.load('a');
  stepping.close();
  const journal = readFileSync(`${path}-wal`);
  journalHolder.close();
  const versions = new Set<unknown>();
  const quarterFrame = (4096 + 24) / 4;
  for (let length = 0; length <= journal.length + quarterFrame; length += quarterFrame) {
    const at = testFolder(t);
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
    t.strictSame(store.reports(), []);
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
  return new StoreFile({ dir, schema, maxPages: 1_000, begin: () => [], attach: (db) => db, onNotice: (notice) => notices.push(notice) });
}

t.test('one release back still opens the file, writes to it, and leaves the way forward open', async (t) => {
  const dir = testFolder(t);
  const path = join(dir, 'state.db');
  const version = () => inside(path, (db) => db.pragma('user_version', { simple: true }));
  const before = openStore(t, dir);
  before.save('a', 1);
  before.close();
  const next = openNext(dir, NEXT);
  next.write(STORE_START_MS, (db) => db.exec("UPDATE kv SET note = 'from the next'; INSERT INTO lamp VALUES('L01')"));
  next.close();
  t.equal(version(), NEXT.version);

  const back = openStore(t, dir);
  t.equal(back.load('a'), 1);
  t.match(back.save('b', 2), { ok: true });
  back.tell(numberedEvent(1));
  t.match(back.backup(), { ok: true }, 'a newer file can be copied');
  t.strictSame(back.reports(), []);
  back.close();
  t.equal(version(), NEXT.version, 'the version is the newer program’s');

  const notices: Notice[] = [];
  const again = openNext(dir, NEXT, notices);
  t.strictSame(
    again.read(STORE_START_MS, (db) => db.prepare('SELECT key, value, note FROM kv ORDER BY key').all()),
    [
      { key: 'a', value: '1', note: 'from the next' },
      { key: 'b', value: '2', note: null },
    ],
  );
  t.equal(
    again.read(STORE_START_MS, (db) => db.prepare('SELECT count(*) FROM lamp').pluck().get()),
    1,
  );
  again.close();
  t.strictSame(notices, []);
});

t.test('a file made by the next release is usable too, unless the meaning of its rows has changed', async (t) => {
  const usable = testFolder(t);
  openNext(usable, NEXT).write(STORE_START_MS, (db) => db.exec("INSERT INTO kv(key, value, at_ms) VALUES('a', '1', 1)"));
  const store = openStore(t, usable);
  t.equal(store.load('a'), 1);
  t.strictSame(store.reports(), []);
  const not = testFolder(t);
  openNext(not, { ...NEXT, readableSince: NEXT.version }).close();
  openNext(not, { ...NEXT, readableSince: NEXT.version }).write(STORE_START_MS, () => null);
  const other = openStore(t, not);
  t.equal(other.load('a'), undefined);
  t.match(texts(other.reports()), [/found version 7, readable since 7, this program reads up to 6; a newer release wrote it/]);
});

t.test('a migration that does not fit its file is damage, not an endless failure', async (t) => {
  const dir = testFolder(t);
  makeFirst(dir, STATE, 'ALTER TABLE event ADD COLUMN crc INTEGER');
  const store = openStore(t, dir);
  t.match(store.save('a', 1), { ok: true });
  t.match(texts(store.reports()), [/its tables do not match its version \(duplicate column name: crc\)/]);
  store.close();
  inside(join(dir, 'state.db'), (db) => db.exec('ALTER TABLE kv RENAME COLUMN crc TO other'));
  const again = openStore(t, dir);
  t.match(again.save('a', 1), { ok: false, code: 'corrupt' });
  t.match(again.save('a', 1), { ok: true });
  t.match(texts(again.reports()), [/its tables do not match its version \(no such column: crc\)/]);
});
