import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAccess } from '../../../agent/access/access.ts';
import { codeAt } from '../../../agent/access/totp.ts';
import type { LoginRequest } from '../../../agent/core/access.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { NO_TEXT } from '../../../agent/core/message.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { testFolder } from '../store/fixtures/kit.ts';

const AT_MS = Date.parse('2026-12-01T21:41:07Z');
const PASSWORD = 'trois lampes rue bressigny';

/** Runs of an agent on one state folder; `facts` is what its store keeps. */
function cabinet(t: Pick<Test, 'teardown'>) {
  const dir = testFolder(t);
  const clock = createManualClock(AT_MS);
  const quality = { now: 'synced' as ClockQuality };
  const facts = new Map<string, unknown>();
  const seen = { events: [] as AgentEvent[], logged: [] as string[], saves: 0, isRefused: false };
  /** Runs during the first save of the next login, so before the password is checked. */
  const during = { next: null as (() => Promise<unknown>) | null };
  const start = () =>
    createAccess({
      dir,
      cabinetId: 'ANG-0421',
      clock: { ...clock, quality: () => quality.now },
      log: { event: (name, fields) => void seen.logged.push(`${name} ${JSON.stringify(fields)}`) },
      store: {
        save: async (key, value) => {
          seen.saves += 1;
          const act = during.next;
          during.next = null;
          await act?.();
          if (seen.isRefused) return false;
          facts.set(key, structuredClone(value));
          return true;
        },
        load: async (key) => facts.get(key),
      },
      onEvent: (event) => seen.events.push(event),
      passwordCost: { logN: 4, r: 8, p: 1 },
    });
  return { dir, clock, quality, facts, seen, during, start, file: join(dir, 'users.json') };
}

const as = (user: string, password: string, more: Partial<LoginRequest> = {}): LoginRequest => ({
  user,
  password,
  code: '',
  newPassword: '',
  console: '',
  ...more,
});

/** A cabinet whose first admin, ada, has chosen a password. */
async function enrolled(t: Pick<Test, 'teardown'>) {
  const site = cabinet(t);
  const access = site.start();
  const { oneTimePassword } = await access.add('ada', 'admin');
  const answer = await access.logIn(as('ada', oneTimePassword, { newPassword: PASSWORD }));
  if (answer.state !== 'in') throw new Error(answer.state);
  access.logOut(answer.token);
  return { ...site, access, oneTimePassword };
}

t.test('no user is shipped: before the first user is created, no login succeeds', async (t) => {
  const { start } = cabinet(t);
  t.strictSame(await start().logIn(as('admin', 'admin')), { state: 'no-users' });
});

t.test('a one-time password allows one login, and only with a valid new password', async (t) => {
  const { start, file } = cabinet(t);
  const access = start();
  const { oneTimePassword, untilMs } = await access.add('ada', 'admin');
  t.match(oneTimePassword, /^[2-9A-Z]{4}(-[2-9A-Z]{4}){3}$/);
  t.equal(untilMs, AT_MS + 72 * HOUR_MS);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.notMatch(readFileSync(file, 'utf8'), oneTimePassword.slice(0, 9));
  t.strictSame(await access.logIn(as('ada', oneTimePassword)), { state: 'new-password-needed', problem: NO_TEXT });
  t.match(await access.logIn(as('ada', oneTimePassword, { newPassword: 'short' })), {
    state: 'new-password-needed',
    problem: /12 at least/,
  });
  const typed = oneTimePassword.toLowerCase().replaceAll('-', ' ');
  t.match(await access.logIn(as('ada', typed, { newPassword: PASSWORD })), { state: 'in', user: 'ada', role: 'admin' });
  t.match(await access.logIn(as('ada', oneTimePassword, { newPassword: PASSWORD })), { state: 'wrong' }, 'not twice');
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
});

t.test('a one-time password expires after three days, unless the clock is unknown', async (t) => {
  const { start, clock, quality } = cabinet(t);
  const access = start();
  const { oneTimePassword } = await access.add('ada', 'admin');
  await clock.advance(73 * HOUR_MS);
  t.strictSame(await access.logIn(as('ada', oneTimePassword)), { state: 'expired' });
  quality.now = 'restored';
  t.match(await access.logIn(as('ada', oneTimePassword)), { state: 'new-password-needed' });
});

