import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const MAIN = join(import.meta.dirname, '../../platform/main.ts');

t.test('a bench whose broker does not start leaves no server and no folder behind', { skip, timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-bench-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [programs, temporary] = [join(folder, 'bin'), join(folder, 'tmp')];
  for (const one of [programs, temporary]) mkdirSync(one);
  chmodSync(folder, 0o755);
  chmodSync(temporary, 0o777);
  writeFileSync(join(programs, 'mosquitto'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${programs}:${process.env['PATH']}`, TMPDIR: temporary };
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'bench'], {
    env,
    encoding: 'utf8',
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  t.equal(status, 1);
  t.match(stderr, /Mosquitto does not start/);
  t.strictSame(readdirSync(temporary), []);
});

t.test('a bench has whole numbers of nodes and workers', { skip }, async (t) => {
  for (const name of ['--nodes', '--workers']) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'bench', name, '0.5'], { encoding: 'utf8', timeout: 20_000 });
    t.equal(status, 2);
    t.match(stderr, new RegExp(`${name}: write a whole number`));
  }
});
