/** A check of a hostile text takes minutes: it delays neither the end of a trial nor a technician. Real files and a real history. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadRevision } from '../../../../agent/config/load/load-site.ts';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { checkRevisionInChild, NOTHING_COMPARED } from '../../../../agent/config/revisions/check-in-child.ts';
import { RevisionManager } from '../../../../agent/config/revisions/revision-manager.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { ConfigAnswer } from '../../../../agent/core/revisions.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { texts } from '../../../support/texts.ts';
import { changed } from '../small-street.ts';
import { wellStreet } from './fixtures/well-street.ts';

const NOW_MS = Date.parse('2026-11-27T11:00:00Z');
const BRIGHTER = changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]);
const REQUEST = { author: 'platform', why: '', mode: 'asked', base: null, commandId: null, lowersFloor: false } as const;

/** A manager whose checks last until they are interrupted while `hangs` is true. */
async function openManager(t: Test) {
  const folder = t.testdir();
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, SMALL_SITE);
  const clock = createManualClock(NOW_MS, 'synced');
  const { site, revisions } = await beginConfiguration({ configFile, dataDir: join(folder, 'data'), nowMs: NOW_MS });
  const state = { hangs: false, diskHangs: false, checks: 0, released: Promise.withResolvers<void>(), late: [] as Promise<unknown>[] };
  const { disk } = revisions;
  const hung = <T>(work: () => Promise<T>): Promise<T> => {
    const done = state.diskHangs ? state.released.promise.then(work) : work();
    if (state.diskHangs) state.late.push(done);
    return done;
  };
  const slowDisk: typeof disk = {
    ...disk,
    readFiles: (of) => hung(() => disk.readFiles(of)),
    writeFiles: (...args) => hung(() => disk.writeFiles(...args)),
    remove: (of) => hung(() => disk.remove(of)),
    unmarkTrial: (number) => hung(() => disk.unmarkTrial(number)),
    writeHistory: (history) => hung(() => disk.writeHistory(history)),
  };
  const manager = new RevisionManager({
    ...revisions,
    disk: slowDisk,
    ...wellStreet(site),
    clock,
    check: async ({ dir }, signal) => {
      state.checks += 1;
      const interrupted = { site: null, problems: [], warnings: [], ...NOTHING_COMPARED };
      if (state.hangs && signal?.aborted === true) return interrupted;
      if (state.hangs) return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(interrupted)));
      return { site: loadRevision(dir, folder, 'new'), problems: [], warnings: [], ...NOTHING_COMPARED };
    },
    touches: () => [msg`light`],
  });
  await manager.start();
  t.teardown(() => manager.stop());
  /** Puts a brighter revision on trial for a minute, then checks that hang. */
  const tryThenHang = async (checks: number) => {
    await manager.put('cabinet.yaml', BRIGHTER, 'platform');
    t.match(await manager.commit({ ...REQUEST, by: 'platform', minutes: 1 }), { state: 'done' });
    state.hangs = true;
    await manager.put('cabinet.yaml', SMALL_SITE, 'platform');
    return Array.from({ length: checks }, () => manager.check('platform'));
  };
  return { manager, clock, state, tryThenHang };
}

t.test('a trial ends at its time although checks of the platform hang, one after the other', async (t) => {
  const { manager, clock, tryThenHang } = await openManager(t);
  const checks = await tryThenHang(3);
  await clock.advance(62_000);
  await manager.settled();
  t.equal(manager.view('platform').trial, null, 'it does not wait for the checks');
  t.match(await checks[0], { state: 'refused' }, 'the interrupted check has an answer');
  await manager.stop();
  for (const check of checks) t.match(await check, { state: 'refused' }, 'and a stop answers the others');
});

for (const [what, end] of [
  ['a return', (manager: RevisionManager) => manager.returnTrial('platform', '')],
  ['a confirmation of a technician', (manager: RevisionManager) => manager.confirm('console:anne')],
] as const)
  t.test(`${what} does not wait for checks of the platform`, async (t) => {
    const { manager, tryThenHang } = await openManager(t);
    await tryThenHang(3);
    t.match(await end(manager), { state: 'done' });
    t.equal(manager.view('platform').trial, null);
  });

