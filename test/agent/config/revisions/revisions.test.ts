import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { checkRevisionInChild } from '../../../../agent/config/revisions/check-in-child.ts';
import { checkRevisionHere } from '../../../../agent/config/revisions/check-revision.ts';
import { createRevisionDisk, type RevisionDisk, revisionHash } from '../../../../agent/config/revisions/revision-disk.ts';
import { firstRevisionHistory, KEPT_REVISIONS, withConfirmed, withTrial } from '../../../../agent/config/revisions/revision-history.ts';
import { type RevisionHistory, readRevisionHistory } from '../../../../agent/config/revisions/revision-history-file.ts';
import { RevisionManager } from '../../../../agent/config/revisions/revision-manager.ts';
import { folderToCheck } from '../../../../agent/config/revisions/revisions.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';
import type { CommitRequest } from '../../../../agent/core/revisions.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { texts } from '../../../support/texts.ts';
import { changed } from '../small-street.ts';

const HASH = 'a'.repeat(64);
const NEW = { atMs: 0, by: 'platform', why: '', hash: HASH };
const brighter = (levelPct: number): string => changed(SMALL_SITE, [['levelPct: 30 }', `levelPct: ${levelPct} }`]]);
const COMMIT: CommitRequest = {
  by: 'platform',
  author: 'platform',
  why: '',
  mode: 'auto',
  minutes: 10,
  base: null,
  commandId: 'a1',
  lowersFloor: false,
};

/** A site in a folder, and its beginning. */
async function site(t: { testdir(): string }, text = SMALL_SITE) {
  const folder = t.testdir();
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, text);
  const dataDir = join(folder, 'data');
  const begin = () => beginConfiguration({ configFile, dataDir, nowMs: 1_000 });
  return { configFile, dataDir, begin, first: await begin() };
}

interface Bench {
  readonly manager: RevisionManager;
  readonly events: AgentEvent[];
  readonly ends: unknown[];
  readonly applied: string[];
  /** The hash of the candidate of the platform at each change; null without one. */
  readonly shown: (string | null)[];
  readonly health: { answering: Set<string>; devices: Map<string, string>; silent: Map<string, string>; isOnline: boolean };
  readonly clock: ReturnType<typeof createManualClock>;
}

/** A revision manager on a disk, with a street that applies each configuration at once. */
async function openManager(
  beginning: Awaited<ReturnType<typeof beginConfiguration>>,
  disk: RevisionDisk = beginning.revisions.disk,
  { isStarted = true } = {},
): Promise<Bench> {
  const clock = createManualClock(0, 'synced');
  const units = ['L01', 'L02'];
  const health = { answering: new Set(units), devices: new Map(units.map((id) => [id, 'north'])), silent: new Map(), isOnline: true };
  const [events, ends, applied, shown]: [AgentEvent[], unknown[], string[], (string | null)[]] = [[], [], [], []];
  let running:
    | Awaited<ReturnType<typeof beginConfiguration>>['site']
    | { cabinet: typeof beginning.site.cabinet; profiles: typeof beginning.site.profiles } = beginning.site;
  const made: RevisionManager = new RevisionManager({
    disk,
    clock,
    log: { event: () => {} },
    history: beginning.revisions.history,
    startNotices: beginning.revisions.notices,
    site: () => running,
    check: async (folder) => checkRevisionHere(folderToCheck(beginning.revisions, { ...folder, nowMs: 0 })),
    siteFile: '/etc/luciole/cabinet.yaml',
    unlikeSite: beginning.revisions.unlikeSite,
    touches: (before, after) => (JSON.stringify(before.cabinet) === JSON.stringify(after.cabinet) ? [] : [msg`light`]),
    health: () => health,
    apply: async (next) => {
      running = next;
      applied.push(JSON.stringify(next.cabinet.programmes[0]?.steps[1]?.level));
    },
    onEvent: (event) => events.push(event),
    onChange: () => void shown.push(made.view('platform').candidate?.hash ?? null),
    onTrialEnd: (end) => ends.push(end),
  });
  if (isStarted) await made.start();
  return { manager: made, events, ends, applied, shown, health, clock };
}

/** A revision that an earlier release took up, when platform and console could set every key. */
async function runsSinceBefore(disk: RevisionDisk, history: RevisionHistory, cabinet: string): Promise<void> {
  const files = { cabinet, profiles: {} };
  const next = withConfirmed(history, { atMs: 0, by: 'platform', why: '', hash: revisionHash(files) });
  await disk.writeFiles(next.current, files, {});
  await disk.writeHistory(next);
  await disk.remove('site');
}

