/** Every command with a stored effect against a real agent with a full disk: every acknowledged change is present after a restart. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { AgentCommand } from '../../agent/console/command-spec.ts';
import { COMMANDS } from '../../agent/console/commands.ts';
import { callAgent } from '../../agent/console/protocol/socket-client.ts';
import { sleep } from '../../agent/core/clock.ts';
import { withTexts } from '../../agent/core/message-wire.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEMO = readFileSync(join(ROOT, 'config/demo.yaml'), 'utf8');
/** Nothing listens there: what is read waits. Source: RFC 863, the port of the discard service. */
const NO_BROKER = 'mqtt://127.0.0.1:9';
const START_MS = Date.parse('2026-12-15T23:30:00+01:00');
const LEVEL = 'programmes[residential].steps[1].levelPct';

type Args = Readonly<Record<string, string | boolean>>;

/** Why there is no disk of its own here; false where there can be one. */
const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
const disk = join(folder, 'disk');
mkdirSync(disk);
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
function mountDisk(): string | false {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'ignore' });
    return false;
  } catch {
    return 'a small disk of its own needs root';
  }
}

/** Fills the disk to the last byte. */
function fill(): void {
  const file = openSync(join(disk, 'filler'), 'a');
  for (let chunk = Buffer.alloc(65_536); chunk.length > 0; )
    try {
      writeSync(file, chunk);
    } catch {
      chunk = chunk.subarray(0, Math.floor(chunk.length / 2));
    }
  closeSync(file);
}

/** The demo's street and an agent on the small disk. */
function cabinetAt(t: Pick<Test, 'teardown'>) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const [dataDir, configFile, socketPath] = [join(disk, 'data'), join(folder, 'cabinet.yaml'), join(folder, 'agent.sock')];
  mkdirSync(dataDir);
  writeFileSync(configFile, DEMO.replace('commitSeconds: 10', 'commitSeconds: 1'));
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed: 3 });
  const cables = connectStreet(street, folder);
  const running: AgentProcess[] = [];
  t.teardown(() => {
    for (const agent of running) agent.child.kill('SIGKILL');
    street.stop();
    cables.close();
    execFileSync('umount', ['-l', disk]);
  });
  street.start();
  const start = async (): Promise<AgentProcess> => {
    const options = { configFile, ports: cables.ports, broker: NO_BROKER, dataDir, clock, socketPath };
    const agent = startAgentProcess({ ...options, startAtMs: START_MS, logFile: join(folder, 'agent.log') });
    running.push(agent);
    await agent.ready();
    return agent;
  };
  /** The answer as a script sees it: `ok` is exit code 0. */
  const ask = async (command: string, args: Args = {}, user = 'ada'): Promise<{ ok: boolean; text: string }> => {
    const row = COMMANDS.find(({ name }) => name === command) as AgentCommand;
    try {
      const request = { id: 1, command, args, user };
      const { result } = await callAgent({ socketPaths: [socketPath], request, timeoutMs: 60_000 });
      return { ok: row.succeeded(result), text: JSON.stringify(withTexts(result)) };
    } catch (error) {
      return { ok: false, text: (error as Error).message };
    }
  };
  const cli = (...words: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      const all = [join(ROOT, 'agent/luciole.js'), ...words, '--socket', socketPath];
      execFile(process.execPath, all, { timeout: 60_000, env: { ...process.env, LUCIOLE_CONFIG: configFile } }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err: err.replaceAll(/\s+/g, ' ') });
      });
    });
  const until = async (command: string, holds: RegExp): Promise<void> => {
    while (!holds.test((await ask(command, command === 'events' ? { active: true } : {})).text)) await sleep(clock, 100);
  };
  return { start, ask, cli, until };
}

const NOT_STORED = /"code":"not-stored"/;
/** Its mark is removed. */
const NEEDS_NO_ROOM = 'config return';
const NOT_SAVED = /"isSaved":false/;
const USERS = /cannot write .*users\.json: .*check the disk of store\.dir/;

