/**
 * Attacks on the login socket of a running agent by an attacker's client, while a user at the cabinet uses the console.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import t, { type Test } from 'tap';
import { callAgent } from '../../agent/console/protocol/socket-client.ts';
import type { AuditEntry } from '../../agent/core/audit-tools.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { startAgentProcess } from '../street/agent-process.ts';
import { createPtyCable } from '../street/pty.ts';
import { SMALL_SITE } from '../support/small-site.ts';
import { LAUNCHER } from '../support/unknown-street.ts';

const clock = createSystemClock({ quality: () => 'synced' });
const PASSWORD = 'trois lampes rue bressigny';

/** A running agent with the first admin, ada, and clients of both sockets. */
async function cabinet(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-logins-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'cabinet.yaml'), SMALL_SITE);
  const cable = createPtyCable(() => {}, join(folder, 'tty'));
  const agent = startAgentProcess({
    configFile: join(folder, 'cabinet.yaml'),
    ports: new Map([['north', cable.path]]),
    broker: 'mqtt://127.0.0.1:1',
    dataDir: join(folder, 'data'),
    socketPath: join(folder, 'agent.sock'),
    startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  t.teardown(async () => {
    agent.child.kill('SIGKILL');
    cable.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await agent.ready();
  const loginPath = join(folder, 'agent-login.sock');
  const attack = async (command: string, args: Record<string, string>): Promise<Record<string, unknown>> => {
    const request = { id: 1, command, args, user: 'eve' };
    return (await callAgent({ socketPaths: [loginPath], request, timeoutMs: 30_000 })).result as Record<string, unknown>;
  };
  /** Uses the machine's own socket, which trusts the user name. */
  const askAs = async (user: string, command: string, args: Record<string, string>): Promise<{ state: string; reason: string }> => {
    const request = { id: 1, command, args, user };
    return (await callAgent({ socketPaths: [join(folder, 'agent.sock')], request, timeoutMs: 60_000 })).result as never;
  };
  const { oneTimePassword } = (await agent.ask('user add', { name: 'ada', role: 'admin' })) as { oneTimePassword: string };
  return { folder, agent, loginPath, attack, askAs, oneTimePassword };
}

/** The real console on a terminal, as on the serial port. */
function consoleAt(t: Test, folder: string, loginPath: string) {
  const env = { ...process.env, STATE_DIRECTORY: join(folder, 'console') };
  const child = spawn(process.execPath, [LAUNCHER, 'console', '--no-probe', '--socket', loginPath], { cols: 80, env });
  let text = '';
  child.onData((more) => {
    text += more;
  });
  t.teardown(() => child.kill('SIGKILL'));
  return {
    /** Types each line at its question; resolves with the text shown after the last. */
    async say(...steps: readonly (readonly [question: RegExp, line: string])[]): Promise<void> {
      for (const [question, line] of steps) {
        await this.until(question);
        text = '';
        child.write(`${line}\r`);
      }
    },
    async until(shown: RegExp): Promise<string> {
      for (const fromMono = clock.monoMs(); !shown.test(text); await sleep(clock, 50))
        if (clock.monoMs() - fromMono > 60_000) throw new Error(`never shown: ${shown}\n${text}`);
      return text;
    },
  };
}

const [USER, SECRET, PROMPT] = [/User: $/, /(Password|New password|Once more|Current password): $/, /demo> $/];

t.test('wrong passwords from any client of the socket lock no user out of the console at the cabinet', { timeout: 240_000 }, async (t) => {
  const { folder, agent, loginPath, attack, oneTimePassword } = await cabinet(t);
  const first = consoleAt(t, folder, loginPath);
  await first.say([USER, 'ada'], [SECRET, oneTimePassword], [SECRET, PASSWORD], [SECRET, PASSWORD], [PROMPT, 'logout']);
  for (let turn = 0; turn < 6; turn++) await attack('login', { user: 'ada', password: 'wrong', console: `made up ${turn}` });
  for (let turn = 0; turn < 25; turn++) await attack('login', { user: `nobody${turn}`, password: 'wrong' });
  t.match(await attack('login', { user: 'ada', password: PASSWORD }), { state: 'locked' }, 'where the attacker is');
  const second = consoleAt(t, folder, loginPath);
  await second.say([USER, 'ada'], [SECRET, PASSWORD], [PROMPT, 'user totp on'], [SECRET, 'wrong'], [/empty for none: $/, '']);
  t.match(await second.until(PROMPT), /the current password or code is not right/, 'and is not believed to be ada still');
  await second.say([PROMPT, 'user passwd ada']);
  t.match(await second.until(SECRET), /Current password: $/, 'nor by naming oneself');
  await t.rejects(attack('lights on', { duration: '24h' }), { code: 'denied' });
  t.equal(agent.child.exitCode, null);
});

t.test(
  'what the console refuses a user reaches the audit log, and what an admin wrote is not for a technician',
  { timeout: 240_000 },
  async (t) => {
    const { folder, agent, loginPath, oneTimePassword } = await cabinet(t);
    const visit = async (user: string, password: string) => {
      const session = consoleAt(t, folder, loginPath);
      await session.say([USER, user], [SECRET, password], [SECRET, PASSWORD], [SECRET, PASSWORD]);
      await session.until(PROMPT);
      return session;
    };
    const ada = await visit('ada', oneTimePassword);
    await ada.say([PROMPT, 'tech-support'], [PROMPT, 'logout']);
    const [bundle = ''] = readdirSync(join(folder, 'console', 'for-admin'));
    for (const [name, role, lines] of [
      ['tom', 'technician', [`copy ${bundle} serial --base64`, 'audit']],
      ['vera', 'viewer', ['override L07 0', 'user add eve', 'bus write street 1 2000 0 --yes']],
    ] as const) {
      const added = (await agent.ask('user add', { name, role })) as { oneTimePassword: string };
      const session = await visit(name, added.oneTimePassword);
      for (const line of lines) {
        await session.say([PROMPT, line]);
        t.match((await session.until(PROMPT)).replace(/\s+/g, ' '), /% \S+( \S+)? requires the role/, line);
      }
      await session.say([PROMPT, 'logout']);
    }
    const { entries } = (await agent.ask('audit', {})) as { entries: readonly AuditEntry[] };
    t.match(
      entries.filter(({ result }) => result === 'denied').map(({ user, action, detail }) => [user, action, detail]),
      [
        ['tom', 'copy', `base64 file=${bundle} to=serial`],
        ['tom', 'audit', ''],
        ['vera', 'override', 'target=L07 level=0'],
        ['vera', 'user add', 'name=eve'],
        ['vera', 'bus write', 'yes line=street unit=1 address=2000 value=0'],
      ],
    );
  },
);

t.test(
  'what another author has put together is not committed, however it got there, and a hostile one ends no agent',
  { timeout: 240_000 },
  async (t) => {
    const { agent, askAs } = await cabinet(t);
    const hostile = `${SMALL_SITE}x: ${'['.repeat(200_000)}`;
    const put = async (user: string, text: string): Promise<{ state: string; reason: string }> => {
      const bytes = Buffer.from(text);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const count = Math.ceil(bytes.length / 30_000);
      let answer = { state: '', reason: '' };
      for (let part = 1; part <= count; part++) {
        const data = bytes.subarray((part - 1) * 30_000, part * 30_000).toString('base64');
        answer = await askAs(user, 'config put', { file: 'cabinet.yaml', part: `${part}/${count}`, sha256, data });
      }
      return answer;
    };
    t.match(await put('eve', hostile), { state: 'refused', reason: /more than 32 lists or sections within each other/ });
    t.match(await askAs('eve', 'config set', { path: 'cabinet.name', value: '['.repeat(16_000) }), { state: 'refused' });
    t.match(await put('eve', SMALL_SITE.replace('name: ', 'name: "\u001b]0;x\u0007" # ')), {
      state: 'refused',
      reason: /control character U\+001B/,
    });
    t.match(await put('eve', SMALL_SITE.replace('levelPct: 30', 'levelPct: 77')), { state: 'done' });
    t.match(await askAs('marie', 'config commit', {}), { state: 'refused', reason: /no candidate/ });
    t.match(await askAs('marie', 'config', {}), { candidate: null, others: [{ by: 'console:eve' }] });
    t.match(await askAs('marie', 'config take', { author: 'console:eve' }), { state: 'done' });
    t.match(await put('eve', SMALL_SITE.replace('levelPct: 30', 'levelPct: 99')), { state: 'done' });
    const taken = (await askAs('marie', 'config compare', {})) as unknown as { changes: readonly { after: string }[] };
    t.match(taken.changes, [{ after: '77' }], 'the copy is what she looked at');
    t.equal(agent.child.exitCode, null);
  },
);
