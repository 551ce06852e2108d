import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nextLook, openCabinet } from '../support/data-cabinet.ts';

t.setTimeout(120_000);

t.test('an agent started by hand writes no file that other users may read, with any umask', async (t) => {
  for (const mask of [0o000, 0o022, 0o027, 0o077]) {
    const { folder, dataDir, agentAt } = openCabinet(t);
    const own = process.umask(mask);
    const agent = agentAt('first');
    process.umask(own);
    await agent.ready();
    while ((await agent.status()).store.epoch === '') await nextLook();
    const found = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).map((name) => join(dataDir, name));
    t.ok(found.length > 5);
    for (const path of [dataDir, ...found]) {
      // Temporary names of files that are replaced may be gone.
      const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
      t.equal(mode & 0o027, 0, `${path} at ${mask.toString(8)}: nothing for others, not written by the group`);
    }
    const group = statSync(join(dataDir, 'state.db')).mode & 0o040;
    t.equal(group, mask === 0o077 ? 0 : 0o040, 'the group may read the store, unless the umask refuses it');
    t.equal(statSync(join(folder, 'first.sock')).mode & 0o777, 0o660, 'the group may command the street');
    t.equal(statSync(join(dataDir, 'agent.lock')).mode & 0o777, 0o600, 'and may not lock the agent out');
    await agent.stop();
  }
});
