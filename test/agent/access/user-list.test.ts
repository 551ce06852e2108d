/** Users on the list that the city signs and sends: they can log in without a network until the list expires, and no other user can. */

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import t, { type Test } from 'tap';
import { createAccess } from '../../../agent/access/access.ts';
import { createHasher } from '../../../agent/access/password.ts';
import { createSentUserLists } from '../../../agent/access/sent-user-list.ts';
import { readUserList, USER_LIST_HEADER } from '../../../agent/access/user-list.ts';
import { revisionKeyText } from '../../../agent/config/revisions/revision-key.ts';
import { signHash, signRevision } from '../../../agent/config/revisions/revision-signature.ts';
import { signUserList, verifyUserList } from '../../../agent/config/revisions/user-list-signature.ts';
import type { LoginRequest, Role } from '../../../agent/core/access.ts';
import type { AuditNote } from '../../../agent/core/audit-tools.ts';
import { type ClockQuality, isTrusted } from '../../../agent/core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../../agent/core/durations.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { withTexts } from '../../../agent/core/message-wire.ts';
import { testFolder } from '../store/fixtures/kit.ts';

const AT_MS = Date.parse('2026-12-01T21:41:07Z');
const [ADA, MARIE, LUC] = ['trois lampes rue bressigny', 'quatre mats quai gambetta', 'sept coffrets place du pilori'];
const hasher = createHasher();
/** Real hashes: weaker ones are refused. */
const [MARIE_HASH, LUC_HASH] = await Promise.all([hasher.hash(MARIE), hasher.hash(LUC)]);
const office = generateKeyPairSync('ed25519').privateKey;
const mallory = generateKeyPairSync('ed25519').privateKey;

const listOf = (...lines: readonly string[]): string => `${[USER_LIST_HEADER, ...lines].join('\n')}\n`;
const marie = (until = '2027-06-30', role = 'technician'): string => `marie ${role} ${until} ${MARIE_HASH}`;
const luc = (until = '2027-06-30', role = 'technician'): string => `luc ${role} ${until} ${LUC_HASH}`;
const signedBy = (key: KeyObject, list: string, { atMs = AT_MS, cabinets = ['*'], validMs = 30 * DAY_MS } = {}): string =>
  signUserList(list, { privateKey: key, cabinets, signedMs: atMs, validMs });

interface SiteOptions {
  readonly role?: Role;
  /** None: the site names no key. */
  readonly hasKey?: boolean;
}

/** A cabinet with its admin ada, whose runs share a folder and a store; the site file names the key of the office. */
async function cabinet(t: Pick<Test, 'teardown'>, { role = 'technician', hasKey = true }: SiteOptions = {}) {
  const dir = testFolder(t);
  const clock = createManualClock(AT_MS);
  const site = { quality: 'synced' as ClockQuality, role, hasKey, isDiskAway: false };
  const facts = new Map<string, unknown>();
  const notes: AuditNote[] = [];
  const keys = () => (site.hasKey ? [{ id: 'office', key: revisionKeyText(office), role: site.role }] : []);
  const start = () => {
    const nowMs = (): number | null => (isTrusted(site.quality) ? clock.wallMs() : null);
    const access = createAccess({
      ...{ dir, cabinetId: 'ANG-0421', log: { event: () => {} }, onEvent: () => {}, passwordCost: { logN: 4, r: 8, p: 1 } },
      clock: { ...clock, quality: () => site.quality },
      store: {
        save: async (key, value) => {
          if (!site.isDiskAway) facts.set(key, structuredClone(value));
          return !site.isDiskAway;
        },
        load: async (key, unread) => (site.isDiskAway ? unread : facts.get(key)),
      },
      verifyUserList: (text, lastSerial) => verifyUserList(text, { keys: keys(), cabinetId: 'ANG-0421', nowMs: nowMs(), lastSerial }),
    });
    const send = createSentUserLists({ take: access.takeUserList, audit: { note: (note) => void notes.push(note) }, clock });
    const logIn = (user: string, password: string, more: Partial<LoginRequest> = {}) =>
      access.logIn({ user, password, code: '', newPassword: '', console: '', ...more });
    const stateOf = async (user: string, password: string): Promise<string> => (await logIn(user, password)).state;
    return { access, logIn, stateOf, send: async (text: string) => String(await send(text, 'platform:anne')) };
  };
  const first = start();
  const { oneTimePassword } = await first.access.add('ada', 'admin');
  await first.logIn('ada', oneTimePassword, { newPassword: ADA });
  return { ...first, start, clock, site, notes, facts };
}

