import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openTtyForWrites, stty } from '../../../../agent/console/shell/tty-device.ts';

/** Programs are looked for in this folder alone. */
function onlyIn(t: Test, dir: string): void {
  const path = process.env['PATH'];
  process.env['PATH'] = dir;
  t.teardown(() => {
    process.env['PATH'] = path;
  });
}

t.test('if stty is missing, the package that contains it is named', async (t) => {
  onlyIn(t, t.testdir());
  await t.rejects(stty(['9600']), {
    name: 'ConsoleError',
    code: 'failed',
    message: 'no program stty here: install the Debian package coreutils',
  });
});

t.test('a command that may not be started is reported', async (t) => {
  const dir = t.testdir({ stty: '#!/bin/sh\n' });
  onlyIn(t, dir);
  await t.rejects(stty(['9600']), { code: 'failed', message: 'the program stty does not start: EACCES' });
});

t.test('its output is the answer, and its warning about a setting is the error', async (t) => {
  const shell = spawnSync('sh', ['-c', 'command -v sh'], { encoding: 'utf8' }).stdout.trim();
  const dir = t.testdir();
  writeFileSync(join(dir, 'stty'), `#!${shell}\nif [ "$1" = 7 ]; then echo "stty: invalid argument" >&2; exit 1; fi\necho 9600\n`);
  chmodSync(join(dir, 'stty'), 0o755);
  onlyIn(t, dir);
  t.equal(await stty(['speed']), '9600\n');
  await t.rejects(stty(['7']), { code: 'failed', message: 'the terminal does not take 7: stty: invalid argument' });
});

t.test('a terminal that cannot be opened, as one of another user after su, is a refusal with what to type', async (t) => {
  const path = join(t.testdir(), 'pts');
  t.throws(() => openTtyForWrites(path), {
    name: 'ConsoleError',
    code: 'failed',
    message: /pts cannot be opened .*: after su .* type `script /,
  });
});
