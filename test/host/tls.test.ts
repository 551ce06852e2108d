import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestAuthorities } from '../platform/certificates.ts';
import { findProgram } from '../platform/mosquitto.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const MAIN = join(import.meta.dirname, '../../platform/main.ts');
const openssl = findProgram('openssl');
const skip = (await hostSkip()) || (openssl === undefined ? 'openssl is not installed' : false);

t.test('TLS with a certificate for the host; a foreign authority, a foreign client and a wrong name are refused', { skip }, async (t) => {
  const { findFreePort } = await import('../../platform/servers/programs.ts');
  const authorities = openTestAuthorities(openssl as string);
  t.teardown(() => authorities.close());
  const [own, foreign] = [authorities.create('own'), authorities.create('foreign')];
  const server = own.issue('broker', { host: '127.0.0.1' });
  const [client, stranger] = [own.issue('city'), foreign.issue('city')];
  const port = await findFreePort();
  const listener = [`listener ${port} 127.0.0.1`, `cafile ${own.cert}`, `certfile ${server.cert}`, `keyfile ${server.key}`];
  const scene = await openHostScene(t, { settings: [...listener, 'require_certificate true', 'use_identity_as_username true'] });
  const { database, run, kill, holds, failures } = scene;
  const secure = (ca: string, pair: { readonly cert: string; readonly key: string } | null, host = '127.0.0.1'): string[] => [
    ...['--broker', `mqtts://${host}:${port}`, '--ca-file', ca],
    ...(pair === null ? [] : ['--cert-file', pair.cert, '--key-file', pair.key]),
  ];
  for (const [words, reason] of [
    [secure(foreign.cert, client), /self-signed certificate|unable to (get|verify)/],
    [secure(own.cert, client, 'localhost'), /does not match certificate/],
    [secure(own.cert, stranger), /alert|ECONNRESET|closed/i],
    [secure(own.cert, null), /alert|ECONNRESET|closed/i],
  ] as const) {
    const before = failures().length;
    const refused = run('worker', { words });
    t.ok(
      await holds(
        () =>
          failures()
            .slice(before)
            .some((line) => reason.test(line)),
        20_000,
      ),
      `${reason}: ${failures().slice(before)[0]}`,
    );
    t.equal(refused.exitCode, null, 'it tries again');
    await kill(refused, 'SIGKILL');
  }
  t.strictSame(await database.query('select 1 from process where ready_at is not null'), [], 'none of them counts as ready');

  const words = secure(own.cert, client);
  for (const kind of ['state', 'worker', 'commands'] as const) run(kind, { words });
  t.ok(
    await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length === 1),
  );
  const node = scene.node('c1', { primaryHost: 'city' });
  await node.uplink.start();
  for (let i = 0; i < 20; i += 1) node.poll({ 'L01.level': i });
  node.commit();
  t.ok(await holds(() => node.store.cursor >= 20, 90_000), 'acknowledged over TLS');
  t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
});

t.test('a certificate that cannot be read when the host goes online: STATE is published once it can', { skip }, async (t) => {
  const authorities = openTestAuthorities(openssl as string);
  t.teardown(() => authorities.close());
  const { cert } = authorities.create('own');
  const scene = await openHostScene(t);
  const { run, database, holds, failures } = scene;
  const state = run('state', { words: ['--ca-file', cert] });
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'state'`)).length === 1));
  const aside = `${cert}.old`;
  renameSync(cert, aside);
  run('worker');
  const node = scene.node('c1', { primaryHost: 'city' });
  await node.uplink.start();
  t.ok(await holds(() => failures().some((line) => /--ca-file .*no such file/.test(line))));
  t.equal(state.exitCode, null, 'it goes on');
  t.not(node.uplink.status().state, 'online');
  renameSync(aside, cert);
  t.ok(await holds(() => node.uplink.status().state === 'online'));
});

t.test('a file that is missing or is no certificate ends the process with a sentence', { skip }, async (t) => {
  const authorities = openTestAuthorities(openssl as string);
  t.teardown(() => authorities.close());
  const own = authorities.create('own');
  const [one, other] = [own.issue('a'), own.issue('b')];
  const missing = join(authorities.folder, 'missing.pem');
  const der = join(authorities.folder, 'own.der');
  writeFileSync(der, new X509Certificate(readFileSync(own.cert)).raw);
  for (const [kind, words, sentence] of [
    ['worker', ['--ca-file', missing], /--ca-file .*no such file/],
    ['state', ['--ca-file', own.key], /--ca-file .*/],
    ['worker', ['--ca-file', der], /--ca-file .*DER form: convert it/],
    ['commands', ['--username', 'city', '--password-file', missing], /--password-file .*no such file/],
    ['worker', ['--cert-file', one.cert, '--key-file', other.key], /--cert-file and --key-file: .*mismatch/],
    ['worker', ['--cert-file', one.cert], /give both/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, kind, '--broker', 'mqtts://127.0.0.1:1', ...words], { encoding: 'utf8' });
    t.match([status, stderr], [78, sentence], stderr.trim());
    t.equal(stderr.trim().split('\n').length, 1);
  }
});