t.test('an unknown user gets the same answer and the same lock as a wrong password', async (t) => {
  const { access } = await enrolled(t);
  const [known, unknown] = [[] as unknown[], [] as unknown[]];
  for (let turn = 0; turn < 6; turn++) {
    known.push(await access.logIn(as('ada', 'wrong')));
    unknown.push(await access.logIn(as('eve', 'wrong')));
  }
  t.strictSame(known, unknown);
  t.match(known, [{ state: 'wrong', waitMs: 0 }, {}, {}, {}, { state: 'wrong', waitMs: 30_000 }, { state: 'locked', waitMs: 30_000 }]);
});

t.test('a lock is reported, survives a power cut, and ends', async (t) => {
  const { access, start, clock, seen } = await enrolled(t);
  for (let turn = 0; turn < 5; turn++) await access.logIn(as('ada', 'wrong'));
  t.match(seen.events, [{ code: 'login-locked', severity: 'warning', text: /for ada: wait 30 s/ }]);
  await clock.advance(29_000);
  const afterCut = start();
  t.match(await afterCut.logIn(as('ada', PASSWORD)), { state: 'locked', waitMs: 30_000 }, 'the right password too; the wait starts again');
  await clock.advance(30_000);
  t.match(await afterCut.logIn(as('ada', PASSWORD)), { state: 'in' });
  t.match(await afterCut.logIn(as('ada', 'wrong')), { state: 'wrong', waitMs: 0 }, 'and forgets');
});

t.test('an attempt is on disk as failed before the password is looked at', async (t) => {
  const { start, facts } = await enrolled(t);
  for (let turn = 0; turn < 4; turn++) await start().logIn(as('ada', 'wrong'));
  const access = start();
  const cutShort = access.logIn(as('ada', PASSWORD));
  while (!JSON.stringify([...facts]).includes('":5')) await new Promise(setImmediate);
  // The power fails here; the next run has a count of five.
  t.match(await start().logIn(as('ada', PASSWORD)), { state: 'locked' });
  await cutShort;
});

t.test('a disk that cannot save the counters locks no user out, and is logged', async (t) => {
  const { access, seen } = await enrolled(t);
  seen.isRefused = true;
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
  t.match(seen.logged.join('\n'), /login-count-not-saved/);
  for (let turn = 0; turn < 5; turn++) await access.logIn(as('ada', 'wrong'));
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'locked' }, 'it counts in memory');
});

t.test('with codes on, the password alone is not enough, and no code is good twice', async (t) => {
  const { access, start, clock } = await enrolled(t);
  const now = () => Math.floor(clock.wallMs() / 30_000);
  const { secret } = await access.offerCodes('ada', null);
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' }, 'not before one was confirmed');
  await t.rejects(access.confirmCodes('ada', '000000'), { code: 'wrong-code' });
  await access.confirmCodes('ada', codeAt(secret, now()));
  t.strictSame(await access.logIn(as('ada', PASSWORD)), { state: 'code-needed', codes: 1 });
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(secret, now()) })), { state: 'wrong' }, 'the one that confirmed');
  await clock.advance(30_000);
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(secret, now()) })), { state: 'in' });
  t.match(await start().logIn(as('ada', PASSWORD, { code: codeAt(secret, now()) })), { state: 'wrong' }, 'nor after a restart');
  t.match(await access.logIn(as('ada', 'wrong', { code: codeAt(secret, now() + 1) })), { state: 'wrong' }, 'nor without the password');
  await access.dropCodes('ada', null);
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
});

t.test('present codes stay valid until a code of the new key is confirmed', async (t) => {
  const { access, start, clock } = await enrolled(t);
  const now = () => Math.floor(clock.wallMs() / 30_000);
  const phone = await access.offerCodes('ada', null);
  await access.confirmCodes('ada', codeAt(phone.secret, now()));
  await clock.advance(30_000);
  const proof = { password: PASSWORD, code: codeAt(phone.secret, now()) };
  const next = await access.offerCodes('ada', proof);
  await clock.advance(30_000);
  for (const run of [access, start()]) {
    t.match(await run.logIn(as('ada', PASSWORD)), { state: 'code-needed' }, 'codes are asked all the while');
    t.match(
      await run.logIn(as('ada', PASSWORD, { code: codeAt(next.secret, now()) })),
      { state: 'wrong' },
      'the new ones do not count yet',
    );
  }
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(phone.secret, now()) })), { state: 'in' });
  await t.rejects(access.confirmCodes('ada', codeAt(phone.secret, now() + 1)), { code: 'wrong-code' }, 'an old code confirms nothing');
  await access.confirmCodes('ada', codeAt(next.secret, now()));
  await clock.advance(30_000);
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(phone.secret, now()) })), { state: 'wrong' });
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(next.secret, now()) })), { state: 'in' });
});