/** A disk, and when all is on it that was to be written. */
function watchedDisk(inner: RevisionDisk) {
  let writes: Promise<unknown> = Promise.resolve();
  const writeHistory: RevisionDisk['writeHistory'] = (history) => {
    const write = inner.writeHistory(history);
    writes = write;
    return write;
  };
  const settled = async (): Promise<void> => {
    for (let last: Promise<unknown> | null = null; last !== writes; await new Promise((resolve) => setImmediate(resolve))) {
      last = writes;
      await last;
    }
  };
  return { disk: { ...inner, writeHistory }, settled };
}

/** Real time for the disk, simulated time for the manager. */
async function later(clock: Bench['clock'], ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 1_000) {
    await clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function until(holds: () => boolean, clock?: Bench['clock']): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 5_000) throw new Error('it never holds');
    if (clock !== undefined) await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test('the history keeps no more than the configured number of revisions', async (t) => {
  let history: RevisionHistory = firstRevisionHistory(NEW, HASH);
  for (let i = 0; i < 80; i += 1) history = withConfirmed(history, NEW);
  history = withTrial(history, NEW, { mode: 'auto', trialMs: 1, commandId: null, baseline: { units: [], isOnline: false } });
  t.equal(history.revisions.length, KEPT_REVISIONS);
  t.equal(history.current, 81);
  t.equal(history.trial?.number, 82);
  t.strictSame(readRevisionHistory(JSON.parse(JSON.stringify(history))), history);
  for (const broken of [
    undefined,
    null,
    7,
    [],
    {},
    { ...history, current: 7_000 },
    { ...history, version: 2 },
    { ...history, revisions: [] },
  ])
    t.equal(readRevisionHistory(broken), undefined);
});

t.test('the first start takes the file; the next one finds it; what is kept is whole', async (t) => {
  const { first, begin, dataDir } = await site(t);
  t.match(first.revisions.history, { current: 1, trial: null, revisions: [{ number: 1, by: 'file', state: 'confirmed' }] });
  t.strictSame(first.revisions.notices, []);
  t.equal(readFileSync(join(dataDir, 'config/r1/cabinet.yaml'), 'utf8'), SMALL_SITE);
  const second = await begin();
  t.strictSame(second.revisions.history, first.revisions.history);
  t.strictSame(second.site.cabinet, { ...first.site.cabinet });
});

t.test('a full disk keeps no street dark', { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false }, async (t) => {
  const { configFile, dataDir } = await site(t);
  rmSync(dataDir, { recursive: true });
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o500);
  const { site: found, revisions } = await beginConfiguration({ configFile, dataDir, nowMs: 0 });
  t.equal(found.cabinet.id, 'demo');
  t.match(revisions.notices, [{ code: 'config-refused', text: /cannot be kept/ }]);
  chmodSync(dataDir, 0o700);
});

const inTheWay: Readonly<Record<string, (dataDir: string) => string>> = {
  'a file': (dir) => placed(join(dir, 'config'), (path) => writeFileSync(path, '')),
  'a pipe': (dir) => placed(join(dir, 'config'), (path) => void execFileSync('mkfifo', [path])),
  'a link that leads nowhere': (dir) => placed(join(dir, 'config'), (path) => symlinkSync(join(dir, 'none'), path)),
  'a folder in the place of the history': (dir) =>
    placed(join(dir, 'config/book.json'), (path) => mkdirSync(join(path, 'sub'), { recursive: true })),
};

function placed(path: string, put: (path: string) => void): string {
  rmSync(path, { recursive: true });
  put(path);
  return path;
}

for (const [what, place] of Object.entries(inTheWay))
  t.test(`an event lasts while ${what} keeps revisions from the disk`, async (t) => {
    const { dataDir, begin } = await site(t);
    const path = place(dataDir);
    const { manager: at, events } = await openManager(await begin());
    const lasting = events.filter(({ endMs }) => endMs === null);
    t.match(lasting, [
      { code: 'config-refused', severity: 'warning', text: /cannot be kept \(E[A-Z]+\): check the folder config in store\.dir/ },
    ]);
    t.equal(lasting.length, 1);
    rmSync(path, { recursive: true });
    t.strictSame((await begin()).revisions.notices, [], 'the next start keeps them');
    await at.put('cabinet.yaml', brighter(45), 'platform');
    t.match(await at.commit(COMMIT), { state: 'done' });
    t.match(events.filter(({ id }) => id === lasting[0]?.id).at(-1), { endMs: Number }, 'or a revision that is kept ends it');
  });

t.test('a truncated history, or files that were changed, fall back to the site file', async (t) => {
  const { dataDir, begin } = await site(t);
  writeFileSync(join(dataDir, 'config/book.json'), '{"version":1,"curr');
  t.match((await begin()).revisions.history, { current: 1 }, 'a new history starts');
  appendFileSync(join(dataDir, 'config/r1/cabinet.yaml'), '# one byte more');
  const { revisions } = await begin();
  t.match(revisions.notices, [{ code: 'config-refused', text: /revision 1 cannot be used any more/ }]);
  t.match(revisions.history, { current: 2, revisions: [{}, { by: 'file' }] });
});

