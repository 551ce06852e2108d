import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { UpdateView } from '../../agent/core/updates.ts';
import { managerMissing } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { cloneTree, createMaker, programOf, updateBy } from '../support/update-files.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

const execute = promisify(execFile);

t.test(
  'an update that does not start is reverted by itself, the street lit throughout; one that starts runs on trial and can be reverted',
  { timeout: 85_000, skip: managerMissing },
  async (t) => {
    const { folder, home, socketPath, street, manager, until, ask, newest, levels, all } = await createWatchedStreet(t, {
      isPackaged: true,
    });
    const maker = createMaker(join(folder, 'keys'));
    const luciole = async (...words: string[]): Promise<string> => {
      const answer = await execute(join(home, 'bin/luciole'), [...words, '--socket', socketPath]).catch(
        (error: { stdout: string; stderr: string; code: number }) => error,
      );
      return `${answer.stdout}${answer.stderr}`;
    };
    const install = (update: Buffer, ...words: string[]): Promise<string> => {
      writeFileSync(join(folder, 'new.update'), update);
      return luciole('update', 'install', join(folder, 'new.update'), ...words);
    };
    const updates = async (): Promise<UpdateView> => (await ask('update status')) as UpdateView;
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };

    const broken = updateBy(maker, { entries: programOf('#!/bin/sh\nexit 1\n') });
    t.match(await install(broken), /6 lamps are lit: update by day, or add --force/);
    t.equal(manager.runs.length, 1);
    t.match(await install(broken, '--force'), /0\.2\.0 is unpacked and takes over now/);
    await until('the package runs again after three starts in vain', () => manager.runs.length === 5 && newest().isReady, 40_000);
    t.match(await updates(), { release: 'package', state: 'confirmed', failed: '20-0.2.0' });
    await until('the revert is reported', async () =>
      /"code":"update-reverted".*20-0\.2\.0 did not start/.test(JSON.stringify(texts(await ask('events', { since: '1h' })))),
    );
    t.ok(Math.min(...levels(), darkestPct) >= DIMMED_PCT, 'the street was lit throughout');

    const tree = cloneTree().map((entry) => ({ ...entry, path: `luciole/${entry.path}` }));
    t.match(await install(updateBy(maker, { entries: tree, serial: 30, version: '0.3.0' }), '--force'), /0\.3\.0 is unpacked/);
    await until('the new release runs', () => manager.runs.length === 6 && newest().isReady, 30_000);
    t.match(await updates(), { release: '30-0.3.0', state: 'trial', previous: 'package' });
    t.match(await luciole('update', 'revert', '--force'), /the installed package takes over now/);
    await until('the package runs again', () => manager.runs.length === 7 && newest().isReady, 30_000);
    t.match(await luciole('update', 'status'), /as installed with the system/);
    await until('dimmed', all(DIMMED_PCT));
    t.ok(darkestPct >= DIMMED_PCT, 'and no lamp went dark');
  },
);