t.test('a code confirms only the key that it belongs to, also if a newer one is offered while it is checked', async (t) => {
  const { access, clock, quality } = await enrolled(t);
  quality.now = 'restored';
  const first = await access.offerCodes('ada', null);
  const phone = Math.floor(clock.wallMs() / 30_000) + 2_880;
  const confirming = access.confirmCodes('ada', `${codeAt(first.secret, phone)} ${codeAt(first.secret, phone + 1)}`).then(
    () => 'confirmed',
    ({ code }) => code,
  );
  // The search for two codes pauses until the clock advances.
  const { secret } = await access.offerCodes('ada', null);
  let isOver = false;
  void confirming.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(1);
  t.equal(await confirming, 'wrong-code');
  t.match(await access.users(), [{ name: 'ada', hasCodes: false }]);
  quality.now = 'synced';
  await access.confirmCodes('ada', codeAt(secret, Math.floor(clock.wallMs() / 30_000)));
  t.match(await access.users(), [{ name: 'ada', hasCodes: true }]);
});

t.test('codes are changed or removed only with the password and, if codes are active, a fresh code', async (t) => {
  const { access, clock } = await enrolled(t);
  const now = () => Math.floor(clock.wallMs() / 30_000);
  await t.rejects(access.offerCodes('ada', { password: 'wrong', code: '' }), { code: 'wrong-password' });
  const { secret } = await access.offerCodes('ada', { password: PASSWORD, code: '' });
  const used = codeAt(secret, now());
  await access.confirmCodes('ada', used);
  for (const proof of [
    { password: PASSWORD, code: '' },
    { password: PASSWORD, code: used },
    { password: PASSWORD, code: '000000' },
    { password: '', code: codeAt(secret, now() + 1) },
  ]) {
    await t.rejects(access.dropCodes('ada', proof), { code: 'wrong-password' }, JSON.stringify(proof));
    t.match(await access.users(), [{ hasCodes: true }]);
  }
  // Each wrong proof counts as a wrong password does.
  await t.rejects(access.offerCodes('ada', { password: PASSWORD, code: '' }), { code: 'wrong-password' });
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'locked' });
  await clock.advance(3_600_000);
  await access.dropCodes('ada', { password: PASSWORD, code: codeAt(secret, now()) });
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
});

t.test('a users file written before time offsets existed can be read, and so can a present one', async (t) => {
  const { access, file, start, clock } = await enrolled(t);
  const { secret } = await access.offerCodes('ada', null);
  const today = JSON.parse(readFileSync(file, 'utf8'));
  t.match(today, { version: 1, users: [{ codes: null, offered: { secret } }] });
  // An offer as that release wrote it.
  writeFileSync(
    file,
    JSON.stringify({ version: 1, users: [{ ...today.users[0], codes: { secret, lastStep: -1, isConfirmed: false }, offered: undefined }] }),
  );
  const later = start();
  t.match(await later.logIn(as('ada', PASSWORD)), { state: 'in' }, 'an offer is not in force');
  const again = await later.offerCodes('ada', null);
  await later.confirmCodes('ada', codeAt(again.secret, Math.floor(clock.wallMs() / 30_000)));
  t.match(await later.logIn(as('ada', PASSWORD)), { state: 'code-needed' });
  writeFileSync(file, JSON.stringify({ version: 1, users: [{ ...today.users[0], offered: 7 }] }));
  t.match(await start().logIn(as('ada', PASSWORD)), { state: 'unavailable' });
});

/** Wrong passwords over the socket, from no console or one that the client makes up each time. */
async function hammer(access: ReturnType<ReturnType<typeof cabinet>['start']>, users: readonly string[], tries: number): Promise<void> {
  for (let turn = 0; turn < tries; turn++)
    for (const user of users) await access.logIn(as(user, 'wrong', { console: turn % 2 === 0 ? '' : `made up ${turn}` }));
}

