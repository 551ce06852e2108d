import { copyFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { BURNING_COPY_RULE } from '../../../../agent/control/burning-hours-tracker.ts';
import { OVERRIDES_COPY_RULE } from '../../../../agent/control/requests/override-registry.ts';
import { PROGRAMMES_COPY_RULE } from '../../../../agent/control/requests/programme-registry.ts';
import { COPIED_STATE_KEY } from '../../../../agent/core/copied-state.ts';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { BD_SEQ_COPY_RULE } from '../../../../agent/sync/session/bd-seq-memory.ts';
import { inside, must, openStore } from '../files/open-store.ts';
import { createStoreRig, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

const copyRules = [BD_SEQ_COPY_RULE, OVERRIDES_COPY_RULE, PROGRAMMES_COPY_RULE, BURNING_COPY_RULE];
const setup = { copyRules };
const intent = (id: string, authority: string, rank: string) => ({ id, authority, rank });

/** A state as it is in the evening of the copy, and its copy. */
function copiedEvening(t: Pick<Test, 'teardown'>) {
  const dir = testFolder(t);
  const store = openStore(t, dir, { setup });
  store.save('sync.bdSeq', 17);
  store.save('control.burning-hours', { L01: 100, L02: 8_000.25 });
  store.save('control.programmes', [{ zone: 'street', programme: 'market' }]);
  store.save('control.overrides', [
    intent('a', 'platform', 'override'),
    intent('b', 'technician', 'maintenance'),
    intent('c', 'platform', 'emergency'),
    intent('d', 'technician', 'override'),
  ]);
  store.save('counters', { 'M1.energy': { offset: 500, lastRaw: 20, unit: 'kWh', atMs: 1 } });
  store.backup();
  return { dir, store };
}

const headDetails = (store: ReturnType<typeof openStore>) =>
  must(store.ask('audit', { sinceMs: 0, limit: 100, isVerified: true, knownHead: null }));

t.test('however a copy of state.db is put in its place: numbers never fall, commands of the platform do not begin again', async (t) => {
  const ways: [story: string, replace: (path: string) => void][] = [
    ['damage, and last night’s copy by itself', (path) => truncateSync(path, 0)],
    ['a missing file', (path) => rmSync(path)],
    ['a copy put there by hand', (path) => copyFileSync(`${path}.bak`, path)],
  ];
  for (const [story, replace] of ways) {
    const { dir, store } = copiedEvening(t);
    store.save('sync.bdSeq', 30);
    store.save('control.burning-hours', { L01: 118, L02: 8_018.25 });
    store.close();
    replace(join(dir, 'state.db'));

    const again = openStore(t, dir, { setup });
    again.now.atMs = STORE_START_MS + 24 * HOUR_MS;
    t.equal(again.load('sync.bdSeq'), 17 + 126, story);
    t.ok((again.load('sync.bdSeq') + 1 - 30 + 256) % 256 < 128, 'ahead of each number that was used since');
    t.strictSame(again.load('control.burning-hours'), { L01: 124, L02: 8_024.25 });
    t.equal(again.load('control.programmes'), undefined);
    t.strictSame(
      again.load('control.overrides').map(({ id }: { id: string }) => id),
      ['b', 'c', 'd'],
      'locks of technicians and an emergency stay',
    );
    t.strictSame(
      again.load('counters'),
      { 'M1.energy': { offset: 500, lastRaw: 20, unit: 'kWh', atMs: 1 } },
      'counters go on from their offsets',
    );
    t.strictSame(again.load(COPIED_STATE_KEY), { copiedMs: STORE_START_MS, adoptedMs: again.now.atMs });
    const { entries, verdict } = headDetails(again);
    t.match(entries.at(-1), { door: 'self', action: 'state is a copy', detail: `of ${new Date(STORE_START_MS).toISOString()}` });
    t.strictSame(verdict?.problems, [], 'the chain goes on, and says what happened to it');
    t.match(
      again.notices.filter(({ kind }) => kind === 'copied'),
      [{ message: /24\.0 h old/ }],
    );
  }
});

t.test('a copy is adopted once: neither a restart nor the copy of a restored state does it again', async (t) => {
  const { dir, store } = copiedEvening(t);
  store.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  for (let run = 0; run < 3; run++) {
    const again = openStore(t, dir, { setup });
    again.now.atMs = STORE_START_MS + (run + 1) * HOUR_MS;
    t.equal(again.load('sync.bdSeq'), 143);
    t.equal(again.notices.filter(({ kind }) => kind === 'copied').length, run === 0 ? 1 : 0);
    t.match(again.backup(), { ok: true });
    again.close();
    t.equal(
      inside(join(dir, 'state.db'), (db) => db.prepare("SELECT count(*) FROM meta WHERE key LIKE 'copied%'").pluck().get()),
      0,
    );
  }
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  const second = openStore(t, dir, { setup });
  t.equal(second.load('sync.bdSeq'), (143 + 126) % 256, 'the copy of a restored state is a copy as any other');
});

t.test('a program that only reads a copy leaves it a copy, as old as it was', async (t) => {
  const { dir, store } = copiedEvening(t);
  store.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  const looking = openStore(t, dir);
  looking.now.atMs = STORE_START_MS + 48 * HOUR_MS;
  t.equal(looking.load('sync.bdSeq'), 17);
  looking.backup();
  looking.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  const again = openStore(t, dir, { setup });
  again.now.atMs = STORE_START_MS + 48 * HOUR_MS;
  t.match(again.load(COPIED_STATE_KEY), { copiedMs: STORE_START_MS });
  t.match(again.load('control.burning-hours'), { L01: 148 });
});

t.test('a state that a former release restored is no copy: that release left its mark in the file in use', async (t) => {
  const { dir, store } = copiedEvening(t);
  store.close();
  inside(join(dir, 'state.db'), (db) => {
    const put = db.prepare('INSERT INTO meta(key, value) VALUES(?, ?)');
    put.run('copied_ms', STORE_START_MS - 10 * HOUR_MS);
    put.run('restored_ms', STORE_START_MS - 9 * HOUR_MS);
  });
  const again = openStore(t, dir, { setup });
  t.equal(again.load('sync.bdSeq'), 17);
  again.backup();
  again.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  t.equal(openStore(t, dir, { setup }).load('sync.bdSeq'), 143, 'its copy is one');
});

t.test('intents that a former release stored without an authority are removed and kept by their source', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir, { setup });
  const stored = (id: string, source: string, rank: string) => ({ id, source, rank });
  store.save('control.overrides', [
    stored('a', 'platform', 'override'),
    stored('b', 'platform', 'emergency'),
    stored('c', 'console:anna', 'override'),
    stored('d', 'console:anna', 'maintenance'),
    { ...stored('e', 'console:anna', 'override'), authority: 'technician' },
  ]);
  store.backup();
  store.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  const again = openStore(t, dir, { setup });
  t.strictSame(
    again.load('control.overrides').map(({ id }: { id: string }) => id),
    ['b', 'c', 'd', 'e'],
  );
});

