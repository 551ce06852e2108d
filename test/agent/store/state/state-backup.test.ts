import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { STATE } from '../../../../agent/store/schema.ts';
import { changeFile, cut, inside, numberedEvent, openStore } from '../files/open-store.ts';
import { frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

t.test('each night’s copy is verified, and the previous one is kept', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  for (const night of [1, 2, 3]) {
    store.save('night', night);
    store.now.atMs = STORE_START_MS + night * 24 * HOUR_MS;
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

t.test('a damaged copy is neither restored nor does it replace a valid one', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  for (const night of [1, 2]) {
    store.save('night', night);
    store.backup();
  }
  const path = join(dir, 'state.db');
  changeFile(`${path}.bak`, (bytes) => bytes.fill(0, 4096));
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
    const reports = again.reports();
    again.close();
    return { night, reports };
  };
  t.match(
    restoredFrom(() => {}),
    { night: 3, reports: [/state\.db\.bak, /] },
  );
  writeFileSync(`${path}.bak.new`, readFileSync(`${path}.bak`).subarray(0, 8192));
  t.match(
    restoredFrom(() => truncateSync(`${path}.bak`, 8192)),
    { night: 1, reports: [/state\.db\.bak\.1, /] },
    'half a copy is none',
  );
  t.match(
    restoredFrom(() => truncateSync(`${path}.bak.1`, 0)),
    { night: undefined, reports: [/the agent began a new file/] },
  );
  t.match(
    restoredFrom(() => {}),
    { night: undefined, reports: [/the agent began a new file/] },
    'empty copies are none',
  );
});

t.test('a copy must pass every check before it is trusted', async (t) => {
  const ways: [story: string, damage: (bytes: Buffer) => void][] = [
    ['a fact with flipped bytes', (bytes) => bytes.write('X', bytes.indexOf('newnew'))],
    ['an index that does not fit', (bytes) => bytes.write('X', bytes.lastIndexOf('door-open:K1'))],
    ['an encoding that it cannot have', (bytes) => bytes.writeUInt8(52, 59)],
    ['a schema format that is not known', (bytes) => bytes.writeUInt8(99, 47)],
  ];
  for (const [story, damage] of ways) {
    const dir = testFolder(t);
    const store = openStore(t, dir);
    store.tell(numberedEvent(1), numberedEvent(2), numberedEvent(3));
    for (const value of ['old', 'new']) {
      for (let n = 0; n < 3; n++) store.save(`fact ${n}`, value.repeat(3));
      store.backup();
    }
    store.close();
    truncateSync(join(dir, 'state.db'), 0);
    changeFile(join(dir, 'state.db.bak'), damage);
    const again = openStore(t, dir);
    t.strictSame(
      [0, 1, 2].map((n) => again.load(`fact ${n}`)),
      ['oldoldold', 'oldoldold', 'oldoldold'],
      story,
    );
    t.match(again.reports(), [/restored from .*state\.db\.bak\.1/]);
  }
});

t.test('no copy is made of a damaged file: the file is replaced first', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  for (const key of ['fact a', 'fact b', 'fact c']) store.save(key, 1);
  store.backup();
  store.close();
  changeFile(join(dir, 'state.db'), (bytes) => bytes.write('zact b', bytes.indexOf('fact b')));
  const again = openStore(t, dir);
  t.match(again.backup(), { ok: true });
  t.match(again.reports(), [/row not in PRIMARY KEY order for kv.*restored from/]);
  t.equal(again.load('fact b'), 1);
});

t.test('after any damage to the bytes of state.db or its copy, it works again by itself and returns no false fact', async (t) => {
  const dir = testFolder(t);
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
    changeFile(path, (content) => {
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
        throw new Error(JSON.stringify({ found: [...found], works, isWhole, reports: after.notices }));
      tally.set(value, (tally.get(value) ?? 0) + 1);
    }),
    { numRuns: 50 },
  );
  t.equal(tally.size, 3, 'all of it from the file, the copy or the one before it');
});

t.test('a letter of a table name in the other case keeps no copy from being made', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.save('a', 1);
  store.close();
  const ddl = 'CREATE TABLE outcome(';
  changeFile(join(dir, 'state.db'), (bytes) => {
    // Free space may have an earlier one.
    for (let at = bytes.indexOf(ddl); at >= 0; at = bytes.indexOf(ddl, at)) bytes.write('CREATE TABLE outcomE(', at);
  });
  const again = openStore(t, dir);
  t.match([again.save('a', 2), again.backup(), again.backup()], [{ ok: true }, { ok: true }, { ok: true }]);
});

t.test('a missing file is restored from its copy; without one it is a first start', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  store.save('a', 1);
  store.backup();
  store.close();
  rmSync(join(dir, 'state.db'));
  const again = openStore(t, dir);
  t.equal(again.load('a'), 1);
  t.match(again.reports(), [/state\.db: it was missing; restored from/]);
  const fresh = openStore(t, testFolder(t));
  fresh.commit(frame(1));
  fresh.save('a', 1);
  t.strictSame(fresh.notices, []);
});
