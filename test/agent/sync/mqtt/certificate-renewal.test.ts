/** Renewal of a certificate while the old one is still used, against Mosquitto, which requires a client certificate. */
import { createPrivateKey } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { daysFromNow, openTestAuthorities, type Pair } from '../../../platform/certificates.ts';
import { findProgram, startMosquitto } from '../../../platform/mosquitto.ts';
import { texts } from '../../../support/texts.ts';
import { createSmallNode, until, uplinkConfig } from '../small-node.ts';

const [mosquitto, openssl] = [findProgram('mosquitto'), findProgram('openssl')];
const skip = mosquitto === undefined || openssl === undefined ? 'mosquitto and openssl are needed' : false;
const authorities = skip === false ? openTestAuthorities(openssl as string) : null;
t.teardown(() => authorities?.close());
const city = authorities?.create('city');
const stranger = authorities?.create('stranger');

/** A node whose files a test replaces, with a broker that accepts clients of the city. */
async function cabinet(t: Test) {
  const pair = city?.issue('broker', { host: '127.0.0.1' }) as Pair;
  const settings = [`certfile ${pair.cert}`, `keyfile ${pair.key}`, `cafile ${city?.cert}`, 'require_certificate true'];
  const broker = await startMosquitto(mosquitto as string, settings);
  const folder = mkdtempSync(join(tmpdir(), 'luciole-renewal-'));
  const path = (name: string): string => join(folder, name);
  const put = (from: string, name: string, mode: number): void => {
    rmSync(path(name), { force: true });
    copyFileSync(from, path(name));
    chmodSync(path(name), mode);
  };
  const install = (pair: Pair | undefined, end = ''): void => {
    put(pair?.key ?? '', `c1.key${end}`, 0o400);
    put(pair?.cert ?? '', `c1.pem${end}`, 0o444);
  };
  const config = uplinkConfig(`mqtts://127.0.0.1:${broker.port}`, {
    ...{ protocol: 5, caFile: city?.cert ?? '', certFile: path('c1.pem'), keyFile: path('c1.key') },
  });
  const node = createSmallNode({ config, clock: createSystemClock({ quality: () => 'synced' }), random: () => 0.2 });
  t.teardown(async () => {
    await node.uplink.stop();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const isOnlineAs = (name: string) => (): boolean => {
    const { state, certificates } = node.uplink.status();
    return state === 'online' && certificates?.own?.subject === `CN=${name}`;
  };
  /** Reconnects at the request of a person. */
  const reconnect = async (name: string): Promise<boolean> => {
    const { bdSeq } = node.uplink.status();
    node.uplink.tools.reconnect('console:tech');
    return until(() => isOnlineAs(name)() && node.uplink.status().bdSeq !== bdSeq, 15_000);
  };
  const eventsOf = (code: string) => node.events.filter((event) => event.code === code);
  return { node, install, path, put, reconnect, isOnlineAs, eventsOf };
}

t.test('a renewed pair next to the old one is used, reported once, and may be moved into its place file by file', { skip }, async (t) => {
  for (const order of [
    ['c1.pem', 'c1.key'],
    ['c1.key', 'c1.pem'],
  ]) {
    const { node, install, path, reconnect, isOnlineAs, eventsOf } = await cabinet(t);
    install(city?.issue('old'));
    await node.uplink.start();
    t.ok(await until(isOnlineAs('old')));
    install(city?.issue('fresh'), '.new');
    t.ok(await reconnect('fresh'));
    t.ok(await reconnect('fresh'));
    t.match(eventsOf('certificate-renewed'), [{ severity: 'info', text: /accepts the renewed certificate \S+c1\.pem\.new/ }]);
    for (const name of order) {
      renameSync(path(`${name}.new`), path(name));
      t.ok(await reconnect('fresh'), `after ${name}`);
    }
    t.same([eventsOf('certificate-refused'), eventsOf('certificate-renewed').length], [[], 1]);
  }
});

t.test(
  'a renewed certificate that the broker refuses costs one attempt: the old one is used, and the reason is reported',
  { skip },
  async (t) => {
    const { node, install, path, reconnect, isOnlineAs, eventsOf } = await cabinet(t);
    install(city?.issue('old'));
    install(stranger?.issue('foreign'), '.new');
    await node.uplink.start();
    t.ok(await until(isOnlineAs('old'), 15_000), 'also at a start');
    t.match(texts(eventsOf('certificate-refused')), [
      { endMs: null, severity: 'warning', text: /c1\.pem\.new is not in use.*does not know the authority that signed/ },
    ]);
    t.ok(await reconnect('old'), 'and at the next connection');
    install(city?.issue('fresh'), '.new');
    t.ok(await reconnect('fresh'), 'another renewed one is tried again');
    t.equal(eventsOf('certificate-refused').at(-1)?.endMs === null, false);
    rmSync(path('c1.pem.new'));
    t.ok(await reconnect('old'), 'a renewal that is taken back');
  },
);

t.test('the old certificate has expired: the renewed one is used, or the other way round', { skip }, async (t) => {
  const over = () => city?.issue('over', { from: daysFromNow(-400), until: daysFromNow(-1) });
  const first = await cabinet(t);
  first.install(over());
  first.install(city?.issue('fresh'), '.new');
  await first.node.uplink.start();
  t.ok(await until(first.isOnlineAs('fresh'), 15_000));
  const second = await cabinet(t);
  second.install(city?.issue('old'));
  second.install(city?.issue('early', { from: daysFromNow(2), until: daysFromNow(300) }), '.new');
  await second.node.uplink.start();
  t.ok(await until(second.isOnlineAs('old'), 15_000));
  t.match(second.eventsOf('certificate-refused'), [{ text: /not valid today/ }]);
});

t.test('faults of the renewed files leave the old pair in use, and are reported', { skip }, async (t) => {
  for (const [story, damage, text] of [
    ['no key', ({ put }) => put(city?.issue('fresh').cert ?? '', 'c1.pem.new', 0o444), /belongs to no key: put its key to \S+c1\.key\.new/],
    [
      'a key for everybody',
      ({ install, path }) => {
        install(city?.issue('fresh'), '.new');
        chmodSync(path('c1.key.new'), 0o644);
      },
      /c1\.key\.new can be read by others/,
    ],
    ['no certificate', ({ path }) => writeFileSync(path('c1.pem.new'), 'nothing of the kind'), /c1\.pem\.new or its key cannot be used/],
    [
      'a key with a passphrase',
      ({ install, path }) => {
        install(city?.issue('fresh'), '.new');
        const key = createPrivateKey(readFileSync(path('c1.key.new')));
        rmSync(path('c1.key.new'));
        const sealed = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
        writeFileSync(path('c1.key.new'), sealed, { mode: 0o400 });
      },
      /the key must have no passphrase/,
    ],
  ] satisfies [string, (scene: Awaited<ReturnType<typeof cabinet>>) => void, RegExp][]) {
    const scene = await cabinet(t);
    scene.install(city?.issue('old'));
    damage(scene);
    await scene.node.uplink.start();
    t.ok(await until(scene.isOnlineAs('old')), story);
    t.match(scene.eventsOf('certificate-refused'), [{ text }], story);
  }
});

t.test('a damaged file in use does not prevent a good renewed pair', { skip }, async (t) => {
  for (const name of ['c1.pem', 'c1.key']) {
    const { node, install, path, isOnlineAs, eventsOf } = await cabinet(t);
    install(city?.issue('old'));
    rmSync(path(name));
    writeFileSync(path(name), 'nothing of the kind', { mode: 0o400 });
    install(city?.issue('fresh'), '.new');
    await node.uplink.start();
    t.ok(await until(isOnlineAs('fresh'), 15_000), name);
    t.same(eventsOf('certificate-refused'), [], name);
  }
});

t.test('a new certificate for the same key needs no new key', { skip }, async (t) => {
  const { node, put, install, isOnlineAs } = await cabinet(t);
  const pair = city?.issue('same') as Pair;
  install(pair);
  put(pair.cert, 'c1.pem.new', 0o444);
  await node.uplink.start();
  t.ok(await until(isOnlineAs('same')));
  t.match(node.events.filter(({ code }) => code === 'certificate-renewed').length, 1);
});