t.test('a listed user logs in with a password, without a network and across restarts, until the list expires', async (t) => {
  const site = await cabinet(t);
  t.equal(await site.stateOf('marie', MARIE), 'wrong');
  t.equal(await site.send(signedBy(office, listOf('# team north', marie('2026-12-20'), luc('2026-12-25', 'viewer')))), '');
  const answer = await site.logIn('marie', MARIE);
  t.match(answer, { state: 'in', user: 'marie', role: 'technician' });
  t.equal(await site.stateOf('marie', LUC), 'wrong');
  const later = site.start();
  t.match(await later.logIn('luc', LUC), { role: 'viewer' });
  t.match(await later.access.users(), [
    { name: 'ada', role: 'admin' },
    { name: 'marie', role: 'technician', listedUntilMs: Date.parse('2026-12-21T00:00:00Z') },
    { name: 'luc', role: 'viewer' },
  ]);
  await site.clock.advance(Date.parse('2026-12-21T00:00:00Z') - AT_MS - 1);
  t.equal(await later.stateOf('marie', MARIE), 'in', 'on the last day');
  await site.clock.advance(1);
  t.equal(await later.stateOf('marie', MARIE), 'wrong', 'and no longer');
  t.equal(await later.stateOf('luc', LUC), 'in');
  t.equal(await later.stateOf('ada', ADA), 'in');
});

t.test('a session of a listed person ends with the right to it, and with each new list', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie('2026-12-01'))));
  const answer = await site.logIn('marie', MARIE);
  const token = answer.state === 'in' ? answer.token : '';
  t.match(site.access.callerOf(token), { user: 'marie' });
  for (let at = AT_MS; at < Date.parse('2026-12-02T00:00:00Z'); at += 5 * 60_000) {
    t.match(site.access.callerOf(token), { user: 'marie' }, 'it is used all the while');
    await site.clock.advance(5 * 60_000);
  }
  t.equal(site.access.callerOf(token), null);
  await site.send(signedBy(office, listOf(marie(), luc()), { atMs: AT_MS + 1 }));
  const [first, own] = [await site.logIn('marie', MARIE), await site.logIn('ada', ADA)];
  await site.send(signedBy(office, listOf(luc()), { atMs: AT_MS + 2 }));
  t.equal(first.state === 'in' ? site.access.callerOf(first.token) : 'not in', null, 'revoked at once');
  t.equal(await site.stateOf('marie', MARIE), 'wrong');
  t.match(own.state === 'in' ? site.access.callerOf(own.token) : null, { user: 'ada' }, 'others go on');
});

t.test('a session that a list permitted ends when a user of the cabinet takes the name', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie())));
  const listed = await site.logIn('marie', MARIE);
  const { oneTimePassword } = await site.access.add('marie', 'viewer');
  await site.logIn('marie', oneTimePassword, { newPassword: LUC });
  t.equal(listed.state === 'in' ? site.access.callerOf(listed.token) : 'not in', null);
});

t.test('a hostile platform gets no login: only what the office has signed for this cabinet, now, counts', async (t) => {
  const site = await cabinet(t);
  const good = signedBy(office, listOf(marie()));
  const [statement, signature] = good.trimEnd().split('\n').at(-1)?.split('.').slice(1) ?? [];
  const forgedText = good.replace('marie technician', 'eve technician');
  const revision = signRevision({
    files: { cabinet: listOf(marie()), profiles: {} },
    privateKey: office,
    cabinets: ['*'],
    signedMs: AT_MS,
    validMs: DAY_MS,
  });
  const bareHash = createHash('sha256').update(listOf(marie())).digest('hex');
  const raw = sign(null, Buffer.from(listOf(marie())), office).toString('base64url');
  for (const [story, text, reason] of [
    ['another key', signedBy(mallory, listOf(marie())), /not one of trust\.userKeys/],
    ['another name', forgedText, /changed after it was signed/],
    ['one more person', good.replace('\nluciole', `\n${luc()}\nluciole`), /changed after it was signed/],
    [
      'a statement of another key',
      good.replace(signature ?? '', signedBy(mallory, listOf(marie())).trimEnd().split('.').at(-1) ?? ''),
      /was changed, or made with/,
    ],
    ['a signature on a revision', `${listOf(marie())}${revision}\n`, /changed after it was signed/],
    [
      'a signature on the bare hash',
      `${listOf(marie())}${signHash({ hash: bareHash, privateKey: office, cabinets: ['*'], signedMs: AT_MS, validMs: DAY_MS })}\n`,
      /changed after it was signed/,
    ],
    ['a signature on the bytes', `${listOf(marie())}luciole-sig1.${statement}.${raw}\n`, /was changed, or made with/],
    ['another cabinet', signedBy(office, listOf(marie()), { cabinets: ['ANG-0422'] }), /other cabinets/],
    ['from the future', signedBy(office, listOf(marie()), { atMs: AT_MS + 40 * HOUR_MS }), /in the future/],
    ['too old', signedBy(office, listOf(marie()), { atMs: AT_MS - 31 * DAY_MS }), /has expired/],
    ['no signature', listOf(marie()), /not a signature/],
    ['nothing', '', /not a signature/],
    ['too long', `${USER_LIST_HEADER}\n${'#\n'.repeat(20_000)}`, /at most 32768 bytes/],
  ] as const) {
    t.match(await site.send(text), reason, story);
    t.equal(await site.stateOf('marie', MARIE), 'wrong', story);
    await site.clock.advance(HOUR_MS);
  }
  t.equal(site.facts.has('access.userList'), false);
  site.site.hasKey = false;
  t.match(
    await site.send(signedBy(office, listOf(marie()), { atMs: AT_MS + 9 })),
    /not one of trust\.userKeys/,
    'a site that names no key takes none',
  );
});

