import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { programFolder } from '../agent/console/program.ts';
import { runInFolder } from '../support/unknown-street.ts';

const DEMO = join(import.meta.dirname, '../street/demo.ts');

t.test('the demo without an agent is a street on which `luciole setup` can be rehearsed', { timeout: 60_000 }, async (t) => {
  const folder = programFolder(t);
  const file = join(folder, 'my-street.yaml');
  const street = spawn(process.execPath, [DEMO, '--no-agent'], { cwd: join(DEMO, '../../..'), stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => street.kill('SIGKILL'));
  let shown = '';
  for await (const bytes of street.stdout) {
    shown += bytes;
    if (shown.includes('lit: ')) break;
  }
  t.notMatch(shown, /[^\n]{81}/, 'it fits 80 columns');
  t.ok(shown.split('\n').length <= 24, 'and 24 rows');
  t.match(shown, /12 lamps on 3 ports, without an agent[\s\S]*eastron-sdm630: 31[\s\S]*lit: none of 12 lamps/);
  const ports = [...shown.matchAll(/--port (\S+)/g)].map(([, path]) => path ?? '');
  t.equal(ports.length, 3);
  for (const path of ports) t.ok(existsSync(path), path);

  const site = ['--yes', '--id', 'desk', '--position', '47.4736,-0.5541', '--timezone', 'Europe/Paris', '--data-dir', folder];
  const units = ['--units', '1-45', '--serial', '19200-8N2', '--prefer', 'wirenboard-wb-led'];
  const labels = ['--device', '31=eastron-sdm630', '--device', '41=waveshare-modbus-relay-d8'];
  const words = ['setup', file, ...site, ...units, ...labels, ...ports.slice(0, 2).flatMap((path) => ['--port', path])];
  t.match(await runInFolder(words, folder), { code: 0, out: /12 lamps, 18 devices, 2 lines/ });

  const ended = once(street, 'close');
  street.kill('SIGINT');
  t.strictSame(await ended, [0, null]);
  t.notOk(existsSync(dirname(ports[0] ?? '')), 'it takes its folder with it');
  t.match(await runInFolder(['check', file], folder), { code: 78, out: /no such device file/ }, 'the ports have gone');
  t.match(await runInFolder(['check', file, '--no-ports'], folder), { code: 0, out: /ok, 12 lamps, 2 lines, 1 zone/ });
});