t.test('wrong passwords from elsewhere do not lock a user out at a console where this user logged in before', async (t) => {
  const { access, start, clock, seen } = await enrolled(t);
  const here = { console: 'key of ttyS1' };
  t.match(await access.logIn(as('ada', PASSWORD, here)), { state: 'in' });
  await hammer(access, ['ada'], 200);
  t.match(seen.events, [{ code: 'login-locked' }]);
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'locked' }, 'elsewhere');
  t.match(await access.logIn(as('ada', PASSWORD, { console: 'key of another' })), { state: 'locked' });
  t.match(await access.logIn(as('ada', PASSWORD, here)), { state: 'in' });
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'locked' }, 'and that gives the guesser no new tries');
  const afterCut = start();
  t.match(await afterCut.logIn(as('ada', PASSWORD)), { state: 'locked' });
  t.match(await afterCut.logIn(as('ada', PASSWORD, here)), { state: 'in' }, 'nor after a power cut');
  for (let turn = 0; turn < 5; turn++) await afterCut.logIn(as('ada', 'mistyped', here));
  t.match(
    await afterCut.logIn(as('ada', PASSWORD, here)),
    { state: 'locked', waitMs: 30_000 },
    'the console itself is held to the same waits',
  );
  await clock.advance(30_000);
  t.match(await afterCut.logIn(as('ada', PASSWORD, here)), { state: 'in' });
});

t.test('the list of users shows the wait at the console of a user as well as elsewhere', async (t) => {
  const { access, clock } = await enrolled(t);
  const waits = async () => (await access.users()).map(({ lockedMs }) => lockedMs);
  const here = { console: 'key of ttyS1' };
  t.match(await access.logIn(as('ada', PASSWORD, here)), { state: 'in' });
  t.same(await waits(), [0]);
  for (let turn = 0; turn < 5; turn++) await access.logIn(as('ada', 'mistyped', here));
  t.match(await access.logIn(as('ada', PASSWORD, here)), { state: 'locked', waitMs: 30_000 });
  t.same(await waits(), [30_000], 'at the own console only');
  await hammer(access, ['ada'], 6);
  t.same(await waits(), [30_000], 'at both');
  await clock.advance(30_000);
  t.same(await waits(), [0]);
});

t.test('wrong passwords for other names, existing or not, lock no user out', async (t) => {
  const { access } = await enrolled(t);
  await access.add('marie', 'technician');
  const names = ['marie', ...Array.from({ length: 200 }, (_, n) => `nobody${n}`)];
  await hammer(access, names, 8);
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
});

t.test('a user with a password gets no further guesses at that of another user', async (t) => {
  const { access } = await enrolled(t);
  const { oneTimePassword } = await access.add('vera', 'viewer');
  const chosen = 'six moineaux sur un fil';
  t.match(await access.logIn(as('vera', oneTimePassword, { newPassword: chosen, console: 'vera 0' })), { state: 'in' });
  let guesses = 0;
  for (let turn = 0; turn < 40; turn++) {
    t.match(await access.logIn(as('vera', chosen, { console: `vera ${turn}` })), { state: 'in' });
    const answer = await access.logIn(as('ada', 'wrong', { console: `vera ${turn}` }));
    if (answer.state === 'wrong') guesses += 1;
  }
  t.equal(guesses, 5);
});

t.test('wrong codes lock in the same way as wrong passwords', async (t) => {
  const { access, clock } = await enrolled(t);
  const { secret } = await access.offerCodes('ada', null);
  await access.confirmCodes('ada', codeAt(secret, Math.floor(clock.wallMs() / 30_000)));
  for (let turn = 0; turn < 5; turn++) {
    t.match(await access.logIn(as('ada', PASSWORD)), { state: 'code-needed' });
    t.match(await access.logIn(as('ada', PASSWORD, { code: '000000' })), { state: 'wrong' });
  }
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'locked' });
});

