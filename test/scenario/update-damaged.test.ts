import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { createMaker } from '../support/update-files.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

/** Its program is there and does nothing, as where flash has lost a part of it. */
const BROKEN = '#!/bin/sh\nexit 1\n';

t.test(
  'a confirmed release that is damaged later is replaced after ten failed starts, the street lit throughout',
  { timeout: 85_000, skip: managerMissing },
  async (t) => {
    const { folder, street, manager, until, ask, newest, levels, all } = await createWatchedStreet(t, { isPackaged: true });
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };
    createMaker(join(folder, 'keys'));
    const releases = join(folder, 'data/releases');
    mkdirSync(releases);
    mkdirSync(join(folder, 'unpacked/20-0.2.0/bin'), { recursive: true });
    writeFileSync(join(folder, 'unpacked/20-0.2.0/bin/luciole'), BROKEN, { mode: 0o755 });
    writeFileSync(join(releases, 'serial'), '20\n');
    writeFileSync(join(releases, 'current'), '20-0.2.0\n');
    newest().child.kill('SIGKILL');
    await until('the package runs again', () => manager.runs.length === 12 && newest().isReady, 40_000);
    t.match(await ask('update status'), { release: 'package', state: 'confirmed', failed: '20-0.2.0' });
    await until('the revert is reported', async () =>
      /"code":"update-reverted".*20-0\.2\.0 did not start/.test(JSON.stringify(texts(await ask('events', { since: '1h' })))),
    );
    await until('dimmed as the programme says', all(DIMMED_PCT));
    t.ok(Math.min(...levels(), darkestPct) >= DIMMED_PCT, 'no lamp went dark');
  },
);
