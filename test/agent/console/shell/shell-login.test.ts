import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import t from 'tap';
import { createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import { createConsoleLogin } from '../../../../agent/console/shell/console-login.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { AgentView } from '../../../../agent/core/views.ts';
import type { Target } from '../../../../agent/core/words.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView } from '../fake-view.ts';
import { openSession, PROMPT } from './shell-session.ts';

const SECRETS = ['right', 'canary one 1234', 'canary two 1234', '424242'];

/** A person who logs in as `user` and has typed the password. */
async function loggedIn(t: Parameters<typeof openSession>[0], view = createFakeView()) {
  const session = await openSession(t, { hasLogin: true, view });
  await session.say('marie');
  await session.say('right');
  return { ...session, view };
}

/** A view on which someone at the console has set a zone. */
function overridden(target: Target = { kind: 'zone', id: 'bressigny' }): AgentView & { readonly noted: unknown[] } {
  const view = createFakeView();
  const untilMs = AT_MS + 872_000;
  const intent = {
    id: 'w1',
    target,
    levelPct: 80,
    rank: 'override',
    source: 'console:marie',
    reason: 'market',
    sinceMs: AT_MS,
    untilMs,
  } as const;
  const zones = () => view.light.zones().map((zone) => ({ ...zone, intents: [intent] }));
  return { ...view, light: { ...view.light, zones, intentsBy: () => [intent] } };
}

t.test('name and password log in; the password is on no screen', async (t) => {
  const { bytes, view, say } = await loggedIn(t);
  t.match(bytes(), /User: marie\nPassword: \n/);
  t.match(bytes(), /ANG-0421[\s\S]*ANG-0421> $/);
  await say('override L07 80 --for 10m');
  t.match(view.asked, [{ source: 'console:marie' }], 'what is asked bears the name');
  t.match(await say('user list'), /% user list requires the role admin; you have the role technician/);
  t.match(await say('watch nothing'), /%/);
  t.notMatch(bytes(), 'right');
});

t.test('a wrong one is reported, and five of them end the session', async (t) => {
  const session = await openSession(t, { hasLogin: true });
  for (let turn = 0; turn < 5; turn++) {
    await session.say('marie');
    t.match(await session.say('wrong one'), /% wrong name, password or code\n/);
  }
  t.equal(session.ended(), 'logout');
});

t.test('a code is requested only from users who have codes', async (t) => {
  const session = await openSession(t, { hasLogin: true });
  await session.say('ada');
  t.match(await session.say('right'), /Code: $/);
  t.match(await session.say('424242'), PROMPT);
  t.match(await session.say('user list'), /marie +technician/);
  t.notMatch(session.bytes(), '424242');
});

t.test('after a wrong code the command for a clock difference is shown, whatever was wrong', async (t) => {
  const session = await openSession(t, { hasLogin: true });
  await session.say('ada');
  await session.say('right');
  const said = await session.say('111111');
  t.match(said, /% wrong name, password or code/);
  t.match(said.replace(/\s+/g, ' '), /wait for the next code and type both with a space between/);
});

t.test('the rule for passwords is shown before the question, and a password that breaks it is rejected immediately', async (t) => {
  const session = await openSession(t, { hasLogin: true });
  await session.say('nina');
  const RULE = "12 to 128 characters, some of them letters; no common word, not the user's name\n";
  t.equal(await session.say('right'), `\none-time password used: choose a new one\n${RULE}New password: `);
  await session.say('canary one 1234');
  t.equal(await session.say('canary two 1234'), '\n% the two are not the same\nNew password: ');
  t.equal(await session.say('short'), '\n% it has 5 characters; 12 at least\nNew password: ', 'not after typing it twice');
  t.equal(await session.say('nina nina nina!'), '\n% it contains the name of the user\nNew password: ');
  await session.say('canary one 1234');
  t.match(await session.say('canary one 1234'), PROMPT);
  t.match(await session.say('user passwd'), /Current password: $/);
  t.equal(await session.say('right'), `\n${RULE}New password: `, 'a later change shows the same rule');
  t.equal(await session.say('short'), '\n% it has 5 characters; 12 at least\nNew password: ');
});

t.test('a session requests password and code before it changes those of its own user, named or not', async (t) => {
  const { say, view } = await loggedIn(t);
  for (const line of ['user totp on', 'user totp on marie', 'user totp off']) {
    t.match(await say(line), /Current password: $/, line);
    t.match(await say('right'), /Code in force, empty for none: $/);
    t.match(await say('424242'), PROMPT);
  }
  t.match(await say('user passwd marie'), /Current password: $/);
  await say('right');
  await say('canary one 1234');
  await say('canary one 1234');
  const proof = { password: 'right', code: '424242' };
  t.match(view.asked, [
    { offer: 'marie', more: [proof] },
    { offer: 'marie', more: [proof] },
    { drop: 'marie', more: [proof] },
    { password: 'marie', more: ['canary one 1234', 'right'] },
  ]);
});

t.test('without a login the lights can be switched on, and nothing else', async (t) => {
  const view = createFakeView();
  const session = await openSession(t, { hasLogin: true, view });
  t.match(await session.say('?'), /without a login: lights on 30m/);
  t.match(await session.say('lights on'), /% lights on needs <duration>/);
  t.match(await session.say('lights off'), /% without a login there is only lights on/);
  t.match(await session.say('lights auto'), /% without a login there is only lights on/);
  t.match(await session.say('lights on 30m --reason "tree fell"'), /override to 100 % verified[\s\S]*lights auto/);
  t.match(view.asked, [{ rank: 'emergency', levelPct: 100, minutes: 30, reason: 'tree fell', source: 'console:nobody' }]);
  t.match(await session.say('status'), /Password: $/, 'any other word is a name');
  session.type('\x03');
  await session.until('the next question', () => session.bytes().endsWith('User: '));
  session.type('logout\r');
  await session.until('the end', () => session.ended() !== null);
});

const atLogin: readonly [typed: string, answer: RegExp, asked: readonly object[]][] = [
  [
    'lights on 2h --zone bressigny',
    /override to 100 % verified[\s\S]*lights\s+auto\s+--zone\s+bressigny/,
    [{ target: { kind: 'zone', id: 'bressigny' } }],
  ],
  ['luciole Lights ON 2h --zone=Bressigny', /verified/, [{ target: { kind: 'zone', id: 'bressigny' } }]],
  ['lights on 30m --zone nope', /% .*nope/, []],
  ['lights on 30m --zone', /% --zone needs a value/, []],
  ['lights on 30m tree fell', /% lights on does not take "tree"/, []],
  ['lights on 30m --level 20', /% lights on has no "level"/, []],
  ['lights on --zone bressigny', /% lights on needs <duration>/, []],
  ['lights on 30m "tree', /% a quote is not closed/, []],
  ['lights on 30m --json', /\n\{.*"state":"verified".*\}\n/, [{ minutes: 30, reason: '' }]],
  ['lights on 30m | count', /\n\d\n/, [{ minutes: 30, target: { kind: 'cabinet' } }]],
  ['lights on 30m | conut', /% .*count/, []],
  ['lights on 30m --help', /without a login: lights on 30m/, []],
  ['help lights on', /without a login: lights on 30m/, []],
];
for (const [typed, answer, asked] of atLogin) {
  t.test(`at the login as in a session: ${typed}`, async (t) => {
    const view = createFakeView();
    const session = await openSession(t, { hasLogin: true, view });
    t.match(await session.say(typed), answer);
    t.match(session.bytes(), /User: $/);
    t.match(view.asked, asked);
    t.equal(view.asked.length, asked.length);
  });
}

t.test('a person without a login does not choose which agent the console connects to', async (t) => {
  const view = createFakeView();
  const session = await openSession(t, { hasLogin: true, view });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'other.sock');
  let connections = 0;
  const other = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => void other.listen(path, resolve));
  t.teardown(() => other.close());
  for (const option of [`--socket ${path}`, `--socket=${path}`, `--s ${path}`])
    t.match(await session.say(`lights on 30m ${option}`), /% without a login there is no --socket/);
  t.equal(connections, 0);
  t.same(view.asked, []);
});

