import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runErase } from '../../../agent/commissioning/erase.ts';
import { renewalFilesFor, runRenewKey } from '../../../agent/commissioning/renew-key.ts';
import type { Terminal } from '../../../agent/console/terminal/terminal.ts';
import { findProgram } from '../../platform/mosquitto.ts';
import { SMALL_SITE } from '../../support/small-site.ts';

const openssl = findProgram('openssl');

function site(t: Test, uplink: string) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-renew-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'cabinet.yaml');
  const text = SMALL_SITE.replace('mqtt://', 'mqtts://').replace(/( +)(broker: \S+)/, `$1$2\n${uplink}`);
  writeFileSync(file, text.replaceAll('$FOLDER', folder));
  const out: string[] = [];
  const terminal = { out: (line: string) => void out.push(line), err: () => {}, widthCols: 80 } as unknown as Terminal;
  return { folder, file, out, run: (args = {}) => runRenewKey(args, file, terminal) };
}
const KEYS = '  certFile: $FOLDER/c1.pem\n  keyFile: $FOLDER/c1.key\n';

t.test(
  'a new key is written next to the present one, with a request in the name of the node; a second call returns the same key',
  { skip: openssl === undefined },
  async (t) => {
    const { folder, run, out } = site(t, KEYS);
    writeFileSync(join(folder, 'c1.key'), 'the key in use');
    t.equal(await run(), 0);
    const beside = renewalFilesFor(join(folder, 'c1.key'), join(folder, 'c1.pem'));
    const key = readFileSync(beside.keyFile, 'utf8');
    t.equal(statSync(beside.keyFile).mode & 0o777, 0o400);
    t.equal(createPrivateKey(key).asymmetricKeyType, 'ec');
    t.equal(readFileSync(join(folder, 'c1.key'), 'utf8'), 'the key in use', 'is not touched');
    t.match(
      execFileSync(openssl as string, ['req', '-in', beside.requestFile, '-verify', '-noout', '-subject'], { encoding: 'utf8' }),
      /CN ?= ?\S+/,
    );
    t.match(out.join(''), /rename both files/);
    t.equal(await run({ json: true }), 0);
    t.match(JSON.parse(out.at(-1) ?? ''), { isNew: false, certFile: beside.certFile });
    t.equal(readFileSync(beside.keyFile, 'utf8'), key, 'what the authority may be signing is not thrown away');
  },
);

t.test('without a certificate there is nothing to renew, and a credential of the service is made elsewhere', async (t) => {
  await t.rejects(site(t, '').run(), { message: /nothing to renew/ });
  await t.rejects(site(t, '  certFile: $FOLDER/c1.pem\n  keyFile: cabinet.key\n').run(), { message: /credential of the service/ });
});

t.test('a key or certificate without its whole path is not renewed: the agent would search it in another folder', async (t) => {
  for (const [cert, key, wrong] of [
    ['$FOLDER/c1.pem', 'keys/c1.key', 'keys/c1.key'],
    ['c1.pem', '$FOLDER/c1.key', 'c1.pem'],
  ]) {
    const { run, file, folder } = site(t, `  certFile: ${cert}\n  keyFile: ${key}\n`);
    const message = `${wrong} does not say in which folder the agent finds it: write its whole path in ${file}`;
    await t.rejects(run(), { code: 'failed', message });
    t.notOk(existsSync(join(folder, 'c1.key.new')));
  }
});

t.test('erasing the keys of a cabinet also removes those of a renewal', { skip: openssl === undefined }, async (t) => {
  const { folder, file, run } = site(t, KEYS);
  await run();
  writeFileSync(join(folder, 'starts.json'), '{}');
  const beside = renewalFilesFor(join(folder, 'c1.key'), join(folder, 'c1.pem'));
  const terminal = { out: () => {}, err: () => {}, widthCols: 80 } as unknown as Terminal;
  await runErase({ keys: true, yes: true, 'data-dir': folder, socket: join(folder, 'agent.sock') }, file, terminal);
  t.same([beside.keyFile, beside.requestFile].filter(existsSync), []);
});

t.test('a cabinet file that is absent or wrong is named, with the command to type', async (t) => {
  const { file, run } = site(t, KEYS);
  writeFileSync(file, 'cabinet: [');
  await t.rejects(run(), { code: 'failed', message: `${file} cannot be used: run \`luciole check\`` });
  rmSync(file);
  await t.rejects(run(), { code: 'failed', message: /there is no cabinet file .*luciole setup/ });
});
