import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AgentCommand } from '../../../../../agent/console/command-spec.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { callAgent } from '../../../../../agent/console/protocol/socket-client.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { mayUse } from '../../../../../agent/core/access.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView } from '../../fake-view.ts';

const COMMANDS_OF_AGENT = COMMANDS.filter((each): each is AgentCommand => each.kind === 'agent');

/** A login socket over the fake view, with what was logged. */
async function loginServer(t: Pick<Test, 'teardown'>) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'login.sock');
  const view = createFakeView();
  const logged: unknown[] = [];
  const log = { event: (name: string, fields?: object) => void logged.push([name, fields]) };
  const server = createConsoleServer({ view, socketKind: 'login', socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  await server.start();
  t.teardown(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const call = async (command: string, args: Record<string, string | boolean> = {}, token?: string) => {
    const request = { id: 1, command, args, user: 'root', ...(token === undefined ? {} : { token }) };
    return (await callAgent({ socketPaths: [socketPath], request, timeoutMs: 5_000 })).result;
  };
  /** A session, and what ends it. */
  const logIn = async (user: string, code = '') => {
    const socket = connect(socketPath);
    t.teardown(() => socket.destroy());
    socket.write(`${JSON.stringify({ id: 1, command: 'login', args: { user, password: 'right', code }, user: 'console' })}\n`);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    const { progress } = JSON.parse(bytes.toString('utf8').split('\n')[0] ?? '');
    return { socket, ...(progress as { token: string; role: string }) };
  };
  return { view, call, logIn, logged };
}

t.test('without a login one zone can be lit for an emergency, and only a technician ends it', async (t) => {
  const { call, view } = await loginServer(t);
  t.match(await call('lights on', { duration: '30m', zone: 'Bressigny' }), { state: 'verified', levelPct: 100 });
  t.match(view.asked, [{ target: { kind: 'zone', id: 'bressigny' }, levelPct: 100, rank: 'emergency', minutes: 30 }]);
  await t.rejects(call('lights on', { duration: '30m', zone: 'L07' }), { code: 'unknown-name' });
  await t.rejects(call('lights auto', { zone: 'bressigny' }), { code: 'denied' });
});

t.test('without a login everything is refused except light for an emergency, and both are recorded', async (t) => {
  const { call, view } = await loginServer(t);
  await t.rejects(call('status'), { code: 'denied', message: 'status needs a login as viewer' });
  await t.rejects(call('override', { target: 'L07', level: '0' }), { code: 'denied', message: 'override needs a login as technician' });
  await t.rejects(call('lights on'), { code: 'usage', message: /duration is missing/ });
  t.match(await call('lights on', { duration: '30m' }), { state: 'verified', levelPct: 100 });
  t.strictSame(view.asked, [
    {
      target: { kind: 'cabinet', id: 'ANG-0421' },
      ...{ levelPct: 100, rank: 'emergency', minutes: 30, reason: '', source: 'console:nobody' },
      authority: 'anyone',
    },
  ]);
  t.match(view.noted, [
    { user: 'nobody', role: '', door: 'login', action: 'status', result: 'denied' },
    { action: 'override', detail: 'target=L07 level=0', result: 'denied' },
    { action: 'lights on', result: /^refused/ },
    { user: 'nobody', action: 'lights on', detail: 'duration=30m', result: 'ok' },
  ]);
});

t.test('lights on without the role of a technician ends within two hours, and can be repeated', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token: viewer } = await logIn('vera');
  const { token: technician } = await logIn('marie');
  for (const duration of ['24h', '121m', '3h'])
    for (const token of [undefined, viewer])
      await t.rejects(call('lights on', { duration }, token), { code: 'denied', message: /more than 2h needs a login as technician/ });
  t.strictSame(view.asked, []);
  for (const token of [undefined, undefined, viewer]) t.match(await call('lights on', { duration: '2h' }, token), { state: 'verified' });
  t.match(await call('lights on', { duration: '24h' }, technician), { state: 'verified' });
  t.match(view.asked, [{ minutes: 120 }, { minutes: 120 }, { minutes: 120 }, { minutes: 1_440 }]);
  const authorities = ['anyone', 'anyone', 'anyone', 'technician'].map((authority) => ({ authority }));
  t.match(view.asked, authorities, 'who may not end light may not shorten it either');
});

