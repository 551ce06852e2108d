import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import t, { type Test } from 'tap';
import type { UplinkConfig } from '../../../../agent/core/cabinet.ts';
import type { ClockQuality } from '../../../../agent/core/clock.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import type { UplinkStep } from '../../../../agent/core/uplink-tools.ts';
import { createFileReader } from '../../../../agent/sync/mqtt/secret-files.ts';
import { daysFromNow, openTestAuthorities, type Pair } from '../../../platform/certificates.ts';
import { findProgram, startMosquitto } from '../../../platform/mosquitto.ts';
import { texts } from '../../../support/texts.ts';
import { createSmallNode, until, uplinkConfig } from '../small-node.ts';

const [mosquitto, openssl] = [findProgram('mosquitto'), findProgram('openssl')];
const skip =
  mosquitto === undefined
    ? 'mosquitto is not installed (apt-get install mosquitto)'
    : openssl === undefined
      ? 'openssl is not installed (apt-get install openssl)'
      : false;

const authorities = skip === false ? openTestAuthorities(openssl as string) : null;
t.teardown(() => authorities?.close());
const city = authorities?.create('city');
const stranger = authorities?.create('stranger');

/** A broker behind TLS, with this certificate. */
async function secureBroker(t: Test, pair: Pair, settings: readonly string[] = []): Promise<string> {
  const broker = await startMosquitto(mosquitto as string, [`certfile ${pair.cert}`, `keyfile ${pair.key}`, ...settings]);
  t.teardown(() => broker.stop());
  return `mqtts://127.0.0.1:${broker.port}`;
}

/** An agent with these settings; it is stopped at the end. */
function agent(t: Test, url: string, changes: Partial<UplinkConfig>, quality: ClockQuality = 'synced') {
  const config = uplinkConfig(url, { protocol: 5, caFile: (city as Pair).cert, ...changes });
  // A chance of 1: a failed attempt rests for a second and can be looked at.
  const node = createSmallNode({ config, clock: createSystemClock({ quality: () => quality }), random: () => 1 });
  t.teardown(() => node.uplink.stop());
  return node;
}

const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

t.test('a good certificate: TLS 1.3 if possible, and its dates are known', { skip }, async (t) => {
  const url = await secureBroker(t, city?.issue('broker', { host: '127.0.0.1' }) as Pair);
  const node = agent(t, url, {});
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().state === 'online'));
  t.match(node.uplink.status().certificates, { own: null, broker: { subject: 'CN=broker', issuer: 'CN=city' } });
});

interface Bad {
  readonly story: string;
  readonly pair: () => Pair;
  readonly words: RegExp;
  readonly config?: () => Partial<UplinkConfig>;
  readonly settings?: readonly string[];
  readonly quality?: ClockQuality;
  readonly place?: (url: string) => string;
}
const good = (): Pair => city?.issue('broker', { host: '127.0.0.1' }) as Pair;
const expired = (): Pair => city?.issue('broker', { host: '127.0.0.1', from: daysFromNow(-400), until: daysFromNow(-35) }) as Pair;
const early = (): Pair => city?.issue('broker', { host: '127.0.0.1', from: daysFromNow(35), until: daysFromNow(400) }) as Pair;
const withClients = [`cafile ${city?.cert}`, 'require_certificate true'];
const client = (pair: Pair | undefined): Partial<UplinkConfig> => ({ certFile: pair?.cert ?? '', keyFile: pair?.key ?? '' });