t.test('a file changed by hand is a revision of its own; an invalid one is reported and does not run', async (t) => {
  const { configFile, begin } = await site(t);
  writeFileSync(configFile, brighter(60));
  const { site: second, revisions } = await begin();
  t.match(second.cabinet.programmes[0]?.steps[1]?.level, { pct: 60 });
  t.match(revisions, { history: { current: 2 }, notices: [{ code: 'config-changed', text: /in the place of revision 1/ }] });
  writeFileSync(configFile, 'lines: nonsense');
  const { site: third, revisions: afterRefusal } = await begin();
  t.match(third.cabinet.programmes[0]?.steps[1]?.level, { pct: 60 }, 'the last one runs');
  t.match(afterRefusal, {
    history: { current: 2 },
    notices: [{ code: 'config-refused', severity: 'alarm', text: /cannot be used.*cabinet\.yaml:1:/ }],
  });
  rmSync(configFile);
  t.match((await begin()).revisions.notices, [{ code: 'config-refused', text: /no such file/ }]);
});

t.test('without any valid configuration the start ends with the reasons', async (t) => {
  const folder = t.testdir();
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, 'lines: nonsense');
  await t.rejects(beginConfiguration({ configFile, dataDir: join(folder, 'data'), nowMs: 0 }), { name: 'ConfigError' });
});

t.test('a revision that makes the agent crash repeatedly is reverted at the start', async (t) => {
  const beginning = await site(t);
  const { manager: at } = await openManager(beginning.first);
  await at.put('cabinet.yaml', brighter(45), 'platform');
  t.match(withTexts(await at.commit(COMMIT)), { state: 'done', revision: 2, isOnTrial: true, touches: ['light'] });
  // No orderly stop: each of these runs was killed.
  for (const starts of [1, 2, 3]) {
    const { site: found, revisions } = await beginning.begin();
    t.match(revisions.history.trial, { number: 2, starts });
    t.match(found.cabinet.programmes[0]?.steps[1]?.level, { pct: 45 });
  }
  const { site: found, revisions } = await beginning.begin();
  t.match(found.cabinet.programmes[0]?.steps[1]?.level, { pct: 30 });
  t.match(revisions.notices, [{ code: 'config-returned', text: /had to start 4 times/ }]);
  t.match(revisions.history, { current: 1, trial: null, revisions: [{}, { state: 'returned', reason: /4 times/ }] });
});

t.test('a commit shows that its candidate no longer exists', async (t) => {
  const { manager: at, shown } = await openManager((await site(t)).first);
  await at.put('cabinet.yaml', brighter(45), 'platform');
  t.equal(shown.at(-1), at.view('platform').candidate?.hash);
  await at.commit(COMMIT);
  t.equal(at.view('platform').candidate, null);
  t.equal(shown.at(-1), null);
});

t.test('the time of a trial continues across a restart, also of a run that stops before it starts', async (t) => {
  const beginning = await site(t);
  const first = await openManager(beginning.first);
  await first.manager.put('cabinet.yaml', brighter(45), 'platform');
  await first.manager.commit({ ...COMMIT, mode: 'asked', minutes: 5 });
  await later(first.clock, 200_000);
  await first.manager.stop();
  const { revisions } = await beginning.begin();
  t.equal(revisions.history.trial?.spentMs, 200_000);
  const unstarted = await openManager(await beginning.begin(), undefined, { isStarted: false });
  t.match(unstarted.manager.view('platform').trial, { restS: 100 });
  await unstarted.manager.stop();
  const second = await openManager(await beginning.begin());
  await later(second.clock, 95_000);
  t.strictSame(second.ends, []);
  await until(() => second.ends.length > 0, second.clock);
  t.match(second.ends, [{ commandId: 'a1', number: 2, reason: /it was not confirmed within 5 min/ }]);
  t.match(second.applied, ['{"pct":30}'], 'what ran before runs again');
  await second.manager.stop();
});