t.test('without a login no level can be given, not on the wire either', async (t) => {
  const { call, view } = await loginServer(t);
  for (const name of ['level', 'levelPct', 'rank', 'authority', 'source', 'minutes'])
    await t.rejects(call('lights on', { duration: '1m', [name]: '0' }), { code: 'usage' }, name);
  t.strictSame(view.asked, []);
});

t.test('lights auto requests the end of all emergencies, or that of one zone', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('marie');
  await call('lights auto', {}, token);
  await call('lights auto', { zone: 'bressigny' }, token);
  t.match(view.asked, [
    { target: { kind: 'cabinet' }, rank: 'emergency', everywhere: true },
    { target: { kind: 'zone', id: 'bressigny' }, rank: 'emergency', everywhere: false },
  ]);
});

t.test('a session that is left unattended cannot change its own password or codes without them', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('ada', '123456');
  const password = 'quatre lampes, un banc';
  await call('user passwd', { name: 'ada', password }, token);
  await call('user totp', { what: 'off' }, token);
  await call('user totp', { what: 'on', name: 'ada', current: 'right', 'current-code': '654321' }, token);
  await t.rejects(call('user enrol', { name: 'ada' }, token), { code: 'denied', message: /to choose one yourself: user passwd/ });
  t.strictSame(view.asked, [
    { password: 'ada', more: [password, ''] },
    { drop: 'ada', more: [{ password: '', code: '' }] },
    { offer: 'ada', more: [{ password: 'right', code: '654321' }] },
  ]);
});

t.test('the role is checked for each request, whatever the request claims about its user', async (t) => {
  const { call, logIn } = await loginServer(t);
  const { token: technician } = await logIn('marie');
  const { token: admin } = await logIn('ada', '123456');
  const { token: viewer } = await logIn('vera');
  for (const { name, role } of COMMANDS_OF_AGENT) {
    if (name === 'login') continue;
    for (const [who, token] of [
      [null, undefined],
      ['viewer', viewer],
      ['technician', technician],
      ['admin', admin],
    ] as const) {
      // Arguments are left out, so that what is let through is refused in other words.
      const code = await call(name, { 'no such argument': 'x' }, token).catch((error: { code: string }) => error.code);
      t.equal(code === 'denied', !mayUse(who, role), `${name} by ${who}`);
    }
  }
});

t.test('each command that the agent itself refuses a user is noted, also the same one again', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('vera');
  const from = view.noted.length;
  for (const args of [
    { target: 'L07', level: '0' },
    { target: 'L08', level: '0' },
  ])
    await t.rejects(call('override', args, token), {
      code: 'denied',
      message: 'override requires the role technician; vera has the role viewer',
    });
  await t.rejects(call('user add', { name: 'eve' }, token), { code: 'denied' });
  t.strictSame(view.noted.slice(from), [
    { user: 'vera', role: 'viewer', door: 'login', action: 'override', detail: 'target=L07 level=0', result: 'denied' },
    { user: 'vera', role: 'viewer', door: 'login', action: 'override', detail: 'target=L08 level=0', result: 'denied' },
    { user: 'vera', role: 'viewer', door: 'login', action: 'user add', detail: 'name=eve', result: 'denied' },
  ]);
  t.strictSame(view.asked, []);
});

t.test('a console reports refusals only of its own user, and names the command', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('vera');
  await t.rejects(call('login refused', { command: 'user add' }), { code: 'denied' }, 'denied without a login');
  const from = view.noted.length;
  await call('login refused', { command: 'user add', detail: `name=eve ${'x'.repeat(5_000)}` }, token);
  for (const command of ['', 'a\nb', '-', 'x'.repeat(60), 'User'])
    await t.rejects(call('login refused', { command }, token), { code: 'usage' }, command);
  t.match(view.noted.slice(from), [
    { user: 'vera', role: 'viewer', door: 'login', action: 'user add', detail: /^name=eve x+$/, result: 'denied' },
  ]);
  t.equal(view.noted.length, from + 1);
  t.equal(view.noted.at(-1)?.detail.length, 400);
});