const bad: Bad[] = [
  {
    story: 'a broker whose authority is another',
    pair: () => stranger?.issue('broker', { host: '127.0.0.1' }) as Pair,
    words: /no trusted authority signed the broker's certificate \(CN=broker, signed by CN=stranger\): check uplink\.caFile/,
  },
  {
    story: 'a broker that is unknown to the authorities of the system',
    pair: good,
    config: () => ({ caFile: null }),
    words: /no trusted authority signed/,
  },
  {
    story: 'a broker of another name',
    pair: () => city?.issue('broker', { host: 'broker.other.example' }) as Pair,
    words: /the broker's certificate is not for 127\.0\.0\.1 \(CN=broker, signed by CN=city\): check the name in uplink\.broker/,
  },
  {
    story: 'an address where the certificate has another one',
    pair: good,
    place: byName,
    words: /is not for localhost/,
  },
  {
    story: 'an expired broker',
    pair: expired,
    words:
      /has expired \(valid 20\d\d-\d\d-\d\d to 20\d\d-\d\d-\d\d\), here it is 20\d\d-\d\d-\d\d: the operator of the broker must renew it/,
  },
  { story: 'a broker of the future', pair: early, words: /is not valid yet \(valid .*\).*: check the clock of this machine/ },
  {
    story: 'an expired broker, by a clock that was never set',
    pair: expired,
    quality: 'none',
    words: /the clock is the problem: .* but it was never set \(here it is .*\)\. Check the time server/,
  },
  {
    story: 'a broker of the future, by a clock that went on from the last shutdown',
    pair: early,
    quality: 'restored',
    words: /the clock is the problem: .* but it continues from the last shutdown \(here it is/,
  },
  {
    story: 'a broker that wants a client certificate from one who has none',
    pair: good,
    settings: withClients,
    words: /it requires a client certificate: set uplink\.certFile and uplink\.keyFile/,
  },
  {
    story: 'a client certificate of another authority',
    pair: good,
    settings: withClients,
    config: () => client(stranger?.issue('c1')),
    words: /it does not know the authority that signed our client certificate: check uplink\.certFile/,
  },
  {
    story: 'a client certificate that has expired',
    pair: good,
    settings: withClients,
    config: () => client(city?.issue('c1', { from: daysFromNow(-9), until: daysFromNow(-2) })),
    words: /it reports that our client certificate has expired: renew uplink\.certFile/,
  },
  {
    story: 'a key that is not the one of the certificate',
    pair: good,
    settings: withClients,
    config: () => ({ certFile: city?.issue('c1').cert ?? '', keyFile: city?.issue('c1').key ?? '' }),
    words: /uplink\.keyFile .* is not the key of uplink\.certFile .*: replace both together/,
  },
];
for (const { story, pair, words, config, settings, quality, place } of bad) {
  t.test(`${story} gets no session, and the reason is reported`, { skip }, async (t) => {
    const url = await secureBroker(t, pair(), settings ?? []);
    const node = agent(t, place === undefined ? url : place(url), config?.() ?? {}, quality);
    await node.uplink.start();
    t.ok(await until(() => node.uplink.status().state === 'down'), 'it failed');
    t.match(node.uplink.status().reason, words);
    t.equal(node.uplink.status().messagesSent, 0);
  });
}

t.test('a broker that supports TLS 1.1 at most is refused', { skip }, async (t) => {
  const { cert, key } = good();
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), ...old });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const node = agent(t, `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().state === 'down'));
  t.match(node.uplink.status().reason, /check that it supports TLS 1\.2 or 1\.3 on that port|it supports neither TLS 1\.2 nor 1\.3/);
});

t.test('mqtt:// at a TLS port, and mqtts:// at a plain one, are distinguished', { skip }, async (t) => {
  const url = await secureBroker(t, good());
  const plain = agent(t, url.replace('mqtts:', 'mqtt:'), { caFile: null });
  await plain.uplink.start();
  t.ok(await until(() => plain.uplink.status().state === 'down'));
  t.match(plain.uplink.status().reason, /closed the connection before it answered CONNECT|no MQTT/);
  const broker = await startMosquitto(mosquitto as string);
  t.teardown(() => broker.stop());
  const secure = agent(t, broker.url.replace('mqtt:', 'mqtts:'), {});
  await secure.uplink.start();
  t.ok(await until(() => secure.uplink.status().state === 'down'));
  t.match(
    secure.uplink.status().reason,
    /does not use TLS on that port|closed the connection during TLS: check that it uses TLS on that port/,
  );
});

t.test('a certificate is replaced without a restart: at the next connection, not before', { skip }, async (t) => {
  const url = await secureBroker(t, good(), withClients);
  const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'c1.pem'), join(folder, 'c1.key')];
  const install = ({ cert, key }: Pair): void => {
    rmSync(keyFile, { force: true });
    copyFileSync(cert, certFile);
    copyFileSync(key, keyFile);
    chmodSync(keyFile, 0o400);
  };
  install(city?.issue('first') as Pair);
  const node = agent(t, url, { certFile, keyFile });
  await node.uplink.start();
  const isOnline = (): boolean => node.uplink.status().state === 'online';
  t.ok(await until(isOnline));
  const { bdSeq } = node.uplink.status();
  install(stranger?.issue('second') as Pair);
  node.poll({ 'L01.level': 1 });
  t.ok(await until(() => node.uplink.status().readingsAcked === 1));
  t.match([isOnline(), node.uplink.status()], [true, { bdSeq, certificates: { own: { subject: 'CN=first' } } }], 'the session goes on');

  node.uplink.tools.reconnect('console:tech');
  t.ok(await until(() => /does not know the authority that signed/.test(String(node.uplink.status().reason))), 'now the new one counts');
  install(city?.issue('third') as Pair);
  t.ok(await until(isOnline, 10_000), 'and is put right without anybody asking');
  t.match(node.uplink.status(), { certificates: { own: { subject: 'CN=third', issuer: 'CN=city' } } });
  t.match(texts(node.events.filter(({ code }) => code === 'uplink-reconnect')), [
    { text: 'new connection to the platform requested by console:tech' },
  ]);
  t.strictSame(
    node.events.filter(({ code, text }) => code === 'uplink-down' && String(text) === ''),
    [],
    'and is no failure of the uplink',
  );
});

t.test('the test of an uplink uses TLS and shows who issued the certificates', { skip }, async (t) => {
  const url = await secureBroker(t, good(), withClients);
  const node = agent(t, url, client(city?.issue('c1', { until: daysFromNow(12) })));
  const reported: UplinkStep[] = [];
  const report = await node.uplink.tools.test({ broker: null, signal: new AbortController().signal }, (step) => reported.push(step));
  t.match(report, { ok: true, broker: url, clientId: 'luciole-c1-test' });
  t.strictSame(reported, report.steps);
  t.match(texts(report.steps), [
    { name: 'files', outcome: 'doubtful', text: /^own certificate CN=c1, signed by CN=city, \S+ to \S+, 11 days left$/ },
    { name: 'tcp', outcome: 'ok', text: /^127\.0\.0\.1 port \d+$/ },
    { name: 'tls', outcome: 'ok', text: /^TLSv1\.3, certificate CN=broker, signed by CN=city, \S+ to \S+, 364 days left$/ },
    { name: 'connack', outcome: 'ok', text: 'accepted as luciole-c1-test, MQTT 5' },
    { name: 'rights', outcome: 'ok' },
    { name: 'host', outcome: 'skipped' },
    { name: 'round-trip', outcome: 'ok' },
  ]);
});

t.test('the test reports the stage of TLS that failed', { skip }, async (t) => {
  const url = await secureBroker(t, expired());
  const node = agent(t, url, {}, 'none');
  const report = await node.uplink.tools.test({ broker: null, signal: new AbortController().signal }, () => {});
  t.match(report, {
    ok: false,
    steps: [{ name: 'files' }, { name: 'tcp' }, { name: 'tls', outcome: 'failed', text: /the clock is the problem/ }],
  });
});

t.test('permissions of the files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'key');
  const read = createFileReader(null);
  const modes: [mode: number, isRefused: boolean][] = [
    [0o400, false],
    [0o600, false],
    [0o440, true],
    [0o640, true],
    [0o404, true],
    [0o644, true],
    [0o420, true],
  ];
  for (const [mode, isRefused] of modes) {
    rmSync(path, { force: true });
    writeFileSync(path, 'x');
    chmodSync(path, mode);
    const shown = mode.toString(8).padStart(4, '0');
    if (isRefused)
      await t.rejects(read(path, 'secret'), { code: 'secret', message: new RegExp(`its mode is ${shown}.*chmod 0400`) }, shown);
    else t.equal((await read(path, 'secret')).toString(), 'x', shown);
    t.equal((await read(path, 'public')).toString(), 'x', 'a certificate is no secret');
  }
});

t.test('a name without a folder is a credential of the service', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'uplink.key'), 'secret');
  chmodSync(join(folder, 'uplink.key'), 0o440);
  const read = createFileReader(folder);
  t.equal(
    (await read('uplink.key', 'secret')).toString(),
    'secret',
    'systemd grants it by an access list, which shows as a right of the group',
  );
  chmodSync(join(folder, 'uplink.key'), 0o444);
  await t.rejects(read('uplink.key', 'secret'), { code: 'secret', message: /chmod 0400/ });
  await t.rejects(read('other.key', 'secret'), { code: 'ENOENT' });
  await t.rejects(createFileReader(null)('uplink.key', 'secret'), { code: 'secret', message: /LoadCredential=/ });
});

const troubles: [story: string, path: (folder: string) => string, words: RegExp][] = [
  ['is not there', (folder) => join(folder, 'none'), /uplink\.passwordFile: \S+ is missing: check the path/],
  ['is a folder', (folder) => folder, /uplink\.passwordFile: \S+ (can be read by others|cannot be read \(EISDIR\))/],
  [
    'can be read by all',
    (folder) => join(folder, 'open'),
    /uplink\.passwordFile: \S+ can be read by others \(its mode is 0644\): run chmod 0400/,
  ],
  ['is huge', (folder) => join(folder, 'huge'), /is larger than 1 MB/],
];
for (const [story, path, words] of troubles) {
  t.test(`a password file that ${story} keeps the uplink down, is reported with the reason, and tried again`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (const [name, mode, bytes] of [
      ['open', 0o644, 8],
      ['huge', 0o400, 1_048_577],
    ] as const) {
      writeFileSync(join(folder, name), Buffer.alloc(bytes, 'x'));
      chmodSync(join(folder, name), mode);
    }
    const node = createSmallNode({
      config: uplinkConfig('mqtt://127.0.0.1:1', { username: 'c1', passwordFile: path(folder) }),
      random: () => 1,
    });
    t.teardown(() => node.uplink.stop());
    await node.uplink.start();
    t.ok(await until(() => node.uplink.status().state === 'down'));
    t.match(node.uplink.status().reason, words);
  });
}

t.test('no secret is read from the data folder of the agent, through any links', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [site, state, aside] = ['site', 'state', 'state-2'].map((name) => join(folder, name)) as [string, string, string];
  for (const dir of [site, state, aside]) mkdirSync(dir);
  const write = (path: string): string => {
    writeFileSync(path, 'x', { mode: 0o400 });
    return path;
  };
  const users = write(join(state, 'users.json'));
  symlinkSync(users, join(site, 'file-link'));
  symlinkSync(state, join(site, 'folder-link'));
  symlinkSync(state, join(folder, 'state-link'));
  symlinkSync(join(site, 'file-link'), join(site, 'second-link'));
  const read = createFileReader(site, join(folder, 'state-link'));
  for (const path of [
    users,
    join(site, 'file-link'),
    join(site, 'second-link'),
    join(site, 'folder-link/users.json'),
    `${site}/../state/users.json`,
    'file-link',
  ])
    await t.rejects(read(path, 'secret'), { code: 'secret', message: /where no secret is read/ }, path);
  t.equal((await read(users, 'public')).toString(), 'x', 'a certificate there is read, as it is not secret');
  t.equal((await read(write(join(site, 'password')), 'secret')).toString(), 'x');
  t.equal((await read(write(join(aside, 'password')), 'secret')).toString(), 'x', 'a folder whose name only begins alike');
  symlinkSync(join(aside, 'password'), join(site, 'outside'));
  t.equal((await read(join(site, 'outside'), 'secret')).toString(), 'x', 'an existing site that names another place stays connected');
  // The link is judged at each read.
  rmSync(join(site, 'outside'));
  symlinkSync(users, join(site, 'outside'));
  await t.rejects(read(join(site, 'outside'), 'secret'), { code: 'secret' });
});