t.test('what ran before runs again although a check for a new configuration refuses it', async (t) => {
  const endsEarly = changed(SMALL_SITE, [['holdS: 15,', 'holdS: 15, maxBoostS: 60,']]);
  const beginning = await site(t, endsEarly);
  const first = await openManager(beginning.first);
  await first.manager.put('cabinet.yaml', endsEarly.replace('levelPct: 30 }', 'levelPct: 45 }'), 'platform');
  t.match(await first.manager.commit(COMMIT), { state: 'refused', problems: [{ path: 'zones[0].presence.maxBoostS' }] });
  await first.manager.put('cabinet.yaml', brighter(45), 'platform');
  t.match(await first.manager.commit({ ...COMMIT, mode: 'asked', minutes: 5 }), { state: 'done', revision: 2 });
  await first.manager.stop();
  const second = await openManager(await beginning.begin());
  t.match(await second.manager.returnTrial('console:anne', ''), { state: 'done', revision: 1 });
  t.strictSame(second.applied, ['{"pct":30}'], 'at the end of a trial, after a restart');
  await second.manager.put('cabinet.yaml', brighter(45), 'platform');
  await second.manager.commit(COMMIT);
  await second.manager.confirm('console:anne');
  t.match(await second.manager.rollback(1, COMMIT), { state: 'done', warnings: [{ path: 'zones[0].presence.maxBoostS' }] });
  t.equal(second.applied.at(-1), '{"pct":30}', 'by a rollback');
  await second.manager.stop();
});

t.test('a return to a revision whose files are damaged says that the one on trial runs on', async (t) => {
  const beginning = await site(t);
  const first = await openManager(beginning.first);
  await first.manager.put('cabinet.yaml', brighter(45), 'platform');
  await first.manager.commit({ ...COMMIT, mode: 'asked', minutes: 5 });
  await first.manager.stop();
  const second = await openManager(await beginning.begin());
  writeFileSync(join(beginning.dataDir, 'config/r1/cabinet.yaml'), 'lines: nonsense');
  t.match(await second.manager.returnTrial('console:anne', ''), {
    state: 'refused',
    reason: /revision 1 cannot be used, so revision 2 runs on/,
  });
  t.strictSame(second.applied, []);
  await second.manager.stop();
  t.match(await second.manager.returnTrial('console:anne', ''), { state: 'refused', reason: /no revision is on trial/ });
});

t.test('while the agent stops a return is refused, and the trial goes on', async (t) => {
  const beginning = await site(t);
  const at = await openManager(beginning.first);
  await at.manager.put('cabinet.yaml', brighter(45), 'platform');
  await at.manager.commit({ ...COMMIT, mode: 'asked', minutes: 5 });
  await at.manager.stop();
  t.match(await at.manager.returnTrial('console:anne', ''), { state: 'refused', reason: /the agent stops: the trial goes on/ });
  t.equal((await beginning.begin()).revisions.history.trial?.number, 2);
});

for (const [minutes, killedAfterMs] of [
  [1, 2_000],
  [5, 12_000],
  [5, 29_000],
  [30, 1_000],
  [30, 29_000],
  [168, 59_000],
] as const) {
  t.test(`runs of ${killedAfterMs} ms that are killed do not prolong a trial of ${minutes} min`, async (t) => {
    const beginning = await site(t);
    const { disk, settled } = watchedDisk(beginning.first.revisions.disk);
    let bench = await openManager(beginning.first, disk);
    await bench.manager.put('cabinet.yaml', brighter(45), 'platform');
    await bench.manager.commit({ ...COMMIT, mode: 'asked', minutes });
    const restS = (): number => bench.manager.view('platform').trial?.restS ?? 0;
    for (const starts of [1, 2, 3]) {
      const beforeS = restS();
      await later(bench.clock, killedAfterMs);
      await settled();
      bench = await openManager(await beginning.begin(), disk);
      const lostS = beforeS - restS();
      const mostS = killedAfterMs / 1_000 + 1 + Math.min(30, (minutes * 60) / 20) + 1;
      t.ok(lostS >= killedAfterMs / 1_000 && lostS <= mostS, `start ${starts}: ${lostS} s less`);
    }
    bench.health.answering.clear();
    await later(bench.clock, 1_000);
    t.equal(bench.manager.view('platform').trial?.number, 2, 'a line that is not open yet is none that is lost');
    await bench.manager.stop();
  });
}

t.test('a candidate is refused for its faults, with their places, and stays so that it can be corrected', async (t) => {
  const { first } = await site(t);
  const { manager: at, applied } = await openManager(first);
  await at.put('cabinet.yaml', changed(SMALL_SITE, [['programme: residential', 'programme: residentiel']]), 'platform');
  t.match(withTexts(await at.commit(COMMIT)), {
    state: 'refused',
    reason: 'one thing in it is wrong',
    problems: [{ file: 'cabinet.yaml', line: 22, column: 16, message: /residentiel/ }],
  });
  t.match(await at.commit({ ...COMMIT, base: 'b'.repeat(64) }), { state: 'refused', reason: /not the one that this is based on/ });
  await at.put('cabinet.yaml', SMALL_SITE, 'platform');
  t.match(await at.commit(COMMIT), { state: 'done', reason: /equal to revision 1/, isOnTrial: false });
  t.equal(at.view('platform').candidate, null);
  t.strictSame(applied, []);
  t.match(await at.commit(COMMIT), { state: 'refused', reason: /no candidate/ });
});