t.test('commands of a session bear its user, not the one the client claims', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('marie');
  await call('override', { target: 'L07', level: '80', for: '10m' }, token);
  t.match(view.asked, [{ source: 'console:marie' }]);
  t.match(view.noted, [
    { user: 'marie', role: 'technician', door: 'login', action: 'login', result: 'ok' },
    { user: 'marie', role: 'technician', door: 'login', action: 'override', result: 'ok' },
  ]);
  await t.rejects(call('user list', {}, token), {
    code: 'denied',
    message: 'user list requires the role admin; marie has the role technician',
  });
});

t.test('a session ends with the connection that opened it, as when the line is cut', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token, socket } = await logIn('marie');
  await call('status', {}, token);
  socket.destroy();
  while (view.noted.at(-1)?.action !== 'logout') await new Promise(setImmediate);
  await t.rejects(call('status', {}, token), { code: 'denied', message: /session is over/ });
  t.match(view.noted.at(-1), { user: 'marie', action: 'logout', result: 'hang-up' });
});

t.test('a failed login is reported immediately; a login that needs more steps is no separate entry', async (t) => {
  const { call, view } = await loginServer(t);
  t.strictSame(await call('login', { user: 'marie', password: 'wrong' }), { state: 'wrong', waitMs: 0 });
  t.strictSame(await call('login', { user: 'ada', password: 'right' }), { state: 'code-needed', codes: 1 });
  t.match(view.noted, [{ user: 'marie', role: '', action: 'login', detail: '', result: 'wrong' }]);
  t.equal(view.noted.length, 1);
});

t.test('users change their own, and admins that of others', async (t) => {
  const { call, logIn, view } = await loginServer(t);
  const { token } = await logIn('marie');
  const { token: admin } = await logIn('ada', '123456');
  const secrets = { current: 'right', password: 'quatre lampes, un banc' };
  t.strictSame(await call('user passwd', secrets, token), { user: 'marie', done: msg`${'marie'} has a new password` });
  await t.rejects(call('user passwd', { name: 'ada', ...secrets }, token), { code: 'denied', message: /only an admin may change ada/ });
  await t.rejects(call('user totp', { what: 'off', name: 'ada' }, token), { code: 'denied' });
  await call('user passwd', { name: 'marie', password: secrets.password }, admin);
  await t.rejects(call('user passwd', { name: 'eve', password: secrets.password }, admin), {
    code: 'unknown-name',
    message: /there are ada, marie/,
  });
  t.match(await call('user totp', { what: 'on' }, token), { user: 'marie', secret: /^[A-Z2-7]{32}$/ });
  await call('user totp', { what: 'confirm', code: '123456' }, token);
  t.match(await call('user add', { name: 'luc', role: 'viewer' }, admin), { user: 'luc', role: 'viewer' });
  await t.rejects(call('user add', { name: 'luc', role: 'king' }, admin), { code: 'usage', message: /write viewer, technician, admin/ });
  await call('user role', { name: 'marie', role: 'admin' }, admin);
  await call('user remove', { name: 'marie' }, admin);
  t.match(view.asked, [
    { password: 'marie', more: ['quatre lampes, un banc', 'right'] },
    { password: 'marie', more: ['quatre lampes, un banc', null] },
    { password: 'eve' },
    { offer: 'marie' },
    { confirm: 'marie' },
    { add: 'luc' },
    { role: 'marie' },
    { remove: 'marie' },
  ]);
});

t.test('no typed secret is in the log or in the audit notes', async (t) => {
  const { call, logIn, view, logged } = await loginServer(t);
  const { token } = await logIn('ada', '424242');
  await call('user passwd', { current: 'canary one 1234', password: 'canary two 1234' }, token);
  await call('user totp', { what: 'confirm', code: '717171' }, token);
  await call('login', { user: 'marie', password: 'canary three', 'new-password': 'canary four 12' });
  await call('user add', { name: 'luc' }, token);
  const all = JSON.stringify([view.noted, logged]);
  for (const canary of ['canary', '424242', '717171', 'ABCD-EFGH', token]) t.notMatch(all, canary);
  t.match(all, /user passwd/);
});