t.test('the version of a list never decreases, across restarts; of two at once the later one applies', async (t) => {
  const site = await cabinet(t);
  const old = signedBy(office, listOf(marie(), luc()));
  t.equal(await site.send(old), '');
  t.match(await site.send(old), /newer list was accepted before, or this one/);
  t.equal(await site.send(signedBy(office, listOf(luc()), { atMs: AT_MS + 1 })), '');
  const later = site.start();
  t.match(await later.send(old), /newer list/);
  const both = [2, 3].map((ms) => signedBy(office, ms === 3 ? listOf() : listOf(marie()), { atMs: AT_MS + ms }));
  t.strictSame(
    (await Promise.all([...both, ...both].reverse().map(later.send))).filter((each) => each === '').length,
    1,
    'the newest was first',
  );
  t.equal(await later.stateOf('marie', MARIE), 'wrong');
  t.equal(await later.stateOf('luc', LUC), 'wrong');
});

t.test(
  'while the disk does not answer no list is accepted, because an older one could not be detected; local users can log in',
  async (t) => {
    const site = await cabinet(t);
    const [old, next] = [signedBy(office, listOf(marie(), luc())), signedBy(office, listOf(luc()), { atMs: AT_MS + 1 })];
    await site.send(old);
    await site.send(next);
    site.site.isDiskAway = true;
    const later = site.start();
    t.match(await later.send(old), /does not answer/);
    t.equal(await later.stateOf('ada', ADA), 'in');
    t.equal(await later.stateOf('luc', LUC), 'wrong');
    site.site.isDiskAway = false;
    t.equal(await later.stateOf('luc', LUC), 'in', 'once it answers again');
    t.match(await later.send(old), /newer list/);
    site.site.isDiskAway = true;
    t.match(await later.send(signedBy(office, listOf(marie()), { atMs: AT_MS + 2 })), /cannot be kept/);
    t.equal(await later.stateOf('luc', LUC), 'in', 'what is not kept does not count');
  },
);

t.test('the list changes nothing of the users of the cabinet: not the last admin, not a name, a role or a password', async (t) => {
  const site = await cabinet(t, { role: 'admin' });
  const one = await site.access.add('marie', 'viewer');
  await site.logIn('marie', one.oneTimePassword, { newPassword: ADA.toUpperCase() });
  t.equal(await site.send(signedBy(office, listOf(`ada viewer 2027-06-30 ${LUC_HASH}`, marie('2027-06-30', 'admin')))), '');
  t.match(await site.logIn('ada', ADA), { state: 'in', role: 'admin' });
  t.equal(await site.stateOf('ada', LUC), 'wrong');
  t.match(await site.logIn('marie', ADA.toUpperCase()), { state: 'in', role: 'viewer' });
  t.equal(await site.stateOf('marie', MARIE), 'wrong');
  t.equal(await site.send(signedBy(office, listOf(), { atMs: AT_MS + 1 })), '');
  t.equal(await site.stateOf('ada', ADA), 'in', 'an empty list revokes the listed ones alone');
  await t.rejects(site.access.remove('ada'), { code: 'last-admin' });
});