t.test('a signature stays with the candidate across later files and a restart, and is removed with it', async (t) => {
  const { first, begin } = await site(t);
  const { manager: at } = await openManager(first);
  const part = (file: string, text: string) => {
    const data = Buffer.from(text);
    return { file, part: 1, parts: 1, sha256: createHash('sha256').update(data).digest('hex'), data };
  };
  const signatureOf = (from: RevisionManager) => from.view('platform').candidate?.signature;
  await at.putPart(part('revision.sig', 'luciole-sig1.a.b\n'), 'platform');
  t.equal(signatureOf(at), 'luciole-sig1.a.b', 'it may come before the files');
  t.equal((await at.files('candidate', 'platform'))?.cabinet, SMALL_SITE, 'and is none of them');
  const { hash } = at.view('platform').candidate ?? {};
  t.equal(hash, revisionHash({ cabinet: SMALL_SITE, profiles: {} }));
  await at.putPart(part('cabinet.yaml', brighter(60)), 'platform');
  t.equal(signatureOf(at), 'luciole-sig1.a.b', 'a file leaves it');
  t.match(await at.putPart(part('revision.sig', 'x'.repeat(8_193)), 'platform'), { state: 'refused', reason: /at most 8192/ });
  await at.stop();
  const again = (await openManager(await begin())).manager;
  t.equal(signatureOf(again), 'luciole-sig1.a.b', 'after a restart');
  await again.putPart(part('revision.sig', 'luciole-sig1.c.d'), 'platform');
  t.equal(signatureOf(again), 'luciole-sig1.c.d', 'another takes its place');
  await again.put('revision.sig', null, 'platform');
  t.equal(signatureOf(again), null, 'taken out');
  await again.putPart(part('revision.sig', 'luciole-sig1.e.f'), 'platform');
  await again.discard('platform');
  await again.put('cabinet.yaml', brighter(50), 'platform');
  t.equal(signatureOf(again), null, 'gone with its candidate');
});

t.test('comments alone are kept without a trial', async (t) => {
  const { first } = await site(t);
  const { manager: at } = await openManager(first);
  await at.put('cabinet.yaml', `${SMALL_SITE}# for the archive\n`, 'platform');
  t.match(await at.commit(COMMIT), { state: 'done', revision: 2, isOnTrial: false, changes: [] });
  t.match(at.view('platform'), { running: { number: 2, state: 'confirmed' }, trial: null });
});

t.test('a site with an uplink in its revision alone may lose it at the cabinet, but not by the platform', async (t) => {
  const withoutUplink = SMALL_SITE.slice(0, SMALL_SITE.indexOf('uplink:'));
  const beginning = await site(t, withoutUplink);
  await runsSinceBefore(beginning.first.revisions.disk, beginning.first.revisions.history, SMALL_SITE);
  const { manager: at } = await openManager(await beginning.begin());
  await at.put('cabinet.yaml', withoutUplink, 'platform');
  t.match(await at.commit(COMMIT), { state: 'refused', reason: /cut itself off/ });
  await at.take('platform', 'console:anne');
  t.match(await at.commit({ ...COMMIT, by: 'console:anne', author: 'console' }), { state: 'done' });
});

t.test('a candidate of the platform is committed by another author only after a takeover, and the history names both', async (t) => {
  const { first } = await site(t);
  const { manager: at } = await openManager(first);
  const marie = { ...COMMIT, by: 'console:marie', author: 'console' as const };
  await at.put('cabinet.yaml', brighter(70), 'platform:eve');
  t.match(await at.commit(marie), { state: 'refused', reason: /no candidate/ });
  await at.set('zones[rue].minPct', '20', 'console:marie');
  t.match(
    (await at.check('console:marie')).changes.map(({ path }) => path),
    ['zones[rue].minPct'],
    'hers alone',
  );
  await at.discard('console:marie');
  t.not(at.view('platform').candidate, null, 'the own one alone is discarded');
  await at.take('platform', 'console:marie');
  await at.put('cabinet.yaml', brighter(99), 'platform:eve');
  t.match(
    await at.commit(marie),
    { state: 'done', revision: 2, partsBy: ['platform:eve'] },
    'the user who commits is shown the other authors',
  );
  t.match(at.history()[0], { by: 'console:marie', why: /with parts by platform:eve/ });
  t.match((await at.files('running', ''))?.cabinet, /levelPct: 70/, 'as it was when she looked at it');
  t.match(at.view('platform').candidate, { by: 'platform:eve' }, 'the changed original stays with its author');
});