t.test('while the clock is not trusted, two consecutive codes are required, and they reveal how far off it is', async (t) => {
  const { access, clock, quality, seen } = await enrolled(t);
  const { secret } = await access.offerCodes('ada', null);
  await access.confirmCodes('ada', codeAt(secret, Math.floor(clock.wallMs() / 30_000)));
  quality.now = 'restored';
  t.strictSame(await access.logIn(as('ada', PASSWORD)), { state: 'code-needed', codes: 2 });
  const phone = Math.floor(clock.wallMs() / 30_000) + 2_880;
  t.match(await access.logIn(as('ada', PASSWORD, { code: codeAt(secret, phone) })), { state: 'wrong' }, 'one proves nothing');
  let isOver = false;
  const pair = { code: `${codeAt(secret, phone)} ${codeAt(secret, phone + 1)}` };
  const coming = access.logIn(as('ada', PASSWORD, pair)).finally(() => {
    isOver = true;
  });
  // The search gives way to the bus between its portions.
  while (!isOver) await clock.advance(1);
  t.match(await coming, { state: 'in' });
  t.match(seen.logged.join('\n'), /clock-off \{"byS":86[34]\d\d,"toldBy":"two codes"\}/);
});

t.test('with a trusted clock that was set, two consecutive codes up to ten minutes off are accepted', async (t) => {
  const { access, clock } = await enrolled(t);
  const { secret } = await access.offerCodes('ada', null);
  const start = Math.floor(clock.wallMs() / 30_000);
  await access.confirmCodes('ada', codeAt(secret, start));
  // Each turn at a later time of the phone, as a code must be later than the last one taken.
  let phone = start + 100;
  for (const offSteps of [4, -4, 19, -19]) {
    phone += 100;
    await clock.advance((phone - offSteps) * 30_000 - clock.wallMs());
    const [one, two] = [codeAt(secret, phone), codeAt(secret, phone + 1)];
    t.strictSame(await access.logIn(as('ada', PASSWORD)), { state: 'code-needed', codes: 1 });
    t.match(await access.logIn(as('ada', PASSWORD, { code: one })), { state: 'wrong' }, `${offSteps} steps: one code proves nothing`);
    t.match(await access.logIn(as('ada', PASSWORD, { code: `${two} ${one}` })), { state: 'wrong' }, 'not in the other order');
    t.match(await access.logIn(as('ada', PASSWORD, { code: `${one} ${two}` })), { state: 'in' }, `${offSteps} steps`);
    t.match(await access.logIn(as('ada', PASSWORD, { code: `${one} ${two}` })), { state: 'wrong' }, 'not twice');
  }
  for (const offSteps of [22, 40, 2_880, -22, -40]) {
    phone += 3_000;
    await clock.advance((phone - offSteps) * 30_000 - clock.wallMs());
    t.match(
      await access.logIn(as('ada', PASSWORD, { code: `${codeAt(secret, phone)} ${codeAt(secret, phone + 1)}` })),
      { state: 'wrong' },
      `${offSteps} steps: too far for a clock that is trusted`,
    );
    await clock.advance(HOUR_MS);
  }
});

t.test('a session expires after 15 minutes without a command; each command extends it', async (t) => {
  const { access, clock } = await enrolled(t);
  const answer = await access.logIn(as('ada', PASSWORD));
  if (answer.state !== 'in') return t.fail(answer.state);
  const ended = access.ended(answer.token);
  await clock.advance(899_000);
  t.match(access.callerOf(answer.token), { user: 'ada', role: 'admin' });
  await clock.advance(899_000);
  t.match(access.callerOf(answer.token), { user: 'ada' });
  t.match(await access.users(), [{ name: 'ada', sessions: 1 }]);
  await clock.advance(900_000);
  t.equal(access.callerOf(answer.token), null);
  t.equal(await ended, 'idle');
  t.equal(access.callerOf('anything'), null);
});

t.test('a user whose role, password or key changes is logged out', async (t) => {
  const { access } = await enrolled(t);
  const { oneTimePassword } = await access.add('marie', 'technician');
  const first = await access.logIn(as('marie', oneTimePassword, { newPassword: PASSWORD }));
  if (first.state !== 'in') return t.fail(first.state);
  const changes = [
    () => access.setRole('marie', 'viewer'),
    () => access.setPassword('marie', 'quatre lampes, un banc', PASSWORD),
    () => access.remove('marie'),
  ];
  let token = first.token;
  for (const change of changes) {
    const ended = access.ended(token);
    await change();
    t.equal(await ended, 'changed');
    const again = await access.logIn(as('marie', 'quatre lampes, un banc'));
    const other = again.state === 'in' ? again : await access.logIn(as('marie', PASSWORD));
    if (other.state === 'in') token = other.token;
  }
  t.equal(access.callerOf(token), null);
  t.strictSame(
    (await access.users()).map(({ name }) => name),
    ['ada'],
  );
});

