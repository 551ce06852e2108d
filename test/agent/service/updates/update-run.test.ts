import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { ReleaseStore } from '../../../../agent/service/updates/release-store.ts';
import { createUpdates, type UpdatesParts } from '../../../../agent/service/updates/update-run.ts';
import { texts } from '../../../support/texts.ts';
import { thisArch } from '../../../support/update-files.ts';

const RELEASE = '20-0.2.0';
const unit = { state: 'ok' } as ReturnType<UpdatesParts['devices']>[number];

/** A run of this release, with `files` in its folder of releases. */
function runOf(t: Test, release: string, files: Readonly<Record<string, string>>, units = 12) {
  const stateDir = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  mkdirSync(join(stateDir, 'releases', RELEASE), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(stateDir, 'releases', name), `${text}\n`);
  const clock = createManualClock(Date.parse('2026-12-01T12:00:00Z'));
  const [notices, left]: [string[], string[]] = [[], []];
  const [unpackedDir, runtimeDir] = [join(stateDir, 'unpacked'), join(stateDir, 'run')];
  const releases = new ReleaseStore(stateDir, unpackedDir);
  const updates = createUpdates({
    releases,
    release,
    serial: 10,
    arch: thisArch,
    keysDir: join(stateDir, 'keys'),
    obstacle: msg``,
    unpackedDir,
    runtimeDir,
    leave: (why) => left.push(why),
    clock,
    log: { event() {} },
    version: '0.2.0',
    zones: () => [],
    devices: () => Array.from({ length: units }, () => unit),
    pulse: () => ({ lines: [], tickedMono: clock.monoMs(), store: { unansweredMono: null, isStuck: false } }),
    notice: ({ code, text }) => notices.push(`${code}: ${text}`),
  });
  /** The real disk takes real time, which a manual clock does not have. */
  const settled = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise(setImmediate);
  };
  return { clock, releases, updates, notices, left, settled };
}

const ON_TRIAL = { current: RELEASE, previous: 'package', trial: `${RELEASE} 2`, 'trial.json': '{"serial":20,"unitsOk":12}' };

t.test('a release on trial that serves the street is confirmed after a minute, and older ones are not taken any more', async (t) => {
  const { clock, releases, updates, notices, left, settled } = runOf(t, RELEASE, ON_TRIAL);
  await updates.start();
  t.match(notices, [/^update-installed: release 20-0\.2\.0 runs on trial/]);
  await clock.advance(60_000);
  t.equal((await releases.facts()).trial, RELEASE);
  await clock.advance(10_000);
  await settled(() => notices.length === 2);
  t.match(notices[1], /^update-confirmed/);
  t.match(await releases.facts(), { current: RELEASE, previous: 'package', trial: null, serial: 20 });
  t.strictSame(left, []);
  updates.stop();
});

t.test('the start counter of a release that is ready is reset; the package is not counted', async (t) => {
  const { releases, updates } = runOf(t, RELEASE, { current: RELEASE, starts: `${RELEASE} 4` });
  await updates.start();
  t.notOk(existsSync(join(releases.dir, 'starts')));
  updates.stop();
});

t.test('a release that reaches only half of the units is reverted by itself, reports it, and ends its run', async (t) => {
  const { clock, releases, updates, notices, left, settled } = runOf(t, RELEASE, ON_TRIAL, 6);
  await updates.start();
  await clock.advance(300_000);
  await settled(() => notices.length === 2);
  t.match(texts(notices[1]), /^update-reverted: release 20-0\.2\.0 is reverted: 6 units answer, at least 10 are required/);
  t.match(await releases.facts(), { current: 'package', previous: null, trial: null, failed: RELEASE, serial: 0 });
  await clock.advance(2_000);
  t.equal(left.length, 1);
  updates.stop();
});

t.test(
  'a failure that the starter found is reported once by the release that runs again, and a trial cut off before it began is none',
  async (t) => {
    const { clock, releases, updates, notices } = runOf(t, 'package', { current: 'package', failed: RELEASE, trial: `${RELEASE} 3` });
    await updates.start();
    t.match(notices, [/^update-reverted: release 20-0\.2\.0 did not start, and was reverted: package runs again/]);
    while (await releases.isFailureNew()) await new Promise(setImmediate);
    await updates.start();
    await clock.advance(400_000);
    t.equal(notices.length, 1);
    t.equal((await releases.facts()).failed, RELEASE, 'the status goes on saying it');
    updates.stop();
  },
);

t.test('the package that runs in place of a release reports it, and the status names what runs', async (t) => {
  const { updates, notices } = runOf(t, 'package', { current: RELEASE });
  await updates.start();
  t.match(notices, [
    /^update-reverted: release 20-0\.2\.0 is not run: no update key is known here, or it was never unpacked; package runs/,
  ]);
  t.match(await updates.manager.status(), { release: 'package', state: 'confirmed' });
  updates.stop();
});

t.test('an unfinished upload is removed after three days, from an earlier run too', async (t) => {
  const day = 86_400_000;
  const { clock, releases, updates, settled } = runOf(t, 'package', { incoming: 'begun' });
  await updates.start();
  await clock.advance(3 * day - 1);
  t.ok(existsSync(releases.incoming));
  await updates.manager.put({ atByte: 6, ofBytes: 10, data: Buffer.from('more') });
  await clock.advance(3 * day - 1);
  t.ok(existsSync(releases.incoming), 'each part gives it time again');
  await clock.advance(1);
  await settled(() => !existsSync(releases.incoming));
  updates.stop();
});
