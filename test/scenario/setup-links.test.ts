/** The real `luciole setup` as root, in folders that a compromised service may write too. */

import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runInFolder } from '../support/unknown-street.ts';

const SERVICE = 64_123;
const isRoot = process.getuid?.() === 0;

for (const [what, plant] of [
  ['links', symlinkSync],
  ['hard links', linkSync],
] as const)
  t.test(
    `setup makes the first admin and the key, and ${what} in the way lead it nowhere`,
    { skip: isRoot ? false : 'as root only' },
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'luciole-setup-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      chmodSync(folder, 0o755);
      const [victim, state, site] = [join(folder, 'shadow'), join(folder, 'state'), join(folder, 'site')];
      writeFileSync(victim, 'root:secret', { mode: 0o600 });
      for (const dir of [state, site]) {
        mkdirSync(dir);
        chownSync(dir, SERVICE, SERVICE);
      }
      const file = join(site, 'cabinet.yaml');
      writeFileSync(file, 'former: true\n');
      for (const path of [
        join(state, 'users.json.new'),
        `${file}.new`,
        `${file}.bak`,
        `${file}.answers.new`,
        join(site, 'cabinet.csr.new'),
      ])
        plant(victim, path);
      // A connection without any answer is reset, so that a stalled gateway carries out no expired request.
      const silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
      t.teardown(() => silent.close());
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      const words = ['--yes', '--force', '--id', 'c1', '--position', '47.4,-0.5', '--timezone', 'Europe/Paris', '--units', '1-1'];
      const platform = ['--broker', 'mqtts://broker.example.org', '--group', 'Angers'];
      const made = await runInFolder(
        ['setup', file, ...words, ...platform, '--port', `tcp://127.0.0.1:${port}`, '--admin', 'ada', '--data-dir', state],
        folder,
      );
      t.equal(made.code, 0, made.err + made.out);
      t.match(made.out, /Console user ada, one-time/);
      const { uid, mode } = statSync(victim);
      t.strictSame([readFileSync(victim, 'utf8'), uid, mode & 0o777], ['root:secret', 0, 0o600], 'the victim is as it was');
      for (const name of [join(state, 'users.json'), file, `${file}.bak`, join(site, 'cabinet.key'), join(site, 'cabinet.csr')])
        t.strictSame([lstatSync(name).isFile(), lstatSync(name).uid], [true, SERVICE], name);
      t.equal(readFileSync(`${file}.bak`, 'utf8'), 'former: true\n');
    },
  );