t.test('a device type arrives with a revision, replaces a shipped one, and must pass its own examples', async (t) => {
  const { first } = await site(t);
  const { manager: at } = await openManager(first);
  const led = readFileSync(join(import.meta.dirname, '../../../../drivers/profiles/wirenboard-wb-led.yaml'), 'utf8');
  await at.put('profiles/wb-led.yaml', led.replace(/^model: .*$/m, 'model: WB-LED of this city'), 'platform');
  t.match(await at.check('platform'), { state: 'done', changes: [{ path: 'profiles.wb-led.yaml', before: null }] });
  await at.put('profiles/wb-led.yaml', led.replace(/^(id: .*)$/m, '$1\nnonsense: 1'), 'platform');
  t.match(await at.check('platform'), { state: 'refused', problems: [{ file: 'profiles/wb-led.yaml' }] });
  t.match(await at.put('profiles/wb-led.yaml', null, 'platform'), { state: 'done' });
  t.match(await at.put('profiles/wb-led.yaml', null, 'platform'), { state: 'refused', reason: /there is no/ });
});

/** A disk that takes no revision while it is full. The history is in memory, so that no write of it outlasts simulated time. */
function fullableDisk(disk: RevisionDisk) {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const state = { isFull: false, refusals: 0 };
  let text = 'null';
  const refuse = (): Promise<void> => {
    state.refusals += 1;
    return Promise.reject(full);
  };
  const fullable: RevisionDisk = {
    ...disk,
    readHistory: async () => JSON.parse(text) as unknown,
    writeHistory: async (history) => {
      if (state.isFull) return refuse();
      text = JSON.stringify(history);
    },
    writeFiles: (of, files, note) => (state.isFull ? refuse() : disk.writeFiles(of, files, note)),
  };
  return { state, disk: fullable };
}

t.test('a confirmation that a full disk cannot store is not valid: the trial continues, and a later one counts', async (t) => {
  const { first } = await site(t);
  const { state, disk } = fullableDisk(first.revisions.disk);
  const { manager: at, events, ends } = await openManager(first, disk);
  await at.put('cabinet.yaml', brighter(45), 'console:anne');
  await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked' });
  state.isFull = true;
  t.match(texts(await at.confirm('console:anne')), {
    state: 'refused',
    code: 'not-stored',
    reason: /revision 2 stays on trial: .*\(ENOSPC\): check the disk of store\.dir/,
    revision: 2,
  });
  t.match(texts(at.view('console:anne')), { running: { number: 2, state: 'trial' }, trial: { number: 2 }, trouble: /ENOSPC/ });
  t.match(readRevisionHistory(await disk.readHistory()), { current: 1, trial: { number: 2 } }, 'the next start goes on with the trial');
  t.notOk(events.some(({ code }) => code === 'config-confirmed'));
  t.strictSame(ends, [], 'no end is reported to a platform');
  state.isFull = false;
  t.match(await at.confirm('console:anne'), { state: 'done', revision: 2 });
  t.match(readRevisionHistory(await disk.readHistory()), { current: 2, trial: null });
  t.match(events.at(-1), { code: 'config-confirmed' });
});

t.test('a trial whose confirmation was not stored still ends by its own rules', async (t) => {
  const { first } = await site(t);
  const { state, disk } = fullableDisk(first.revisions.disk);
  const { manager: at, clock, applied } = await openManager(first, disk);
  await at.put('cabinet.yaml', brighter(45), 'console:anne');
  await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked', minutes: 1 });
  state.isFull = true;
  t.match(await at.confirm('console:anne'), { code: 'not-stored' });
  await later(clock, 61_000);
  await at.settled();
  t.match(at.view('console:anne'), { running: { number: 1 }, trial: null });
  t.strictSame(applied, ['{"pct":45}', '{"pct":30}']);
});

for (const fullMinutes of [1, 9, 100]) {
  t.test(`a trial that ends by itself is confirmed once the disk takes it, after ${fullMinutes} min of a full one`, async (t) => {
    const { first } = await site(t);
    const { state, disk } = fullableDisk(first.revisions.disk);
    const { manager: at, clock, ends, applied } = await openManager(first, disk);
    await at.put('cabinet.yaml', brighter(45), 'platform');
    await at.commit(COMMIT);
    await later(clock, 10_000);
    state.isFull = true;
    await later(clock, fullMinutes * 60_000);
    t.match(at.view('platform'), { running: { number: 2 }, trial: { number: 2 } });
    t.strictSame(ends, []);
    t.ok(state.refusals <= 4 * fullMinutes + 4, `${state.refusals} writes: not one a second`);
    state.isFull = false;
    await later(clock, 60_000);
    await at.settled();
    t.match(texts(at.view('platform')), { running: { number: 2 }, trial: null, trouble: '' });
    t.match(readRevisionHistory(await disk.readHistory()), { current: 2, trial: null });
    t.match(texts(ends), [{ number: 2, reason: '' }]);
    t.strictSame(applied, ['{"pct":45}'], 'the street was never taken back');
  });
}

