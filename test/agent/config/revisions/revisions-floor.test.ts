/** Tests which author may lower the light, through the revision manager that every author uses: real files, check and signatures. */

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { checkRevisionHere } from '../../../../agent/config/revisions/check-revision.ts';
import { revisionKeyText } from '../../../../agent/config/revisions/revision-key.ts';
import { RevisionManager } from '../../../../agent/config/revisions/revision-manager.ts';
import { signRevision } from '../../../../agent/config/revisions/revision-signature.ts';
import { folderToCheck } from '../../../../agent/config/revisions/revisions.ts';
import { commitRequest } from '../../../../agent/console/commands/config/config-commit.ts';
import type { ClockQuality } from '../../../../agent/core/clock.ts';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { type CommitRequest, type ConfigAnswer, SIGNATURE_FILE } from '../../../../agent/core/revisions.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { createRandom } from '../../../street/random.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { texts } from '../../../support/texts.ts';
import { changed } from '../small-street.ts';

// As the agent does: local time is then the runtime's own.
process.env['TZ'] = 'Europe/Paris';
const NOW_MS = Date.parse('2026-11-27T11:00:00Z');
const signer = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
/** Lamps whose drivers hold any level, so that the zone's minimum alone is the floor. */
const STREET = changed(
  SMALL_SITE,
  ['L01', 'L02', 'L03', 'L04'].map((id) => [`${id}, ratedPowerW: 60, minPct: 10`, `${id}, ratedPowerW: 60`] as const),
);
const SITE = `${STREET}trust: { revisionKeys: [{ id: chief, key: "${revisionKeyText(signer.publicKey)}" }] }\n`;
/** The minimum of the zone, and the level of the night. */
const dimmed = (minPct: number, levelPct = minPct): string =>
  changed(SITE, [
    ['minPct: 10\n    presence', `minPct: ${minPct}\n    presence`],
    ['levelPct: 30 }', `levelPct: ${levelPct} }`],
  ]);
const by = (author: string, lowersFloor = false): CommitRequest => ({
  ...{
    by: author,
    author: author.startsWith('platform') ? 'platform' : 'console',
    why: 'savings',
    mode: 'asked',
    minutes: 10,
    base: null,
    commandId: null,
  },
  lowersFloor,
});

interface Opening {
  readonly quality?: ClockQuality;
  /** The folder of an earlier run; a new one by default. */
  readonly folder?: string;
}

