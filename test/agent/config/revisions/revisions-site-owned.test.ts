/** Tests the keys that no revision may set, through the revision manager that every author uses: real files, the real check, revisions of the release before. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { cabinetIn } from '../../../../agent/config/load/load.ts';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { checkRevisionHere } from '../../../../agent/config/revisions/check-revision.ts';
import { RevisionManager } from '../../../../agent/config/revisions/revision-manager.ts';
import { folderToCheck } from '../../../../agent/config/revisions/revisions.ts';
import { siteOwnedDifferences } from '../../../../agent/config/revisions/site-owned.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';
import type { CommitRequest, ConfigAnswer } from '../../../../agent/core/revisions.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { changed } from '../small-street.ts';

/** A history as release d8f79f5 wrote it: 1 is the file, 2 the platform's with other values, 3 one more on trial. */
const BEFORE = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/before-site-owned.json'), 'utf8')) as Record<string, string>;
const SITE_FILE = '/etc/luciole/cabinet.yaml';
const request = (by: string): CommitRequest => ({
  by,
  author: by.startsWith('platform') ? 'platform' : 'console',
  why: '',
  mode: 'asked',
  minutes: 10,
  base: null,
  commandId: null,
  lowersFloor: by === 'console:admin',
});
const AUTHORS = ['platform', 'platform:anne', 'console:viewer', 'console:technician', 'console:admin'];