t.test('listed users are admins only if the site file allows it, and lose the role when the site file withdraws it', async (t) => {
  const usual = await cabinet(t);
  t.match(
    await usual.send(signedBy(office, listOf(luc(), marie('2027-06-30', 'admin')))),
    /marie would be admin: the key office gives technician at most/,
  );
  t.equal(await usual.stateOf('luc', LUC), 'wrong', 'nothing of it counts');
  const open = await cabinet(t, { role: 'admin' });
  t.equal(await open.send(signedBy(office, listOf(marie('2027-06-30', 'admin')))), '');
  t.match(await open.logIn('marie', MARIE), { role: 'admin' });
  open.site.role = 'viewer';
  t.match(await open.start().logIn('marie', MARIE), { role: 'viewer' });
  open.site.hasKey = false;
  t.equal(await open.start().stateOf('marie', MARIE), 'wrong', 'a key that the site no longer names counts no longer');
  open.site.hasKey = true;
  t.match(await open.start().send(signedBy(office, listOf(marie()))), /newer list/, 'and its version is still known');
});

t.test('listed users can be changed only in the list: commands of the cabinet report that', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie())));
  const changes = [
    () => site.access.setRole('marie', 'admin'),
    () => site.access.remove('marie'),
    () => site.access.invite('marie'),
    () => site.access.setPassword('marie', 'a password of her own', null),
  ];
  for (const change of changes)
    await t.rejects(change() as Promise<unknown>, { code: 'listed-user', message: /comes from the signed list of the platform/ });
  t.match(await site.logIn('marie', MARIE), { role: 'technician' });
});

t.test('without a trusted clock no list is accepted; an accepted one is valid until the latest known time', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie('2026-12-20'), `zoe technician 2026-11-30 ${LUC_HASH}`)));
  t.equal(await site.stateOf('zoe', LUC), 'wrong', 'over when it was signed');
  for (const quality of ['none', 'restored'] as const) {
    site.site.quality = quality;
    t.match(await site.send(signedBy(office, listOf(luc()), { atMs: AT_MS + 1 })), /clock is not trusted/);
    t.equal(await site.start().stateOf('marie', MARIE), 'in', quality);
  }
  site.clock.stepWall(-30 * 365 * DAY_MS);
  t.equal(await site.start().stateOf('marie', MARIE), 'in', 'a clock that was never set');
  t.equal(await site.start().stateOf('zoe', LUC), 'wrong', 'does not bring back who was over when the list was signed');
  site.clock.stepWall(30 * 365 * DAY_MS + 40 * DAY_MS);
  t.equal(await site.start().stateOf('marie', MARIE), 'wrong', 'a clock that goes on from the last shutdown');
});

t.test('wrong passwords of listed people count as those of others', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie())));
  for (let i = 0; i < 5; i += 1) t.equal(await site.stateOf('marie', 'wrong one'), 'wrong');
  t.equal(await site.stateOf('marie', MARIE), 'locked');
});

t.test('the sender and the names of each list are in the audit log, without hashes; refusals cannot flood it', async (t) => {
  const site = await cabinet(t);
  await site.send(signedBy(office, listOf(marie(), luc('2027-01-01', 'viewer'))));
  t.match(site.notes, [
    {
      user: 'anne',
      door: 'platform',
      action: 'user list sent',
      detail: 'signed by office on 2026-12-01T21:41:07.000Z: marie technician, luc viewer',
      result: 'ok',
    },
  ]);
  t.notMatch(JSON.stringify(site.notes), /scrypt/);
  for (let i = 0; i < 500; i += 1) await site.send(`no list ${i}`);
  t.equal(site.notes.length, 31);
});

t.test('an invalid line makes the whole list invalid, and the error names the line', async (t) => {
  for (const [line, flaw] of [
    ['Marie technician 2027-06-30 x', /line 3: a line is "name role/],
    ['marie root 2027-06-30 x', /line 3: the role of marie is none of viewer/],
    ['marie technician 2027-02-29 x', /line 3: the last day of marie is not a date/],
    ['marie technician 2027-13-01 x', /not a date/],
    ['marie technician 2027-06-30 plain-password', /line 3: the password of marie is not a hash/],
    [`marie technician 2027-06-30 scrypt$1$8$1$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`, /not a hash/],
    [`marie technician 2027-06-30 scrypt$30$8$1$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`, /not a hash/],
    [luc(), /line 3: luc is in the list twice/],
    [`marie  technician 2027-06-30 ${MARIE_HASH}`, /line 3/],
    ['', /line 3/],
  ] as const)
    t.match(withTexts(readUserList(listOf(luc(), line, marie()))), { flaw }, line);
  t.match(withTexts(readUserList('# other users\n')), { flaw: /first line/ });
  t.match(readUserList(listOf(luc('2028-02-29'))), { users: [{ name: 'luc', untilMs: Date.parse('2028-03-01T00:00:00Z') }] });
  t.strictSame(readUserList(listOf()), { users: [] });
});