t.test('clocks that are wrong: hours never fall, and never grow by more than 400 days', async (t) => {
  for (const [hours, expected] of [
    [-1e6, 100],
    [0, 100],
    [0.1, 100.1],
    [24 * 400, 100 + 24 * 400],
    [1e6, 100 + 24 * 400],
  ] as const) {
    const { dir, store } = copiedEvening(t);
    store.close();
    copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
    const again = openStore(t, dir, { setup });
    again.now.atMs = STORE_START_MS + hours * HOUR_MS;
    t.match(again.load('control.burning-hours'), { L01: expected }, `${hours} h later`);
  }
});

t.test('facts of another shape than a rule expects stay as they are, and block nothing', async (t) => {
  for (const value of [null, 'text', [], [1, null, 'x'], {}, { L01: 'x' }, -1, 1.5, true]) {
    const dir = testFolder(t);
    const store = openStore(t, dir, { setup });
    for (const { key } of copyRules) store.save(key, value);
    store.backup();
    store.close();
    copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
    const again = openStore(t, dir, { setup });
    again.now.atMs = STORE_START_MS + HOUR_MS;
    t.strictSame(again.load('control.burning-hours'), value, JSON.stringify(value));
    t.strictSame(again.load('control.overrides'), value);
    t.not(again.load(COPIED_STATE_KEY), undefined);
  }
});

t.test('a store that begins with a copy reports it as an event', async (t) => {
  const { dir, store } = copiedEvening(t);
  store.close();
  copyFileSync(join(dir, 'state.db.bak'), join(dir, 'state.db'));
  const { store: running, events } = createStoreRig({ dir });
  await running.start();
  await running.stop();
  t.match(
    events.filter(({ code }) => code === 'state-restored'),
    [{ severity: 'warning', source: 'state.db', text: /is a copy of/ }],
  );
});