/** In this order: a trial is on, and ada, luc and a candidate of luc are stored. */
const PROMISES: readonly [command: string, args: Args, answer: RegExp, user?: string][] = [
  ['config set', { path: LEVEL, value: '55' }, NOT_STORED],
  ['config take', { author: 'console:luc' }, NOT_STORED],
  ['config confirm', {}, NOT_STORED],
  [NEEDS_NO_ROOM, {}, /"state":"done"/],
  ['config commit', {}, NOT_STORED, 'luc'],
  ['config rollback', { number: '2' }, NOT_STORED],
  ['user add', { name: 'eve' }, USERS],
  ['user enrol', { name: 'luc' }, USERS],
  ['user role', { name: 'luc', role: 'viewer' }, USERS],
  ['user passwd', { name: 'luc', password: 'seven grey cranes' }, USERS],
  ['user totp', { what: 'on', name: 'luc' }, USERS],
  ['user remove', { name: 'luc' }, USERS],
  ['override', { target: 'rue', level: '40', for: '30m' }, NOT_SAVED],
  ['override', { target: 'L01', level: '0', maintenance: true }, NOT_SAVED],
  ['lights on', { duration: '30m' }, NOT_SAVED],
  ['lights auto', {}, NOT_SAVED],
  ['release', { target: 'L01' }, NOT_SAVED],
  ['hours', { target: 'L02', hours: '12' }, NOT_SAVED],
  ['store backup', {}, /the store did not answer: .*no space is left/],
  ['recorder freeze', {}, /no recording was stored: the disk is full/],
];

t.test('no command promises what a full disk did not take', { skip: mountDisk(), timeout: 240_000 }, async (t) => {
  const { start, ask, cli, until } = cabinetAt(t);
  const agent = await start();
  t.match(await ask('user add', { name: 'ada', role: 'admin' }), { ok: true });
  t.match(await ask('user add', { name: 'luc', role: 'technician' }), { ok: true });
  t.match(await ask('config set', { path: LEVEL, value: '45' }, 'luc'), { ok: true });
  t.match(await ask('config set', { path: LEVEL, value: '40' }), { ok: true });
  t.match(await ask('config commit', { confirm: '5' }), { ok: true, text: /"revision":2.*"isOnTrial":true/ });
  const before = await ask('user list');
  fill();
  await until('store', /"state":"trouble"/);
  for (const [command, args, answer, user] of PROMISES)
    await t.test(`${command} ${Object.values(args).join(' ').slice(0, 40)}`, async (t) => {
      const { ok, text } = await ask(command, args, user);
      t.match(text, answer);
      t.equal(ok, command === NEEDS_NO_ROOM, 'a script sees it in the exit code');
    });
  t.equal((await ask('user list')).text, before.text, 'no user was changed');

  const active = (await ask('events', { active: true })).text;
  t.match(active, /"events and audit entries wait in memory, settings are not saved: [^"]*state\.db/);
  t.match(active, /"readings wait in memory: /);
  t.match(await ask('audit', { verify: true }), { text: /"problems":\[\].*"waiting":[1-9]/ });
  const held = join(folder, 'held.csv');
  const exported = await cli('export', '--since', '1h', '--to', held, '--json');
  t.match(exported, { code: 0, err: /warning: \d+ readings not in it: the disk does not take them/ });
  t.ok(JSON.parse(exported.out).waiting > 0);

  const place = join(disk, 'place');
  mkdirSync(place);
  const other = join(folder, 'other.yaml');
  writeFileSync(other, DEMO.replace('levelPct: 30', 'levelPct: 35'));
  for (const words of [
    ['config', 'load', other],
    ['tech-support', '--to', place],
    ['backup', '--to', place],
    ['export', '--since', '1h', '--to', join(place, 'x.csv')],
  ]) {
    const { code, out, err } = await cli(...words);
    t.match({ code, said: out + err }, { code: /[1-9]/, said: /ENOSPC|no space|disk is full/i }, words.join(' '));
    t.strictSame(readdirSync(place), [], `${words[0]} leaves nothing`);
  }

  agent.child.kill('SIGKILL');
  await once(agent.child, 'exit');
  await start();
  t.match(
    await ask('config'),
    { text: /"running":\{"number":1,.*"trial":null/ },
    'a start on the full disk does not go on with the trial, as was said',
  );
  t.notMatch((await ask('zones')).text, /console:ada/, 'no override is left, as was said');
  rmSync(join(disk, 'filler'));
  await until('store', /"state":"ok"/);
  t.match(await ask('override', { target: 'rue', level: '40', for: '30m' }), { ok: true, text: /^(?!.*isSaved)/ });
  t.match(await ask('hours', { target: 'L02', hours: '12' }), { ok: true });
  t.match(await ask('user remove', { name: 'luc' }), { ok: true });
  t.notMatch((await ask('audit', { verify: true })).text, /"waiting"/);
});