async function openManager(t: { testdir(): string }, { text = SMALL_SITE, before = '' }: { text?: string; before?: string } = {}) {
  const folder = t.testdir();
  const [configFile, dataDir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  writeFileSync(configFile, text);
  if (before !== '') {
    for (const [file, content] of Object.entries({ ...BEFORE, 'book.json': BEFORE[before] ?? '' })) {
      mkdirSync(dirname(join(dataDir, 'config', file)), { recursive: true });
      writeFileSync(join(dataDir, 'config', file), content);
    }
  }
  const clock = createManualClock(0, 'synced');
  const events: AgentEvent[] = [];
  const start = async () => {
    const begun = await beginConfiguration({ configFile, dataDir, nowMs: 1_000 });
    const { revisions } = begun;
    const run = { site: begun.site as Pick<typeof begun.site, 'cabinet' | 'profiles'>, begun };
    const made = new RevisionManager({
      ...revisions,
      siteFile: SITE_FILE,
      clock,
      log: { event: () => {} },
      site: () => run.site,
      check: async (folder) => checkRevisionHere(folderToCheck(revisions, { ...folder, nowMs: clock.wallMs() })),
      touches: () => [msg`light`],
      health: () => ({ answering: new Set(), devices: new Map(), silent: new Map(), isOnline: true }),
      apply: async (next) => {
        run.site = next;
      },
      onEvent: (event) => events.push(event),
      onChange: () => {},
      onTrialEnd: () => {},
    });
    await made.start();
    return { manager: made, run };
  };
  return { ...(await start()), start, configFile, dataDir, events };
}

const owned = (answer: ConfigAnswer): string => (answer.state === 'refused' ? String(answer.reason) : `not refused: ${answer.reason}`);
const ATTACKS: readonly (readonly [what: string, from: string, to: string, key: string])[] = [
  ['sends the users of the console as a password to a broker of its own', 'mqtt://127.0.0.1:1883', 'mqtt://192.0.2.7:1883\n  username: c1\n  passwordFile: /var/lib/luciole/users.json', 'uplink.broker'],
  ['sends the private key as a password', 'group: Demo', 'group: Demo\n  username: c1\n  passwordFile: /etc/luciole/cabinet.key', 'uplink.passwordFile'],
  ['waits with another broker until the first is away', 'group: Demo', 'group: Demo\n  otherBrokers: [mqtt://192.0.2.7:1883]', 'uplink.otherBrokers'],
  ['reaches a service of the machine', 'port: demo/north', 'port: rtu+tcp://127.0.0.1:22', 'lines\\[north\\].port'],
  ['moves the site to the other side of the world', 'latitudeDeg: 47.4736, longitudeDeg: -0.5541', 'latitudeDeg: -36.8485, longitudeDeg: 174.7633', 'cabinet.latitudeDeg'],
  ['sets another time zone', 'Europe/Paris', 'Pacific/Auckland', 'cabinet.timezone'],
  ['believes any clock', 'Europe/Paris }', 'Europe/Paris, clockTrust: system }', 'cabinet.clockTrust'],
  ['leaves the store behind', 'lines:', 'store: { dir: /tmp/elsewhere }\nlines:', 'store.dir'],
  ['puts the console into the login folder', 'lines:', 'console: { socketPath: /run/luciole/login/agent.sock }\nlines:', 'console.socketPath'],
  ['writes below /etc', 'lines:', 'service: { metricsFile: /etc/luciole/x.prom }\nlines:', 'service.metricsFile'],
  ['looks into a folder of root', 'lines:', 'profileDirs: [/root]\nlines:', 'profileDirs'],
  ['names its own signer', 'lines:', 'trust: { revisionKeys: [{ id: eve, key: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }] }\nlines:', 'trust.revisionKeys'],
]; // biome-ignore format: a table

for (const [what, from, to, key] of ATTACKS)
  t.test(`a revision that ${what} is refused by name, from the platform and from every role`, async (t) => {
    const { manager: at, run } = await openManager(t);
    const hostile = changed(SMALL_SITE, [[from, to]]);
    const pattern = new RegExp(`${key}.* belongs? to the file of the site \\(/etc/luciole/cabinet.yaml\\): change (it|them) there`);
    for (const by of AUTHORS) {
      await at.put('cabinet.yaml', hostile, by);
      t.match(owned(await at.commit(request(by))), pattern);
      t.match(at.view('platform'), { running: { number: 1 }, trial: null });
    }
    t.match(owned(await at.commit(request('platform'))), pattern, 'no second try helps');
    t.match(owned(await at.check('platform')), pattern);
    const compared = await at.compare('running', 'candidate', 'platform');
    t.match(owned(compared), pattern);
    if (key !== 'profileDirs') t.ok(compared.changes.length > 0, 'and shows what it would change');
    t.strictSame(run.site, { ...run.begun.site }, 'what runs is what ran');
  });

t.test('values in several parts, by two authors, with a device type: each part may be valid, the whole is checked', async (t) => {
  const { manager: at } = await openManager(t);
  const led = readFileSync(join(import.meta.dirname, '../../../../drivers/profiles/wirenboard-wb-led.yaml'), 'utf8');
  await at.set('uplink.username', 'c1', 'platform');
  await at.set('uplink.passwordFile', '/etc/luciole/cabinet.key', 'platform');
  await at.take('platform', 'console:anne');
  await at.put('profiles/wb-led.yaml', led, 'console:anne');
  t.match(owned(await at.commit(request('console:anne'))), /uplink\.username, uplink\.passwordFile belong/);
  await at.discard('console:anne');
  await at.set('uplink.keepaliveS', '60', 'console:anne');
  await at.put('profiles/wb-led.yaml', led, 'console:anne');
  t.match(await at.check('console:anne'), { state: 'done' });
  t.match(await at.commit(request('console:anne')), { state: 'done', revision: 2 });
});

t.test('without the stored file of the site, a revision reports no new difference and ends no known one', async (t) => {
  for (const before of ['', 'book-confirmed.json']) {
    const { manager: at, dataDir, events } = await openManager(t, { before });
    const reported = () => events.filter(({ code }) => code === 'config-site-owned').map(({ endMs }) => endMs);
    const first = reported();
    rmSync(join(dataDir, 'config/site'), { recursive: true });
    await at.set('cabinet.timezone', 'Pacific/Auckland', 'console:anne');
    t.match(owned(await at.commit(request('console:anne'))), /cabinet.timezone/, 'an own one is refused');
    await at.discard('console:anne');
    await at.set('uplink.keepaliveS', '60', 'console:anne');
    t.match(await at.commit(request('console:anne')), { state: 'done' });
    t.strictSame(reported(), first, `${first.length} as before`);
  }
});

t.test('a revision of the release before keeps running with its values, and each start names them until the file sets them', async (t) => {
  const { run, events, start, configFile, dataDir } = await openManager(t, { before: 'book-confirmed.json' });
  const differing = 'cabinet.latitudeDeg, uplink.broker, uplink.username, uplink.passwordFile, lines[north].port';
  t.match(run.site.cabinet, { latitudeDeg: 47.5, uplink: { broker: 'mqtt://10.0.0.9:1883' }, lines: [{ port: 'demo/north-new' }] });
  const reported = () => events.filter(({ code }) => code === 'config-site-owned');
  t.match(withTexts(reported()), [
    { severity: 'warning', endMs: null, text: `what runs differs from the file of the site (${SITE_FILE}): ${differing}` },
  ]);
  await start();
  t.equal(reported().length, 2, 'reported again at the next start');
  t.equal(readFileSync(join(dataDir, 'config/site/cabinet.yaml'), 'utf8'), SMALL_SITE);
  const moved = BEFORE['r2/cabinet.yaml'] ?? '';
  writeFileSync(configFile, moved);
  const { run: last } = await start();
  t.equal(reported().length, 2, 'not reported: the file sets them');
  t.match(last.begun.revisions.history, { current: 3 });
  t.equal(readFileSync(join(dataDir, 'config/site/cabinet.yaml'), 'utf8'), moved, 'and is what revisions are judged by');
});

t.test('a trial begun by the release before continues and ends normally; its values are not checked in the middle', async (t) => {
  const { manager: at, run } = await openManager(t, { before: 'book.json' });
  t.match([at.view('platform').trial?.number, run.site.cabinet.uplink?.broker], [3, 'mqtt://10.0.0.10:1883']);
  t.match(await at.returnTrial('console:anne', ''), { state: 'done', revision: 2 });
  t.equal(run.site.cabinet.uplink?.broker, 'mqtt://10.0.0.9:1883', 'what ran before runs again, though unlike the file of the site');
  t.match(owned(await at.rollback(3, request('platform'))), /uplink\.broker belongs/, 'but no rollback to the other one');
});

t.test('after the upgrade a revision keeps the running values or takes those of the site file, nothing else', async (t) => {
  const { manager: at, run, events } = await openManager(t, { before: 'book-confirmed.json' });
  const legacy = BEFORE['r2/cabinet.yaml'] ?? '';
  const endsOf = () => events.filter(({ code, endMs }) => code === 'config-site-owned' && endMs !== null).length;
  await at.put('cabinet.yaml', changed(legacy, [['10.0.0.9', '10.0.0.11']]), 'platform');
  t.match(owned(await at.commit(request('platform'))), /uplink\.broker belongs/);
  await at.put('cabinet.yaml', changed(legacy, [['47.5', '47.6']]), 'platform');
  t.match(owned(await at.commit(request('platform'))), /cabinet\.latitudeDeg belongs/);
  await at.put('cabinet.yaml', changed(legacy, [['levelPct: 40', 'levelPct: 41']]), 'platform');
  t.match(await at.commit(request('platform')), { state: 'done', revision: 3 }, 'its own values with another light');
  await at.confirm('platform');
  await at.put('cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30', 'levelPct: 42']]), 'platform');
  t.equal(endsOf(), 1, 'the event was renewed');
  // Another port and position may mean less light than now, so an admin approves it.
  await at.take('platform', 'console:admin');
  t.match(await at.commit(request('console:admin')), { state: 'done', revision: 4 }, 'those of the file');
  t.equal(endsOf(), 2, 'and is over');
  await at.returnTrial('platform', '');
  t.equal(events.findLast(({ code }) => code === 'config-site-owned')?.endMs, null, 'taken back: it holds again');
  t.equal(run.site.cabinet.uplink?.broker, 'mqtt://10.0.0.9:1883');
  t.match(await at.rollback(4, request('console:admin')), { state: 'done' });
  await at.confirm('platform');
  t.match(
    owned(await at.rollback(2, request('console:admin'))),
    /uplink\.broker.*belong/,
    'once given up, the old values do not come back',
  );
});

