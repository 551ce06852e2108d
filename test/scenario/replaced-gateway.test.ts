import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runBackup } from '../../agent/commissioning/backup/backup-run.ts';
import { runRestore } from '../../agent/commissioning/backup/restore-run.ts';
import type { Terminal } from '../../agent/console/terminal/terminal.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { SMALL_SITE } from '../support/small-site.ts';

/** The small street with a meter. */
const SITE = SMALL_SITE.replace('poles: [', '      - { id: M01, unit: 41, profile: eastron-sdm630 }\npoles: [');

/** A terminal that keeps what it is shown. */
function screen(socketPath: string) {
  const shown: string[] = [];
  const terminal: Terminal = {
    ...{ out: (text) => void shown.push(text), err: (text) => void shown.push(text), widthCols: 80, colour: false },
    ...{ user: 'marie', version: '', socketPath, status: null },
    askSecret: async () => 'a street of fireflies',
    localFiles: async () => Promise.reject(new Error('not here')),
  };
  return { terminal, shown };
}

async function openStreet(t: Test, startAt: string) {
  const folder = memoryFolder(t);
  const socketPath = join(folder, 'a.sock');
  const rig = await createRig(t, { startAt, withUplink: true, folder, siteFile: SITE, socketPath });
  const places = { 'data-dir': join(folder, 'data') };
  const world = () => ({
    ...screen(socketPath),
    configFile: join(folder, 'cabinet.yaml'),
    nowMs: rig.clock.wallMs(),
    version: '0.0.0-test',
  });
  return {
    rig,
    folder,
    /** Beside the running agent. */
    async backup(args = {}) {
      const made = world();
      const code = await rig.settled(runBackup({ ...places, to: folder, json: true, ...args }, made));
      return { code, ...(JSON.parse(made.shown.join('')) as { path: string; readings: { epoch: string; undelivered: number } }) };
    },
    async restore(path: string, args = {}) {
      const made = world();
      const code = await runRestore({ ...places, backup: path, json: true, ...args }, made);
      return { code, ...(JSON.parse(made.shown.join('')) as { restored: boolean; readings: { undelivered: number } | null }) };
    },
    /** Another machine in the place of the first: no file of that one is on it. */
    remove() {
      renameSync(join(folder, 'data'), join(folder, 'data-of-the-first'));
      renameSync(join(folder, 'cabinet.yaml'), join(folder, 'cabinet-of-the-first.yaml'));
    },
  };
}

const allIn = async (rig: Rig): Promise<boolean> => {
  const { store, uplink } = await rig.status();
  return uplink.state === 'online' && store.readingsWaiting === 0 && store.backlogFrames === 0 && store.readingsStored > 0;
};
const readingsOf = (rig: Rig) => [...rig.host.values.values()].filter(({ metric }) => !metric.includes('/'));
const endOf = (rig: Rig, id: string) => rig.host.outcomes.filter((each) => each.id === id).at(-1);
const starts = async (rig: Rig): Promise<number> =>
  (await rig.agent.view.events({ sinceMs: 0, limit: 500, activeOnly: false })).filter(({ code }) => code === 'override-started').length;
/** The energy of the meter. Units: kWh. */
const energy = (rig: Rig): number =>
  rig.agent.view.points('M01.energy_total').find(({ pointId }) => pointId === 'M01.energy_total')?.value ?? Number.NaN;

async function born(rig: Rig): Promise<void> {
  await rig.until('born and all in', () => allIn(rig), 10 * MINUTE_MS);
}

