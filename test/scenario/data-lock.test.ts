/** Real agents and commands on the same data, each with a socket of its own. */
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { MAIN, programFolder, run } from '../agent/console/program.ts';
import { startAgentProcess } from '../street/agent-process.ts';
import { SMALL_SITE } from '../support/small-site.ts';

const clock = createSystemClock({ quality: () => 'synced' });

function openCabinet(t: Test) {
  const folder = programFolder(t);
  const [configFile, dataDir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  writeFileSync(configFile, SMALL_SITE);
  const agentAt = (name: string, port = join(folder, 'tty')) => {
    const agent = startAgentProcess({
      ...{ configFile, dataDir, clock, ports: new Map([['north', port]]), broker: 'mqtt://127.0.0.1:1' },
      ...{ socketPath: join(folder, `${name}.sock`), startAtMs: Date.parse('2026-12-15T22:00:00Z'), logFile: join(folder, `${name}.log`) },
    });
    t.teardown(() => agent.child.kill('SIGKILL'));
    return agent;
  };
  const elsewhere = ['--data-dir', dataDir, '--socket', join(folder, 'none.sock')];
  const luciole = (...words: string[]) =>
    run([process.execPath, MAIN, ...words], { env: { PATH: '/usr/bin:/bin', LUCIOLE_CONFIG: configFile } });
  return { folder, dataDir, agentAt, elsewhere, luciole };
}

t.test('a command that changes data refuses beside an agent on another socket, and works once that agent was killed', async (t) => {
  const { folder, dataDir, agentAt, elsewhere, luciole } = openCabinet(t);
  const backup = join(folder, 'backup.tar.gz');
  const agent = agentAt('first');
  await agent.ready();
  while (!existsSync(join(dataDir, 'state.db'))) await agent.status();
  const own = ['--data-dir', dataDir, '--socket', join(folder, 'first.sock')];
  t.match(await luciole('backup', ...own, '--to', backup), { code: 0 }, 'the agent makes it where it is asked');
  const before = readdirSync(dataDir);
  t.match(await luciole('erase', '--yes', ...elsewhere), {
    code: 69,
    err: /another\s+process\s+uses\s+this\s+data:\s+stop\s+the\s+agent\s+first/,
  });
  t.match(await luciole('restore', backup, '--yes', ...elsewhere), {
    code: 69,
    err: /another\s+process\s+uses\s+this\s+data:\s+stop\s+the\s+agent\s+first/,
  });
  t.match(await luciole('backup', ...elsewhere, '--to', `${backup}.2`), { code: 69, err: /name its\s+socket with --socket/ });
  t.same(readdirSync(dataDir), before, 'nothing was changed');
  t.match(await agent.status(), { store: { state: 'ok' } });
  agent.child.kill('SIGKILL');
  await once(agent.child, 'close');
  t.match(await luciole('backup', ...elsewhere, '--to', `${backup}.2`), { code: 0 });
  t.match(await luciole('erase', '--yes', ...elsewhere), { code: 0 });
  t.same(readdirSync(dataDir), []);
});

/** A serial server that only counts who connects. */
async function countingPort(t: Test) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return { port: `rtu+tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

t.test('a second agent on the same data ends by itself without opening a line; the first one goes on', async (t) => {
  const { agentAt, folder } = openCabinet(t);
  const { port, connections } = await countingPort(t);
  const first = agentAt('first');
  await first.ready();
  while ((await first.status()).store.epoch === '') await first.status();
  const second = agentAt('second', port);
  const [code] = await once(second.child, 'exit');
  t.equal(code, 1);
  t.match(second.logTail(20), /another\s+process\s+uses\s+this\s+data;\s+stop\s+the\s+other\s+agent/);
  t.equal(connections(), 0, 'it wrote to no lamp');
  t.notOk(existsSync(join(folder, 'second.sock')), 'and leaves no socket that nobody serves');
  t.match(await first.status(), { store: { state: 'ok' } });
  t.equal(await first.stop(), 0);
  const third = agentAt('third', port);
  while (connections() === 0) await third.ready();
  t.equal(await third.stop(), 0, 'one that has the data opens its lines');
});