t.test('a file of the site that is lost, cut or of another start allows nothing', async (t) => {
  const { manager: at, dataDir } = await openManager(t, { before: 'book-confirmed.json' });
  const kept = join(dataDir, 'config/site/cabinet.yaml');
  await at.put('cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30', 'levelPct: 42']]), 'platform');
  for (const text of ['', 'lines: nonsense', changed(SMALL_SITE, [['Europe/Paris', 'Europe/Berlin']])]) {
    writeFileSync(kept, text);
    t.match(owned(await at.check('platform')), /uplink\.broker/, `${text.length} bytes`);
  }
  rmSync(kept);
  t.match(owned(await at.check('platform')), /uplink\.broker/);
  t.notOk(existsSync(kept));
});

const PLACES = [
  'uplink.broker mqtt://192.0.2.7',
  'uplink.broker "mqtt:\\u002f\\u002f192.0.2.7"',
  'uplink.node c1',
  'uplink.username c1',
  'uplink.caFile /etc/passwd',
  'uplink.otherBrokers [mqtt://192.0.2.7]',
  'lines[0].port demo/north-new',
  'lines[north].port rtu+tcp://127.0.0.1:22',
  'cabinet.id c1',
  'cabinet.timezone UTC',
  'cabinet.clockTrust system',
  'cabinet.latitudeDeg 50',
  'store {}',
  'store.dir /tmp',
  'store.maxDays 50',
  'console.socketPath /tmp/c1',
  'service.metricsFile /etc/c1.prom',
  'profileDirs []',
  'trust.ports [demo/north-new]',
  'programmes[0].steps[1].levelPct 50',
  'programmes[0].steps[1].levelPct 60',
  'lamps[L01].minPct 20',
  'uplink.keepaliveS 50',
  'uplink',
];
const SET = fc.constantFrom(...PLACES).map((place) => {
  const [path = '', value = null] = place.split(' ');
  return { do: 'set' as const, path, value };
});
const EDIT = fc.oneof(
      { weight: 4, arbitrary: SET },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('load' as const), of: fc.constantFrom(1, 2, 3) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const), of: fc.constantFrom(1, 2, 3, 4) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'commit' as const, 'confirm' as const, 'returnTrial' as const), of: fc.constant(1) }) },
    ); // biome-ignore format: a table