t.test(
  'a gateway is replaced: each reading is at the platform once, counters go on, no command runs twice',
  { timeout: 90_000 },
  async (t) => {
    const { rig, folder, backup, restore, remove } = await openStreet(t, '2026-12-15T23:30:00+01:00');
    await born(rig);
    await rig.host.override('L01', { level: 60, minutes: 600, id: 'before-the-copy' });
    await rig.until('the outcome is received', () => endOf(rig, 'before-the-copy')?.state === 'verified', MINUTE_MS);
    const first = await backup();
    t.equal(first.code, 0);
    t.equal(statSync(first.path).mode & 0o777, 0o600);

    await rig.host.override('L02', { level: 80, minutes: 5, id: 'after-the-copy' });
    await rig.until('the outcome is received', () => endOf(rig, 'after-the-copy')?.state === 'verified', MINUTE_MS);
    await rig.host.release('L01');
    await rig.until('released', () => rig.levels()[0] === 30, MINUTE_MS);
    await rig.clock.advance(HOUR_MS);
    await born(rig);
    const before = await rig.status();
    const counted = energy(rig);
    t.ok(counted > 0);

    await rig.restart(async () => {
      remove();
      await t.rejects(restore(`${first.path}.other`, { yes: true }), { code: 'failed' });
      t.match(await restore(first.path), { code: 1, restored: false, readings: null }, 'without --yes it only looks');
      t.notOk(readdirSync(folder).includes('data'));
      t.match(await restore(first.path, { yes: true }), { code: 0, restored: true });
    });
    await born(rig);
    await rig.clock.advance(10 * MINUTE_MS);
    await born(rig);

    const after = await rig.status();
    t.not(after.store.epoch, before.store.epoch, 'a new epoch, so no row of the second is taken for one of the first');
    t.equal(rig.host.duplicates, 0, 'each reading once');
    t.equal(
      readingsOf(rig).length,
      before.store.readingsStored + after.store.readingsStored + after.store.readingsWaiting,
      'and all of both gateways',
    );
    t.ok(
      (after.uplink.bdSeq - before.uplink.bdSeq + 256) % 256 < 128 && after.uplink.bdSeq !== before.uplink.bdSeq,
      'bdSeq goes on upwards',
    );
    t.ok(energy(rig) >= counted, `the meter goes on: ${energy(rig)} after ${counted} kWh`);
    t.strictSame(rig.levels(), [30, 30, 30, 30], 'what the platform had released does not begin again');

    const startsBefore = await starts(rig);
    for (const id of ['before-the-copy', 'after-the-copy', 'after-the-copy']) {
      await rig.host.override(id === 'before-the-copy' ? 'L01' : 'L02', {
        level: id === 'before-the-copy' ? 60 : 80,
        minutes: id === 'before-the-copy' ? 600 : 5,
        id,
      });
      await rig.clock.advance(10_000);
      await born(rig);
    }
    t.equal(await starts(rig), startsBefore, 'neither runs again');
    t.strictSame(rig.levels(), [30, 30, 30, 30]);
    t.match(endOf(rig, 'before-the-copy'), { state: 'verified' });
    t.match(endOf(rig, 'after-the-copy'), { state: 'refused', reason: /send it with a new id/ });
    await rig.host.override('L02', { level: 80, minutes: 5, id: 'meant-now' });
    await rig.until('the same with a new id', () => rig.levels()[1] === 80, MINUTE_MS);
  },
);

t.test(
  'readings that the platform does not have: a backup gives their number, and only the gateway that made them keeps them',
  async (t) => {
    const { rig, backup, restore } = await openStreet(t, '2026-12-15T23:30:00+01:00');
    await born(rig);
    await rig.broker.stop();
    await rig.clock.advance(20 * MINUTE_MS);
    const { path, readings } = await backup();
    t.ok(readings.undelivered > 100, `${readings.undelivered} readings would be lost with this gateway`);
    const before = await rig.status();
    t.equal(readings.epoch, before.store.epoch);
    await rig.restart(async () => {
      t.match(await restore(path, { yes: true, 'keep-readings': true }), { code: 0, readings: { undelivered: Number, isKept: true } });
    });
    await rig.broker.start();
    await rig.host.stop();
    await rig.host.start();
    await born(rig);
    const after = await rig.status();
    t.equal(after.store.epoch, before.store.epoch, 'the same rows');
    t.equal(rig.host.duplicates, 0);
    t.ok(readingsOf(rig).length > readings.undelivered, 'they came');
  },
);

t.test('a running agent is not restored over', async (t) => {
  const { rig, backup, restore } = await openStreet(t, '2026-12-15T23:30:00+01:00');
  await born(rig);
  const { path } = await backup();
  const refused = await rig.settled(restore(path, { yes: true }).catch((error: unknown) => error));
  t.match(refused, { code: 'busy', message: /stop it first/ });
});

t.test('the site, its revisions and, with a passphrase, its users and keys are restored', async (t) => {
  const { rig, folder, backup, restore, remove } = await openStreet(t, '2026-12-15T23:30:00+01:00');
  writeFileSync(join(folder, 'cabinet.key'), 'the key');
  writeFileSync(join(folder, 'data', 'users.json'), '{"version":1,"users":[]}');
  mkdirSync(join(folder, 'profiles'), { recursive: true });
  await born(rig);
  const plain = await backup({ to: join(folder, 'plain.tar.gz') });
  t.match(plain, { sealed: [], leftOut: ['data/users.json', 'site/cabinet.key'] });
  const sealed = await backup({ to: join(folder, 'sealed.tar.gz'), keys: true });
  t.match(sealed, { sealed: ['data/users.json', 'site/cabinet.key'], leftOut: [] });
  await rig.restart(async () => {
    remove();
    renameSync(join(folder, 'cabinet.key'), join(folder, 'key-of-the-first'));
    await restore(sealed.path, { yes: true });
    t.equal(statSync(join(folder, 'cabinet.key')).mode & 0o777, 0o400);
    t.equal(statSync(join(folder, 'data', 'users.json')).mode & 0o777, 0o600);
    t.strictSame(readdirSync(join(folder, 'data')).sort(), ['agent.lock', 'config', 'state.db', 'users.json']);
  });
  await born(rig);
});
