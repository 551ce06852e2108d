/** Real agents and commands on the same data, each with a socket of its own. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { countingPort, openCabinet } from '../support/data-cabinet.ts';

t.test('a command that changes data refuses while an agent runs on another socket, and works once that agent was killed', async (t) => {
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

t.test('a second agent on the same data ends by itself without opening a line; the first one continues', async (t) => {
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
  t.notOk(existsSync(join(folder, 'second.sock')), 'and leaves no dead socket');
  t.match(await first.status(), { store: { state: 'ok' } });
  t.equal(await first.stop(), 0);
  const third = agentAt('third', port);
  while (connections() === 0) await third.ready();
  t.equal(await third.stop(), 0, 'one that has the data opens its lines');
});
