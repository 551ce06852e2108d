import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { createMaker, programOf, updateBy } from '../support/update-files.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

/** Never ready, and ignores SIGTERM, as a program that hangs in a kernel call. */
const HANGS = "#!/bin/sh\ntrap '' TERM\nexec sleep 600\n";
/** The minute of the unit file becomes ten seconds. */
const START_PACE = 6;

t.test(
  'a release that hangs before it is ready is killed, counted and reverted, the street lit throughout',
  { timeout: 85_000, skip: managerMissing },
  async (t) => {
    const { folder, home, socketPath, street, manager, until, ask, newest, levels, all } = await createWatchedStreet(t, {
      isPackaged: true,
      startPace: START_PACE,
    });
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };
    writeFileSync(join(folder, 'new.update'), updateBy(createMaker(join(folder, 'keys')), { entries: programOf(HANGS) }));
    const words = ['update', 'install', join(folder, 'new.update'), '--force', '--socket', socketPath];
    t.match((await promisify(execFile)(join(home, 'bin/luciole'), words)).stdout, /0\.2\.0 is unpacked and takes over now/);
    await until('the package runs again after three starts that hang', () => manager.runs.length === 5 && newest().isReady, 60_000);
    t.strictSame(
      manager.runs.map(({ wasLate, child }) => (wasLate ? String(child.signalCode) : 'ready')),
      ['ready', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'ready'],
      'each start was given up and killed',
    );
    t.match(await ask('update status'), { release: 'package', state: 'confirmed', failed: '20-0.2.0' });
    await until('the revert is reported', async () =>
      /"code":"update-reverted".*20-0\.2\.0 did not start/.test(JSON.stringify(texts(await ask('events', { since: '1h' })))),
    );
    await until('dimmed as the programme says', all(DIMMED_PCT));
    t.ok(Math.min(...levels(), darkestPct) >= DIMMED_PCT, 'no lamp went dark');
  },
);