async function openManager(t: { testdir(): string }, { quality = 'synced', folder = t.testdir() }: Opening = {}) {
  const [configFile, dataDir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  if (!existsSync(configFile)) writeFileSync(configFile, SITE);
  const clock = createManualClock(NOW_MS, quality);
  const events: AgentEvent[] = [];
  const { site, revisions } = await beginConfiguration({ configFile, dataDir, nowMs: NOW_MS });
  let running: Pick<typeof site, 'cabinet' | 'profiles'> = site;
  const made = new RevisionManager({
    ...revisions,
    clock,
    log: { event: () => {} },
    site: () => running,
    check: async (folder) => checkRevisionHere(folderToCheck(revisions, { ...folder, nowMs: clock.wallMs() })),
    touches: () => [msg`light`],
    health: () => ({ answering: new Set(), devices: new Map(), silent: new Map(), isOnline: true }),
    apply: async (next) => {
      running = next;
    },
    onEvent: (event) => events.push(event),
    onChange: () => {},
    onTrialEnd: () => {},
  });
  await made.start();
  const load = async (text: string, signature: string | null = null): Promise<void> => {
    await made.put('cabinet.yaml', text, 'platform');
    await made.put(SIGNATURE_FILE, signature, 'platform');
  };
  return { manager: made, clock, events, load, folder, minPct: () => running.cabinet.zones[0]?.minPct };
}

interface Signing {
  readonly keys?: typeof signer;
  readonly cabinets?: readonly string[];
  readonly signedMs?: number;
  readonly validMs?: number;
}

function signatureOn(text: string, { keys = signer, cabinets = ['demo'], signedMs = NOW_MS, validMs = DAY_MS }: Signing = {}): string {
  return signRevision({ files: { cabinet: text, profiles: {} }, privateKey: keys.privateKey, cabinets, signedMs, validMs });
}

/** An admin at the cabinet takes over the platform's candidate and approves less light. */
async function takeAndCommit(manager: RevisionManager): Promise<ConfigAnswer> {
  await manager.take('platform', 'console:ada');
  return manager.commit(by('console:ada', true));
}

t.test(
  'dimming within the floor needs no approval; below it the platform and a technician wait, and the street does not change',
  async (t) => {
    const { manager: made, load, minPct } = await openManager(t);
    await load(dimmed(10));
    t.equal((await made.commit(by('platform'))).state, 'done');
    await made.confirm('platform');
    await load(dimmed(5));
    for (const author of ['platform', 'console:tina']) {
      if (author !== 'platform') await made.take('platform', author);
      const refused = await made.commit(by(author));
      t.equal(refused.state, 'refused');
      t.match(String(refused.reason), /less light than the floor of the site: sign it with `luciole config sign`, or let an admin/);
      t.match(texts(refused.problems[0]), {
        path: 'lamps[L01]',
        message: /^5 % at 2026-11-2\d \d\d:\d\d:\d\d .*; the floor of the site is 10 %$/,
      });
    }
    t.equal(minPct(), 10);
    t.not(made.view('platform').candidate, null, 'it waits');
    t.match((await made.check('platform')).warnings[0], { path: 'lamps[L01]' }, 'and a look at it says why');
  },
);

t.test('only an admin can approve light below the floor', (t) => {
  const args = { mode: 'auto', minutes: 10, why: '', lowersFloor: true } as const;
  const job = (role: 'viewer' | 'technician' | 'admin' | null) => ({
    caller: { user: 'x', role, socketKind: 'login' as const },
    source: 'console:x',
  });
  for (const role of ['viewer', 'technician', null] as const)
    t.throws(() => commitRequest(args, job(role)), { code: 'denied', message: /--lower-floor requires the role admin/ });
  t.equal(commitRequest(args, job('admin')).lowersFloor, true);
  t.equal(commitRequest({ ...args, lowersFloor: false }, job('technician')).lowersFloor, false);
  t.end();
});

t.test('what an admin has approved runs, is in the history, and later changes may keep it but not go further', async (t) => {
  const { manager: made, load, minPct, events } = await openManager(t);
  await load(dimmed(5));
  t.equal((await takeAndCommit(made)).state, 'done');
  await made.confirm('console:ada');
  t.equal(minPct(), 5);
  t.match(texts(made.history()[0]), { by: 'console:ada', why: 'savings; with parts by platform; below the floor, allowed by console:ada' });
  t.ok(events.some(({ code, text }) => code === 'config-changed' && /below the floor, allowed by console:ada/.test(String(text))));
  await load(dimmed(5, 40));
  t.equal((await made.commit(by('platform'))).state, 'done', 'another level of the night, above what was allowed');
  await made.confirm('platform');
  await load(dimmed(4));
  t.equal((await made.commit(by('platform'))).state, 'refused');
  t.equal(minPct(), 5);
});

t.test('a signature of a key that the site names allows it, once and no older one after it', async (t) => {
  const { manager: made, load, minPct, clock } = await openManager(t);
  const older = signatureOn(dimmed(3), { signedMs: NOW_MS - 1_000 });
  await load(dimmed(5), signatureOn(dimmed(5)));
  t.equal((await made.commit(by('platform'))).state, 'done');
  t.match(texts(made.history()[0]), { why: 'savings; below the floor, allowed by signature of chief' });
  await made.returnTrial('platform', '');
  t.equal(minPct(), 10, 'an unconfirmed trial is reverted as usual');
  await load(dimmed(5), signatureOn(dimmed(5)));
  t.equal((await made.commit(by('platform'))).state, 'done', 'the same files may be tried again');
  await made.confirm('platform');
  await load(dimmed(3), older);
  const refused = await made.commit(by('platform'));
  t.match(texts(refused), { state: 'refused', reason: /a newer signature was accepted before/ });
  await clock.advance(1);
  t.equal(minPct(), 5);
});

t.test('a signature for other files, another cabinet, another time or by an unknown key allows nothing', async (t) => {
  const text = dimmed(5);
  const bad: readonly [name: string, signature: string, reason: RegExp, quality?: ClockQuality][] = [
    ['of other files', signatureOn(dimmed(6)), /is for other files/],
    ['of a stranger', signatureOn(text, { keys: stranger }), /not one of trust\.revisionKeys/],
    ['for another cabinet', signatureOn(text, { cabinets: ['demo2'] }), /for other cabinets/],
    ['that is over', signatureOn(text, { signedMs: NOW_MS - 2 * DAY_MS }), /has expired/],
    ['of tomorrow', signatureOn(text, { signedMs: NOW_MS + DAY_MS }), /made in the future/],
    ['of nothing', 'luciole-sig1.x.y', /not a signature of/],
    ['while the clock is not trusted', signatureOn(text), /clock is not trusted/, 'none'],
  ];
  for (const [name, signature, reason, quality = 'synced'] of bad) {
    const { manager: made, load, minPct } = await openManager(t, { quality });
    await load(text, signature);
    t.match(texts(await made.commit(by('platform'))), { state: 'refused', reason }, name);
    t.equal(minPct(), 10, name);
  }
});

t.test('a signature releases the floor, never a key of the site', async (t) => {
  const { manager: made, load } = await openManager(t);
  const text = changed(dimmed(5), [['mqtt://127.0.0.1:1883', 'mqtt://192.0.2.7:1883']]);
  await load(text, signatureOn(text));
  t.match(texts(await made.commit(by('platform'))), { state: 'refused', reason: /uplink\.broker belongs to the file of the site/ });
  t.match(texts(await takeAndCommit(made)), { state: 'refused', reason: /uplink\.broker belongs to the file of the site/ });
});

t.test('an earlier revision is checked as any other: an approval is not valid for ever', async (t) => {
  const { manager: made, load, minPct } = await openManager(t);
  await load(dimmed(5));
  const { revision } = await takeAndCommit(made);
  await made.confirm('console:ada');
  await load(dimmed(20));
  await made.commit(by('platform'));
  await made.confirm('platform');
  t.equal((await made.rollback(revision ?? 0, by('platform'))).state, 'refused');
  t.equal(minPct(), 20);
  t.equal((await made.rollback(revision ?? 0, by('console:ada', true))).state, 'done');
});

t.test('a signed revision that was confirmed once cannot return after a later brighter one', async (t) => {
  const { manager: made, load, minPct, folder } = await openManager(t);
  const [dark, signature] = [dimmed(5), signatureOn(dimmed(5))];
  await load(dark, signature);
  await made.commit(by('platform'));
  await made.confirm('platform');
  t.equal((await made.commit(by('platform'))).state, 'refused', 'nothing waits');
  await load(dark, signature);
  t.match(texts(await made.commit(by('platform'))), { state: 'done', reason: /equal to revision/ }, 'what runs may be sent again');
  await load(dimmed(20));
  await made.commit(by('platform'));
  await made.confirm('platform');
  await load(dark, signature);
  const refused = await made.commit(by('platform'));
  t.match(texts(refused), { state: 'refused', reason: /this one is used up: sign the files again, which gives a higher serial/ });
  await made.stop();
  const next = await openManager(t, { folder });
  await next.load(dark, signature);
  t.match(texts(await next.manager.commit(by('platform'))), { state: 'refused', reason: /used up/ }, 'nor after a restart');
  await next.load(dark, signatureOn(dark, { signedMs: NOW_MS + 1 }));
  t.equal((await next.manager.commit(by('platform'))).state, 'done', 'the office signs again');
  t.equal(minPct(), 20);
});

t.test('a signature whose trial was returned is used up by the next revision that is confirmed', async (t) => {
  const { manager: made, load, minPct } = await openManager(t);
  await load(dimmed(5), signatureOn(dimmed(5)));
  await made.commit(by('platform'));
  await made.returnTrial('platform', '');
  await load(dimmed(20));
  await made.commit(by('platform'));
  await made.confirm('platform');
  await load(dimmed(5), signatureOn(dimmed(5)));
  t.match(texts(await made.commit(by('platform'))), { state: 'refused', reason: /used up/ });
  t.equal(minPct(), 20);
});

t.test('a signature is used up as well where an admin or what runs allowed the same light without it', async (t) => {
  for (const way of ['an admin', 'what runs']) {
    const { manager: made, load, minPct } = await openManager(t);
    const [dark, signature] = [dimmed(5), signatureOn(dimmed(5))];
    if (way === 'what runs') {
      await load(dimmed(4));
      await takeAndCommit(made);
      await made.confirm('console:ada');
      await load(dark, signature);
      t.equal((await made.commit(by('platform'))).state, 'done');
    } else {
      await load(dark, signature);
      t.equal((await takeAndCommit(made)).state, 'done');
    }
    await made.confirm('console:ada');
    await load(dimmed(20));
    await made.commit(by('platform'));
    await made.confirm('platform');
    await load(dark, signature);
    t.match(texts(await made.commit(by('platform'))), { state: 'refused', reason: /used up/ }, way);
    t.equal(minPct(), 20, way);
  }
});

t.test('no order of recorded revisions, trials, rollbacks and restarts brings back less light than the last confirmed', async (t) => {
  let at = await openManager(t);
  const recorded: { readonly text: string; readonly signature: string | null }[] = [];
  // The office: darker ones are signed, brighter ones are not.
  for (const [i, pct] of [6, 20, 4, 12, 7, 15].entries()) {
    const signature = pct < 10 ? signatureOn(dimmed(pct), { signedMs: NOW_MS + i }) : null;
    recorded.push({ text: dimmed(pct), signature });
    await at.load(dimmed(pct), signature);
    t.equal((await at.manager.commit(by('platform'))).state, 'done', `the office sets ${pct} %`);
    await at.manager.confirm('platform');
  }
  const random = createRandom(7);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const numbers = at.manager.history().map(({ number }) => number);
  for (let step = 0; step < 40; step += 1) {
    const { text, signature } = pick(recorded);
    const deed = pick(['send', 'send', 'roll back', 'restart']);
    if (deed === 'restart') {
      await at.manager.stop();
      at = await openManager(t, { folder: at.folder });
    } else {
      if (deed === 'send') await at.load(text, pick([signature, signature, pick(recorded).signature]));
      const { isOnTrial } = await (deed === 'send'
        ? at.manager.commit(by('platform'))
        : at.manager.rollback(pick(numbers), by('platform')));
      if (isOnTrial) await (random() < 0.5 ? at.manager.confirm('platform') : at.manager.returnTrial('platform', ''));
    }
    // 10 % is the floor of the site file: above it no approval is needed.
    t.ok((at.minPct() ?? 0) >= 10, `step ${step}: ${deed} gives ${at.minPct()} %`);
  }
});

t.test('a name with a mark of writing direction is refused, raw or behind an escape, in cabinet.yaml and in a device type', async (t) => {
  const { manager: made, load } = await openManager(t);
  t.match(texts(await made.put('cabinet.yaml', changed(SITE, [['Rue des Lucioles', 'Rue \u202egnp']]), 'platform')), {
    state: 'refused',
    reason: /line 2 contains the control character U\+202E: remove it/,
  });
  await load(changed(SITE, [['Rue des Lucioles', '"Rue \\u202egnp"']]));
  t.match(texts((await made.commit(by('platform'))).problems[0]), {
    path: 'name',
    message: /contains an escaped control character or line end/,
  });
  await load(dimmed(20));
  const led = changed(readFileSync('drivers/profiles/wirenboard-wb-led.yaml', 'utf8'), [['vendor: ', 'vendor: "\\u2067" # ']]);
  await made.put('profiles/led.yaml', led, 'platform');
  t.match(texts((await made.commit(by('platform'))).problems[0]), {
    path: 'profiles.wirenboard-wb-led.vendor',
    message: /control character/,
  });
});

const atSpeed = (baud: number): string => changed(SITE, [['baud: 19200', `baud: ${baud}`]]);

t.test('another speed of a line with lamps: the platform needs a signature, a technician at the cabinet does not', async (t) => {
  const { manager: made, load } = await openManager(t);
  await load(atSpeed(9_600));
  const refused = await made.commit(by('platform'));
  t.equal(refused.state, 'refused');
  t.match(refused.problems[0], { path: 'lines[north].serial', message: /a technician at the cabinet, or a signed revision/ });
  t.match((await made.check('platform')).warnings[0], { path: 'lines[north].serial' }, 'and a look at it says why');
  await load(atSpeed(9_600), signatureOn(atSpeed(9_600)));
  t.equal((await made.commit(by('platform'))).state, 'done');
  await made.returnTrial('platform', '');
  await made.put('cabinet.yaml', atSpeed(4_800), 'console:tina');
  t.match(await made.commit(by('console:tina')), { state: 'done', problems: [] });
});

t.test('a technician who changes the speed of a line lowers no level', async (t) => {
  const { manager: made, minPct } = await openManager(t);
  await made.put('cabinet.yaml', changed(dimmed(5), [['baud: 19200', 'baud: 9600']]), 'console:tina');
  const refused = await made.commit(by('console:tina'));
  t.equal(refused.state, 'refused');
  t.notMatch(
    refused.problems.map(({ path }) => path),
    ['lines[north].serial'],
    'only what she may not do is named',
  );
  t.equal(minPct(), 10);
});