t.test('after any random edits, a running revision has only allowed site-owned values', { timeout: 300_000 }, async (t) => {
  const folder = t.testdir();
  const fileOfSite = cabinetIn(SMALL_SITE) as Cabinet;
  let [taken, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(EDIT, { minLength: 2, maxLength: 12 }), fc.constantFrom(...AUTHORS), async (edits, by) => {
      const { manager: at, run } = await openManager(
        { testdir: () => mkdtempSync(join(folder, 'run-')) },
        { before: 'book-confirmed.json' },
      );
      const legacy = run.site.cabinet;
      let allowed = [fileOfSite, legacy];
      for (const each of edits) {
        if (each.do === 'set') await at.set(each.path, each.value, by);
        else if (each.do === 'load') await at.put('cabinet.yaml', (await at.files(each.of, by))?.cabinet ?? '', by);
        else if (each.do === 'returnTrial') await at.returnTrial(by, '');
        else {
          const answer =
            each.do === 'confirm'
              ? await at.confirm(by)
              : each.do === 'commit'
                ? await at.commit(request(by))
                : await at.rollback(each.of, request(by));
          taken += answer.state === 'done' ? 1 : 0;
          refused += / belongs? to the file of the site/.test(String(answer.reason)) ? 1 : 0;
        }
        // Once the values of the file are confirmed, the former ones are removed.
        const isConfirmed = at.view('platform').trial === null;
        if (isConfirmed && siteOwnedDifferences(run.site.cabinet, [legacy]).length > 0) allowed = [fileOfSite];
        if (siteOwnedDifferences(run.site.cabinet, allowed).length > 0) return false;
      }
      return true;
    }),
    {
      numRuns: 15,
      // At least one of each kind.
      examples: [
        [
          [
            { do: 'set', path: 'programmes[0].steps[1].levelPct', value: '50' },
            { do: 'commit', of: 1 },
          ],
          'platform',
        ],
        [
          [
            { do: 'set', path: 'uplink.broker', value: 'mqtt://192.0.2.7' },
            { do: 'commit', of: 1 },
          ],
          'platform',
        ],
      ],
    },
  );
  t.ok(taken > 0 && refused > 0, `${taken} taken up, ${refused} refused for their owner`);
});