t.test('a user who is removed or gets another password during a login does not log in; a new role is in force at once', async (t) => {
  const { access, during } = await enrolled(t);
  const other = 'quatre lampes, un banc';
  const marie = async () => {
    const { oneTimePassword } = await access.add('marie', 'admin');
    return as('marie', oneTimePassword, { newPassword: PASSWORD });
  };
  t.match(await access.logIn(await marie()), { state: 'in' });
  during.next = () => access.setRole('marie', 'viewer');
  t.match(await access.logIn(as('marie', PASSWORD)), { state: 'in', role: 'viewer' });
  during.next = () => access.setPassword('marie', other, null);
  t.match(await access.logIn(as('marie', PASSWORD)), { state: 'wrong', waitMs: 0 });
  during.next = () => access.remove('marie');
  t.match(await access.logIn(as('marie', other)), { state: 'wrong', waitMs: 0 });
  const invited = await marie();
  during.next = () => access.invite('marie');
  t.match(await access.logIn(invited), { state: 'wrong' }, 'a new invitation replaces the one that is being used');
  t.match(await access.users(), [{ name: 'ada' }, { name: 'marie', sessions: 0, invitedUntilMs: AT_MS + 72 * HOUR_MS }]);
});

t.test('invalid changes are refused with a reason', async (t) => {
  const { access } = await enrolled(t);
  await t.rejects(access.add('ada', 'viewer'), { code: 'user-exists' });
  for (const name of ['', 'Ada', '../x', 'root; rm', 'x'.repeat(40), 'nobody'])
    await t.rejects(access.add(name, 'viewer'), { code: 'bad-name' }, name);
  await t.rejects(access.remove('eve'), { code: 'unknown-user', message: /there are ada/ });
  await t.rejects(access.remove('ada'), { code: 'last-admin' });
  await t.rejects(access.setRole('ada', 'viewer'), { code: 'last-admin' });
  await t.rejects(access.setPassword('ada', 'motdepasse123', null), { code: 'weak-password' });
  await t.rejects(access.setPassword('ada', 'quatre lampes, un banc', 'wrong'), { code: 'wrong-password' });
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' }, 'nothing has changed');
});

t.test('a damaged users file allows no login and reports what to do; no partial file is ever left', async (t) => {
  const { access, file, dir } = await enrolled(t);
  t.strictSame(
    readdirSync(dir).filter((name) => name.includes('users')),
    ['users.json'],
  );
  const whole = readFileSync(file);
  for (const text of ['', '{', '[]', '{"version":1,"users":[{"name":"eve"}]}', '{"version":2,"users":[]}', 'x'.repeat(70_000)]) {
    writeFileSync(file, text);
    t.match(
      await access.logIn(as('ada', PASSWORD)),
      { state: 'unavailable', problem: /users\.json is damaged: restore a copy/ },
      text.slice(0, 40),
    );
  }
  writeFileSync(file, whole);
  t.match(await access.logIn(as('ada', PASSWORD)), { state: 'in' });
});

t.test(
  'a state folder that cannot be written refuses the change and keeps the former state',
  { skip: process.getuid?.() === 0 ? 'root may write anywhere' : false },
  async (t) => {
    const { access, dir } = await enrolled(t);
    chmodSync(dir, 0o500);
    t.teardown(() => chmodSync(dir, 0o700));
    await t.rejects(access.add('marie', 'viewer'), { code: 'file', message: /cannot write/ });
  },
);

t.test('no password, one-time password or code is in a log, an event or the counts', async (t) => {
  const { access, clock, seen, facts, oneTimePassword, file } = await enrolled(t);
  const { secret } = await access.offerCodes('ada', null);
  const code = codeAt(secret, Math.floor(clock.wallMs() / 30_000));
  await access.confirmCodes('ada', code);
  for (let turn = 0; turn < 6; turn++) await access.logIn(as('ada', `canary ${PASSWORD}`, { code }));
  for (let turn = 0; turn < 6; turn++) await access.logIn(as(PASSWORD, 'typed in the wrong place'));
  const all = JSON.stringify([seen.logged, seen.events, [...facts]]);
  t.match(all, /login-locked/);
  for (const canary of [PASSWORD, 'canary', oneTimePassword, oneTimePassword.replaceAll('-', ''), secret, code]) t.notMatch(all, canary);
  t.notMatch(readFileSync(file, 'utf8'), PASSWORD);
});