t.test('without input the line returns to the login prompt, in a session after a warning', async (t) => {
  const waiting = await openSession(t, { hasLogin: true });
  await waiting.clock.advance(126_000);
  await waiting.until('the end', () => waiting.ended() !== null);
  t.equal(waiting.ended(), 'idle');
  const session = await loggedIn(t);
  await session.clock.advance(840_000);
  t.match(session.bytes(), /! nothing typed for 14 min: logout in 60 s\nANG-0421> $/);
  session.type('x\x15');
  await session.clock.advance(120_000);
  t.equal(session.ended(), null, 'a key is enough');
  await session.clock.advance(790_000);
  await session.until('the end', () => session.ended() !== null);
  t.equal(session.ended(), 'idle');
  while (session.view.noted.at(-1)?.action !== 'logout') await new Promise(setImmediate);
});

t.test('a line that is cut ends the session in the agent too', async (t) => {
  const session = await loggedIn(t);
  session.hangUp();
  await session.until('the end', () => session.ended() !== null);
  t.equal(session.ended(), 'hang-up');
  while (session.view.noted.at(-1)?.action !== 'logout') await new Promise(setImmediate);
  t.match(session.view.noted.at(-1), { user: 'marie', action: 'logout', result: 'hang-up' });
});

t.test('an agent of a release without keys of consoles accepts the login as before', async (t) => {
  const socketPath = join(mkdtempSync(join(tmpdir(), 'luciole-test-')), 'old-login.sock');
  t.teardown(() => rmSync(join(socketPath, '..'), { recursive: true, force: true }));
  const asked: object[] = [];
  const old = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const { id, command, args } = JSON.parse(String(bytes)) as { id: number; command: string; args: object };
      if (command === 'login') asked.push(args);
      const answer =
        'console' in args
          ? { ok: false, error: { code: 'usage', message: 'login has no "console"' } }
          : { ok: true, result: { state: 'expired' } };
      socket.write(`${JSON.stringify({ id, atMs: AT_MS, timezone: TIMEZONE, ...answer })}\n`);
    });
  });
  await new Promise<void>((resolve) => old.listen(socketPath, () => resolve()));
  t.teardown(() => old.close());
  const surroundings = { version: 'luciole 0.1.0', localFiles: async () => ({ ...createFakeView(), about: msg`files` }) };
  const login = createConsoleLogin({ socketPath, clock: createManualClock(AT_MS), surroundings, consoleKey: 'canary key' });
  const session = await openSession(t, { login });
  await session.say('marie');
  t.match((await session.say('right')).replace(/\s+/g, ' '), /this one-time password has expired/);
  t.strictSame(asked, [
    { user: 'marie', console: 'canary key', password: 'right' },
    { user: 'marie', password: 'right' },
  ]);
  t.notMatch(session.bytes(), /canary/);
});