t.test('a rollback on a disk without room runs the former revision, reports that it is not stored, and stores it later', async (t) => {
  const { first } = await site(t);
  const { state, disk } = fullableDisk(first.revisions.disk);
  const readOnly = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
  const taken = { ...disk, unmarkTrial: () => (state.isFull ? Promise.reject(readOnly) : disk.unmarkTrial(2)) };
  const { manager: at, clock, applied } = await openManager(first, taken);
  await at.put('cabinet.yaml', brighter(45), 'console:anne');
  await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked' });
  state.isFull = true;
  t.match(await at.returnTrial('console:anne', ''), {
    state: 'done',
    code: 'not-stored',
    revision: 1,
    reason: /not stored: .*\(ENOSPC\): check the disk of store\.dir; a restart before it is stored goes on with the trial/,
  });
  t.strictSame(applied, ['{"pct":45}', '{"pct":30}']);
  state.isFull = false;
  await later(clock, 31_000);
  t.match(readRevisionHistory(await disk.readHistory()), { current: 1, trial: null });
});

for (const ending of ['by a person', 'by itself'] as const) {
  t.test(`a trial that was ended ${ending} on a full disk is not on trial again after a kill, however often`, async (t) => {
    const { first, begin: again } = await site(t);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    let isFull = false;
    const refusing: RevisionDisk = {
      ...first.revisions.disk,
      writeHistory: (history) => (isFull ? Promise.reject(full) : first.revisions.disk.writeHistory(history)),
    };
    const { manager: at, clock, applied, health } = await openManager(first, refusing);
    await at.put('cabinet.yaml', brighter(45), 'console:anne');
    t.match(await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked' }), { isOnTrial: true });
    t.match((await again()).revisions.history, { trial: { number: 2 } }, 'until then a kill leaves it on trial');
    isFull = true;
    if (ending === 'by a person') t.match(await at.returnTrial('console:anne', ''), { state: 'done', revision: 1 });
    else {
      health.answering.clear();
      await later(clock, 40_000);
      await at.settled();
    }
    t.strictSame(applied, ['{"pct":45}', '{"pct":30}']);
    // As after kill -9: nothing of what was in memory.
    for (let start = 1; start <= 5; start += 1) {
      const { site: begun, revisions } = await again();
      t.match(begun.cabinet.programmes[0]?.steps[1]?.level, { pct: 30 }, `start ${start}`);
      t.match(revisions.history, { current: 1, trial: null });
    }
  });
}

t.test('a trial begun by an earlier release has no mark, and continues at a start', async (t) => {
  const { first, begin: again } = await site(t);
  const { manager: at } = await openManager(first);
  await at.put('cabinet.yaml', brighter(45), 'console:anne');
  await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked' });
  await at.stop();
  const { disk } = first.revisions;
  const stored = (await disk.readHistory()) as { trial: { isMarked?: boolean } };
  delete stored.trial.isMarked;
  await disk.writeHistory(stored);
  await disk.unmarkTrial(2);
  t.match((await again()).revisions.history, { trial: { number: 2 } });
});

t.test('a file, a value and a candidate of another author are refused by a full disk with its code', async (t) => {
  const { first } = await site(t);
  const { state, disk } = fullableDisk(first.revisions.disk);
  const { manager: at } = await openManager(first, disk);
  await at.put('cabinet.yaml', brighter(45), 'console:luc');
  state.isFull = true;
  const refused = { state: 'refused', code: 'not-stored', reason: /cannot be kept \(ENOSPC\): check the disk of store\.dir/ };
  t.match(texts(await at.put('cabinet.yaml', brighter(50), 'console:anne')), refused);
  t.match(texts(await at.set('zones[rue].minPct', '20', 'console:anne')), refused);
  t.match(texts(await at.take('console:luc', 'console:anne')), refused);
  t.match(texts(await at.commit({ ...COMMIT, by: 'console:luc', author: 'console' })), refused);
  t.match(texts(await at.rollback(1, { ...COMMIT, by: 'console:luc', author: 'console' })), {
    state: 'done',
    reason: /equal to revision 1/,
  });
});

t.test('a disk that became read-only keeps a candidate that is discarded, and a commit of its files counts', async (t) => {
  const { first } = await site(t);
  const { disk } = first.revisions;
  let isReadOnly = false;
  const refusal = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
  const failing: RevisionDisk = { ...disk, remove: (files) => (isReadOnly ? Promise.reject(refusal) : disk.remove(files)) };
  const { manager: at } = await openManager(first, failing);
  await at.put('cabinet.yaml', brighter(45), 'platform');
  isReadOnly = true;
  t.match(texts(await at.discard('platform')), { state: 'refused', code: 'not-stored', reason: /EROFS/ });
  t.not(at.view('platform').candidate, null);
  t.match(await at.commit(COMMIT), { state: 'done', revision: 2 });
  t.equal(at.view('platform').candidate, null);
});

t.test('a full disk refuses a revision, and the street does not change', async (t) => {
  const { first } = await site(t);
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  let isFull = false;
  const { disk } = first.revisions;
  const failing: RevisionDisk = {
    ...disk,
    writeHistory: (history) => (isFull ? Promise.reject(full) : disk.writeHistory(history)),
    writeFiles: (of, files, note) => (isFull && typeof of !== 'string' ? Promise.reject(full) : disk.writeFiles(of, files, note)),
  };
  const { manager: at, applied } = await openManager(first, failing);
  await at.put('cabinet.yaml', brighter(45), 'platform');
  isFull = true;
  t.match(texts(await at.commit(COMMIT)), { state: 'refused', reason: /cannot be kept \(ENOSPC\)/ });
  t.strictSame(applied, []);
  t.match(at.view('platform'), { running: { number: 1 }, trial: null });
  isFull = false;
  t.match(await at.commit(COMMIT), { state: 'done', revision: 2 });
});

t.test('a trial is reverted on request, and leaves nothing on disk', async (t) => {
  const beginning = await site(t);
  const { manager: at, applied, events } = await openManager(beginning.first);
  await at.put('cabinet.yaml', brighter(45), 'console:anne');
  await at.commit({ ...COMMIT, by: 'console:anne', author: 'console', mode: 'asked' });
  t.match(await at.returnTrial('console:anne', 'the cable was pulled'), { state: 'done', revision: 1 });
  t.strictSame(applied, ['{"pct":45}', '{"pct":30}']);
  t.match(events.at(-1), { code: 'config-returned', text: /by console:anne: the cable was pulled/ });
  t.match(at.history(), [{ number: 2, state: 'returned' }, { number: 1 }]);
  t.match(await at.rollback(7, COMMIT), { state: 'refused', reason: /there is no revision 7: 1, 2 are kept/ });
  t.match(await at.rollback(2, { ...COMMIT, why: 'again' }), { state: 'done', revision: 3, isOnTrial: true });
  t.equal(String(at.history()[0]?.why), 'rollback to revision 2: again');
  t.match(await at.confirm('console:anne'), { state: 'done' });
  t.match(await at.rollback(1, { ...COMMIT, why: '' }), { state: 'done', revision: 4 });
  t.equal(String(at.history()[0]?.why), 'rollback to revision 1', 'the history has a reason though none was given');
  const left = readdirSync(join(beginning.dataDir, 'config')).sort();
  t.strictSame(left, ['book.json', 'r1', 'r2', 'r3', 'r4', 'site']);
});

t.test('a hostile configuration is refused in a separate process: deep, self-repeating, with keys of objects', async (t) => {
  const folder = t.testdir();
  const clock = createSystemClock({ quality: () => 'synced' });
  const disk = createRevisionDisk(folder);
  const place = {
    dir: disk.dirOf('candidate'),
    siteDir: folder,
    site: { dir: disk.dirOf('site'), hash: HASH },
    runningDir: disk.dirOf(1),
    checkedFor: 'new',
    nowMs: 0,
  } as const;
  const bomb = `a: &a [x, x]\n${'bcdefgh'
    .split('')
    .map((key, i) => `${key}: &${key} [*${'abcdefg'[i]}, *${'abcdefg'[i]}]`)
    .join('\n')}\n`;
  for (const cabinet of [
    '['.repeat(50_000),
    bomb,
    '__proto__: { polluted: 1 }\nconstructor: { prototype: 1 }\n',
    '\u0000',
    '- '.repeat(20_000),
  ]) {
    await disk.writeFiles('candidate', { cabinet, profiles: {} }, {});
    const { site: found, problems } = await checkRevisionInChild(place, clock);
    t.equal(found, null);
    t.ok(problems.length > 0 && problems.every(({ file }) => file === 'cabinet.yaml'), `${problems[0]?.message}`);
  }
  t.equal(({} as Record<string, unknown>)['polluted'], undefined);
  await disk.writeFiles('candidate', { cabinet: SMALL_SITE, profiles: {} }, {});
  const { site: found, siteOwned } = await checkRevisionInChild(place, clock);
  t.equal(found?.cabinet.id, 'demo', 'a sound one comes back whole');
  t.ok(siteOwned.length > 20, 'where neither the file of the site nor what runs is kept, nothing is allowed');
  t.ok(found?.profiles.has('wirenboard-wb-led'));
  t.equal(revisionHash({ cabinet: SMALL_SITE, profiles: {} }).length, 64);
});