t.test('a request of a console is handled before those of the platform that wait', async (t) => {
  const { manager, state, tryThenHang } = await openManager(t);
  const order: string[] = [];
  const noted = (name: string, answer: Promise<ConfigAnswer>) => void answer.then(() => order.push(name));
  const [running] = await tryThenHang(1);
  noted('platform', manager.check('platform'));
  noted('console', manager.discard('console:anne'));
  state.hangs = false;
  await manager.returnTrial('platform', '');
  await running;
  await manager.settled();
  await manager.check('platform');
  t.strictSame(order, ['console', 'platform']);
});

for (const [what, request] of [
  ['put', (manager: RevisionManager) => manager.put('cabinet.yaml', BRIGHTER, 'platform')],
  ['set', (manager: RevisionManager) => manager.set('cabinet.name', 'Rue Haute', 'console:anne')],
  ['compare', (manager: RevisionManager) => manager.compare('running', 'candidate', 'platform')],
  ['commit', (manager: RevisionManager) => manager.commit({ ...REQUEST, by: 'platform', minutes: 1 })],
  ['rollback', (manager: RevisionManager) => manager.rollback(1, { ...REQUEST, by: 'platform', minutes: 1 })],
  ['discard', (manager: RevisionManager) => manager.discard('platform')],
] as const)
  t.test(`a trial ends at its time although the disk hangs in a ${what}`, async (t) => {
    const { manager, clock, state, tryThenHang } = await openManager(t);
    await tryThenHang(0);
    state.diskHangs = true;
    const pending = request(manager);
    await clock.advance(62_000);
    await clock.advance(11_000);
    t.equal(manager.view('platform').trial, null);
    t.match(texts(await pending), { state: 'refused', code: 'not-stored', reason: /check the disk of store\.dir/ });
    state.released.resolve();
    await manager.stop();
    for (let seen = 0; seen < state.late.length; seen += 1) await state.late[seen];
  });

t.test('confirmations sent again and again delay no console', async (t) => {
  const { manager, tryThenHang } = await openManager(t);
  await tryThenHang(1);
  const order: string[] = [];
  const repeated = Array.from({ length: 20 }, (_, i) => manager.returnTrial('platform', '').then(() => order.push(`return ${i}`)));
  const anne = manager.discard('console:anne').then(() => order.push('console'));
  await Promise.all([...repeated, anne]);
  t.strictSame(order.slice(0, 2), ['return 0', 'console']);
});

t.test('the platform may have 128 requests waiting, and each has an answer', async (t) => {
  const { manager, tryThenHang } = await openManager(t);
  const [running] = await tryThenHang(1);
  const waiting = Array.from({ length: 200 }, () => manager.check('platform'));
  t.match(texts(await waiting[199]), { state: 'refused', reason: /^128 requests for the configuration wait/ });
  const anne = manager.discard('console:anne');
  await manager.stop();
  t.match(await anne, { state: 'refused' }, 'a console still had its turn');
  t.match(await running, { state: 'refused' });
  t.equal((await Promise.all(waiting)).length, 200);
});

t.test('an interrupted check ends its process', async (t) => {
  const dir = t.testdir({ 'cabinet.yaml': SMALL_SITE, profiles: {} });
  const folder = { dir, siteDir: dir, site: { dir, hash: '' }, runningDir: dir, checkedFor: 'new', nowMs: NOW_MS } as const;
  const interrupt = new AbortController();
  const answer = checkRevisionInChild(folder, createManualClock(NOW_MS), interrupt.signal);
  interrupt.abort();
  const said = { site: null, problems: [{ message: /^the check was interrupted/ }] };
  t.match(texts(await answer), said);
  t.match(texts(await checkRevisionInChild(folder, createManualClock(NOW_MS), interrupt.signal)), said, 'also before it began');
});
