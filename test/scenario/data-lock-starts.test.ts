/** Starts of real agents while others start, and while commands work on the data. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { erase, planErasure } from '../../agent/commissioning/erasure.ts';
import { withLockedData } from '../../agent/commissioning/locked-data.ts';
import { msg } from '../../agent/core/message.ts';
import { countingPort, nextLook, openCabinet } from '../support/data-cabinet.ts';

const HOLDER = join(import.meta.dirname, '../agent/store/fixtures/lock-holder.ts');
t.setTimeout(120_000);

t.test('a command that changes data is refused from the first moment that a starting agent reads it', async (t) => {
  const { folder, dataDir, agentAt, luciole } = openCabinet(t);
  const agent = agentAt('first');
  const places = ['--data-dir', dataDir, '--socket', join(folder, 'first.sock')];
  // The first that a start writes there.
  while (!existsSync(join(dataDir, 'config'))) await nextLook();
  t.throws(() => withLockedData(dataDir, msg`stop the agent first`, () => {}), {
    code: 'busy',
    message: /another process uses this data: stop/,
  });
  t.match(await luciole('erase', '--yes', ...places), { code: 69, err: /stop\s+(it|the\s+agent)\s+first/ });
  await agent.ready();
  while ((await agent.status()).store.epoch === '') await nextLook();
  t.match(await agent.status(), { store: { state: 'ok' } });
  t.ok(existsSync(join(dataDir, 'config/book.json')), 'nothing was erased beneath it');
  t.equal(await agent.stop(), 0);
});

t.test('of several agents that start together on a stale socket one continues with both its sockets', async (t) => {
  const { folder, agentAt } = openCabinet(t);
  const socketPath = join(folder, 'one.sock');
  await leaveDead(socketPath);
  const agents = Array.from({ length: 5 }, () => agentAt('one'));
  let ends = 0;
  for (const { child } of agents) child.once('exit', () => (ends += 1));
  while (ends < agents.length - 1) await nextLook();
  const [winner, ...others] = agents.filter(({ child }) => child.exitCode === null);
  if (winner === undefined) throw new Error('no agent goes on');
  t.equal(others.length, 0);
  await winner.ready();
  for (const path of [socketPath, join(folder, 'one-login.sock')]) t.ok(statSync(path).isSocket(), path);
  while ((await winner.status()).store.epoch === '') await nextLook();
  t.match(await winner.status(), { store: { state: 'ok' } });
  t.equal(await winner.stop(), 0);
});

t.test('an agent that starts while a command has the data opens its lines, and begins again once that has ended', async (t) => {
  const { dataDir, agentAt, folder } = openCabinet(t);
  const { port, connections } = await countingPort(t);
  const holder = await holderOf(t, dataDir);
  const agent = agentAt('first', port);
  await agent.ready();
  while (connections() === 0) await nextLook();
  t.match(await agent.status(), { store: { state: 'trouble', reason: /an erase, restore or backup runs/ } });
  // It is reported at the end of the start.
  const open = async (): Promise<string> => JSON.stringify(await agent.ask('events', { active: true }));
  while (!/the file of the site runs, without revisions; the agent restarts/.test(await open())) await nextLook();
  const beyondLedger = readdirSync(dataDir).filter((name) => !name.startsWith('starts.json'));
  t.same(beyondLedger, ['agent.lock', 'lines.lock'], 'it writes nothing there but its ledger of starts');
  holder.kill('SIGKILL');
  const [code] = await once(agent.child, 'exit');
  t.equal(code, 0, 'its service manager starts it again');
  const next = agentAt('first', port);
  await next.ready();
  while ((await next.status()).store.epoch === '') await nextLook();
  t.equal(await next.stop(), 0);
  t.ok(existsSync(join(folder, 'data/config/book.json')), 'with its revisions');
});

t.test('of two agents that start while a command has the data one lights, the other ends without opening a line', async (t) => {
  const { dataDir, agentAt } = openCabinet(t);
  const [one, other] = [await countingPort(t), await countingPort(t)];
  const holder = await holderOf(t, dataDir);
  const first = agentAt('first', one.port);
  await first.ready();
  while (one.connections() === 0) await nextLook();
  while ((await first.status()).store.state !== 'trouble') await nextLook();
  const second = agentAt('second', other.port);
  const [code] = await once(second.child, 'exit');
  t.equal(code, 1);
  t.match(second.logTail(20), /another\s+process\s+uses\s+this\s+data/);
  t.equal(other.connections(), 0, 'it wrote to no lamp');
  t.equal(first.child.exitCode, null, 'the first one lights');
  holder.kill('SIGKILL');
  t.same(await once(first.child, 'exit'), [0, null], 'and begins again after the command');
});

t.test('an agent that began while its data was erased stores nothing there, and ends', async (t) => {
  const { dataDir, agentAt } = openCabinet(t);
  const { port } = await countingPort(t);
  const before = agentAt('before', port);
  await before.ready();
  while ((await before.status()).store.epoch === '') await nextLook();
  t.equal(await before.stop(), 0);
  const holder = await holderOf(t, dataDir);
  const agent = agentAt('first', port);
  await agent.ready();
  while ((await agent.status()).store.state !== 'trouble') await nextLook();
  erase(planErasure(dataDir).goes);
  holder.kill('SIGKILL');
  t.same(await once(agent.child, 'exit'), [0, null], 'its service manager starts it again');
  t.match(agent.logTail(200), /"data-erased"/);
  t.same(
    readdirSync(dataDir).filter((name) => /^(state|telemetry)|quarantine/.test(name)),
    [],
  );
});

async function holderOf(t: Test, dataDir: string) {
  const holder = spawn(process.execPath, [HOLDER, dataDir, 'command'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return holder;
}

/** What a killed agent leaves behind. */
async function leaveDead(socketPath: string): Promise<void> {
  const dying = createServer().listen(`${socketPath}.dying`);
  await once(dying, 'listening');
  renameSync(`${socketPath}.dying`, socketPath);
  dying.close();
  await once(dying, 'close');
}
