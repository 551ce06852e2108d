import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createTestBroker } from '../platform/broker.ts';
import { managerMissing } from '../support/fake-service-manager.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

t.test(
  'an agent whose state files never answer lights the street by the site file, connects to the platform and reports the fault',
  { timeout: 85_000, skip: managerMissing },
  async (t) => {
    const broker = createTestBroker();
    await broker.start();
    t.teardown(() => broker.stop());
    const { folder, street, manager, until, all, event, newest, status } = await createWatchedStreet(t, {
      broker: broker.url,
      preload: 'hung-files.mjs',
    });
    await until('online', async () => (await status())?.uplink.state === 'online');
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };
    newest().child.kill('SIGKILL');
    // From now on their names lead to pipes without a writer: opening them blocks for ever, as on a card that has stopped.
    for (const file of ['starts.json', 'config/book.json']) {
      const path = join(folder, 'data', file);
      execFileSync('mkfifo', [`${path}.hung`]);
      writeFileSync(`${path}.hangs`, '');
    }
    await until('started again', () => manager.runs.length === 2 && newest().isReady, 40_000);
    t.match(await event('config-refused'), /the disk of store\.dir does not answer: the file of the site runs/);
    await until('dimmed as the programme says', all(DIMMED_PCT));
    await until('online again', async () => (await status())?.uplink.state === 'online');
    t.equal((await status())?.store.state, 'ok', 'the store has a thread of its own');
    t.ok(darkestPct >= DIMMED_PCT, 'no lamp went dark');
  },
);