t.test('a session that the agent ends has also ended in the console', async (t) => {
  const view = createFakeView();
  const session = await loggedIn(t, view);
  view.access.logOut('token of marie 0');
  await session.until('the end', () => session.ended() !== null);
  t.match(session.bytes(), /% the agent has ended the session/);
});

t.test('overrides count down in the prompt, and the last lines name them', async (t) => {
  const session = await openSession(t, { view: overridden() });
  t.match(session.bytes(), /ANG-0421 \[OVERRIDE 14:3\d\]> $/);
  session.type('logout\r');
  await session.until('the end', () => session.ended() !== null);
  t.match(session.bytes(), /! bressigny is overridden to 80 % for 14:3\d more; release bressigny ends it\n$/);
});

t.test('after lights on, the last lines name the command that ends it', async (t) => {
  const session = await openSession(t, { view: overridden({ kind: 'cabinet', id: 'ANG-0421' }) });
  session.type('logout\r');
  await session.until('the end', () => session.ended() !== null);
  t.match(session.bytes(), /! ANG-0421 is overridden to 80 % for 14:3\d more; lights auto ends it\n$/);
});

t.test('no typed secret is on the screen, in the history or in the audit notes', async (t) => {
  const kept: string[] = [];
  const view = createFakeView();
  const session = await openSession(t, {
    hasLogin: true,
    view,
    historyStore: { load: () => [], save: (_, lines) => void kept.push(...lines) },
  });
  for (const line of ['ada', 'right', '424242']) await session.say(line);
  t.match(await session.say('user passwd'), /current password: $/i);
  await session.say('canary one 1234');
  await session.say('canary two 1234');
  t.match(await session.say('canary two 1234'), /ada has a new password/);
  session.type('user passwd\r');
  await session.until('the question', () => /current password: $/i.test(session.bytes()));
  session.type('canary one\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.match(view.asked, [{ password: 'ada', more: ['canary two 1234', 'canary one 1234'] }]);
  const all = [session.bytes(), ...kept, JSON.stringify(view.noted)].join('\n');
  for (const secret of SECRETS) t.notMatch(all, secret);
  t.match(kept, ['user passwd']);
});

t.test('the real console requires a login on a socket of that kind, and where an option says so', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const log = { event: () => {} };
  const parts = { view: createFakeView(), log, clock: createManualClock(AT_MS), timezone: TIMEZONE };
  const own = createConsoleServer({ ...parts, socketPath: join(dir, 'agent.sock') });
  const login = createConsoleServer({ ...parts, socketKind: 'login', socketPath: join(dir, 'agent-login.sock') });
  await Promise.all([own.start(), login.start()]);
  t.teardown(async () => {
    await Promise.all([own.stop(), login.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });
  const shows = (words: readonly string[], shown: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../../../agent/main.ts'), 'console', '--no-probe', ...words], {
        cols: 80,
      });
      let text = '';
      child.onData((more) => {
        text += more;
        if (shown.test(text)) child.kill('SIGKILL');
      });
      child.onExit(() => resolve());
    });
  await shows(['--socket', join(dir, 'agent-login.sock')], /User: $/);
  await shows(['--socket', join(dir, 'agent.sock'), '--login'], /User: $/);
  await shows(['--socket', join(dir, 'agent.sock')], /ANG-0421> $/);
});
