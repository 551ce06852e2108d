import t from 'tap';
import type { OverrideRequest, ReleaseRequest } from '../../../agent/core/ports.ts';
import type { MqttConnection, MqttDoor } from '../../../agent/sync/mqtt/door.ts';
import { createMqttDoor } from '../../../agent/sync/mqtt/mqtt-door.ts';
import { toLong } from '../../../agent/sync/sparkplug/codec.ts';
import { createTestBroker, type TestBroker } from '../../platform/broker.ts';
import { createReferenceHost, type HostMessage, type ReferenceHost } from '../../platform/host.ts';
import { createMemoryStore, createSmallNode, GROUP, manualClock, NODE, type SmallNode, until, uplinkConfig } from './small-node.ts';

interface Scene {
  readonly broker: TestBroker;
  readonly host: ReferenceHost;
  readonly node: SmallNode;
}

/** Broker, host and node on one loopback port; the node is started by the test. */
async function openScene(
  t: { teardown(end: () => Promise<void>): void },
  changes: Partial<Parameters<typeof createSmallNode>[0]> & { readonly primaryHost?: string } = {},
): Promise<Scene> {
  const broker = createTestBroker();
  await broker.start();
  const hostId = changes.primaryHost;
  const host = createReferenceHost({
    url: broker.url,
    protocolVersion: 4,
    group: GROUP,
    node: NODE,
    ...(hostId === undefined ? {} : { hostId }),
  });
  await host.start();
  const node = createSmallNode({ config: uplinkConfig(broker.url, { primaryHost: hostId ?? null }), ...changes });
  t.teardown(async () => {
    await node.uplink.stop();
    await host.stop();
    await broker.stop();
  });
  return { broker, host, node };
}

const verbs = (messages: readonly HostMessage[]): string =>
  messages.map(({ verb, device }) => (device === '' ? verb : `${verb}:${device}`)).join(' ');
const online = (node: SmallNode) => (): boolean => node.uplink.status().state === 'online';
const BIRTHS = 'NBIRTH DBIRTH:L01 DBIRTH:L02 DBIRTH:M1 DBIRTH:Z1';

t.test('a session opens with births alone, in order, complete, at QoS 0 and not retained', async (t) => {
  const { host, node } = await openScene(t);
  node.poll({ 'L01.level': 40, 'L01.power': [7.5, 'stale'], 'M1.energy': 9_007_199_254_740_991 });
  await node.uplink.start();
  t.ok(await until(() => host.messages.length === 5));
  t.equal(verbs(host.messages), BIRTHS);
  t.ok(host.messages.every(({ qos, retain }) => qos === 0 && !retain));
  t.strictSame(
    host.messages.map(({ payload }) => payload.seq),
    [0, 1, 2, 3, 4],
  );
  const [nbirth, l01, , m1, z1] = host.messages.map(({ payload }) => new Map(payload.metrics.map((m) => [m.name, m])));
  t.match(nbirth?.get('bdSeq'), { value: 0n, datatype: 4, alias: undefined });
  t.match(nbirth?.get('Node Control/Rebirth'), { value: false, datatype: 11, alias: undefined });
  t.match(nbirth?.get('Properties/Software'), { value: 'Luciole' });
  t.match(nbirth?.get('Properties/Version'), { value: '1.2.3' });
  t.match(nbirth?.get('Sync/Epoch'), { value: 'e1' });
  t.match(nbirth?.get('Sync/Readings Lost'), { value: 0n, datatype: 4 });
  t.match(nbirth?.get('Sync/Gaps'), { value: 0n, datatype: 4 });
  t.match(l01?.get('level'), { value: 40, datatype: 10 });
  t.equal(l01?.get('level')?.properties.get('engUnit'), '%');
  t.match(l01?.get('power'), { value: 7.5 });
  t.equal(l01?.get('power')?.properties.get('Quality'), 500);
  t.match(m1?.get('energy'), { value: 9_007_199_254_740_991n, datatype: 4 });
  t.match(z1?.get('Override/Level'), { isNull: true, value: undefined, datatype: 4 });
  t.match(z1?.get('Override/Minutes'), { value: 120n });
  for (const { payload } of host.messages)
    for (const metric of payload.metrics) t.ok(metric.timestampMs !== undefined && metric.datatype !== undefined);
});

t.test('live readings go out at once, by alias alone, and count as delivered after the barrier', async (t) => {
  const { host, node } = await openScene(t);
  await node.uplink.start();
  await until(online(node));
  const frame = node.poll({ 'L01.level': 41, 'L02.level': [null, 'missing'] });
  t.ok(await until(() => node.uplink.status().readingsAcked === 2));
  await until(() => host.values.size === 2);
  t.match(host.values.get(`L01/level@${frame.atMs}`), { value: 41, quality: 192, historical: false });
  t.match(host.values.get(`L02/level@${frame.atMs}`), { value: null, quality: 0, historical: false });
  const data = host.messages.filter(({ verb }) => verb === 'DDATA').flatMap(({ payload }) => payload.metrics);
  t.ok(data.every(({ name, datatype, alias }) => name === undefined && datatype === undefined && alias !== undefined));
  node.commit();
  t.equal(node.store.cursor, 1);
  t.match(node.uplink.status(), { state: 'online', reason: '', readingsPublished: 2, readingsHistorical: 0, readingsAcked: 2 });
});

t.test('what was lost is told: in the birth, and within a minute of a new loss', async (t) => {
  const clock = manualClock();
  const store = createMemoryStore();
  const loss = { readingsLost: 20, gaps: 1 };
  const port = { ...store.port, status: async () => ({ ...(await store.port.status()), ...loss }) };
  const { host, node } = await openScene(t, { clock, store: { ...store, port } });
  await node.uplink.start();
  await until(online(node));
  t.ok(await until(() => host.messages.length === 5));
  const born = new Map(host.messages[0]?.payload.metrics.map((metric) => [metric.name, metric]));
  t.match([born.get('Sync/Readings Lost'), born.get('Sync/Gaps')], [{ value: 20n }, { value: 1n }]);
  await clock.advance(60_000);
  Object.assign(loss, { readingsLost: 33, gaps: 3 });
  await clock.advance(60_000);
  t.ok(await until(() => host.values.size === 2), 'nothing before it changed');
  t.match(
    [...host.values.values()],
    [
      { device: '', metric: 'Sync/Readings Lost', value: 33n, historical: false },
      { device: '', metric: 'Sync/Gaps', value: 3n },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('while the broker is away everything waits in the store, and arrives as history, once, in order', async (t) => {
  const { broker, host, node } = await openScene(t, { primaryHost: 'scada' });
  await node.uplink.start();
  await until(online(node));
  for (let i = 0; i < 10; i += 1) node.poll({ 'L01.level': i, 'M1.energy': i });
  await until(() => node.uplink.status().readingsAcked === 20);
  node.commit();
  await broker.stop();
  await until(() => node.uplink.status().state === 'down');
  t.match(node.uplink.status().reason, /check/);
  for (let i = 10; i < 300; i += 1) node.poll({ 'L01.level': i, 'M1.energy': i });
  node.commit();
  await broker.start();
  t.ok(await until(() => node.store.cursor === 300), 'the cursor reaches the end');
  node.poll({ 'L01.level': 99 });
  await until(() => host.values.size === 601);
  const levels = [...host.values.values()].filter(({ metric }) => metric === 'level');
  t.strictSame(
    levels.map(({ value }) => value),
    [...Array.from({ length: 300 }, (_, i) => i), 99],
  );
  t.strictSame(
    levels.map(({ historical }) => historical),
    Array.from({ length: 301 }, (_, i) => i >= 10 && i < 300),
  );
  t.match(host, { duplicates: 0, seqGaps: 0, strays: 0 });
  t.match(node.uplink.status(), { readingsPublished: 601, readingsHistorical: 580, bdSeq: /^[12345]$/ });
  t.match(
    node.events.map(({ code, endMs }) => [code, endMs === null]),
    [
      ['uplink-down', true],
      ['uplink-down', false],
    ],
  );
  t.equal(node.events[0]?.id, node.events[1]?.id);
});

t.test('a rebirth on request: same bdSeq, seq from 0, all devices again, no data between', async (t) => {
  const { host, node } = await openScene(t);
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': 1 });
  await until(() => host.messages.length === 6);
  await host.requestRebirth();
  t.ok(await until(() => host.messages.length === 11));
  t.equal(verbs(host.messages.slice(6)), BIRTHS);
  t.strictSame(
    host.messages.slice(6).map(({ payload }) => payload.seq),
    [0, 1, 2, 3, 4],
  );
  t.match(
    host.messages[6]?.payload.metrics.find(({ name }) => name === 'bdSeq'),
    { value: 0n },
  );
  node.poll({ 'L01.level': 2 });
  await until(() => host.messages.length === 12);
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('a silent unit is dead until it returns, and its zone is not', async (t) => {
  const { host, node } = await openScene(t);
  node.uplink.deviceAlive('M1', false);
  node.uplink.deviceAlive('Z1', false);
  await node.uplink.start();
  await until(() => host.messages.length === 4);
  t.equal(verbs(host.messages), 'NBIRTH DBIRTH:L01 DBIRTH:L02 DBIRTH:Z1');
  node.uplink.deviceAlive('L01', false);
  node.uplink.deviceAlive('L01', false);
  node.poll({ 'L01.level': [null, 'missing'], 'L02.level': 3 });
  node.uplink.deviceAlive('M1', true);
  await until(() => host.messages.length === 7);
  t.equal(verbs(host.messages.slice(4)), 'DDEATH:L01 DDATA:L02 DBIRTH:M1');
  t.strictSame([...host.alive].sort(), ['L02', 'M1', 'Z1']);
  t.match(host.messages[4]?.payload, { seq: 4, metrics: [] });
  t.ok(host.messages[4]?.payload.timestampMs);
  await until(() => node.uplink.status().readingsAcked === 2);
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('what a dead lamp said before it died still arrives: it is born for that, and dies again', async (t) => {
  const { host, node } = await openScene(t);
  node.poll({ 'L01.level': 10 });
  node.poll({ 'L01.level': [null, 'missing'] });
  node.commit();
  node.uplink.deviceAlive('L01', false);
  await node.uplink.start();
  t.ok(await until(() => node.store.cursor === 2));
  await until(() => verbs(host.messages).endsWith('DDEATH:L01'));
  t.equal(verbs(host.messages.slice(4)), 'DBIRTH:L01 DDATA:L01 DDEATH:L01');
  t.match(
    [...host.values.values()],
    [
      { value: 10, historical: true },
      { value: null, historical: true },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0, duplicates: 0 });
});

t.test('a reading of a lamp that counts as dead is not lost: it goes out as history; that it is stale is no news', async (t) => {
  const { host, node } = await openScene(t);
  node.uplink.deviceAlive('L01', false);
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': [3, 'stale'], 'L02.level': 4 });
  t.ok(await until(() => host.values.size === 1), 'the other lamp is not held up');
  node.poll({ 'L01.level': 5 });
  node.commit();
  t.ok(await until(() => node.store.cursor === 2));
  await until(() => host.values.size === 2);
  t.match(
    [...host.values.values()],
    [
      { value: 4, historical: false },
      { value: 5, historical: true },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0, duplicates: 0 });
});

t.test('an override arrives once, and its outcomes come back', async (t) => {
  const { host, node } = await openScene(t);
  const overrides: OverrideRequest[] = [];
  const releases: ReleaseRequest[] = [];
  node.uplink.onOrder = ({ kind, request }) => {
    if (kind === 'release') releases.push(request);
    if (kind !== 'override') return;
    overrides.push(request);
    for (const state of ['queued', 'sent', 'verified'] as const) {
      node.uplink.outcome({
        commandId: request.commandId,
        target: request.target,
        levelPct: request.levelPct,
        state,
        reason: '',
        lamps: { L01: state },
        source: request.source,
        atMs: Date.now(),
      });
    }
  };
  await node.uplink.start();
  await until(online(node));
  await host.override('Z1', { level: 80, minutes: 15, reason: 'marché de Noël', id: 'k-1' });
  t.ok(await until(() => host.outcomes.length === 3));
  t.match(overrides, [{ commandId: 'k-1', target: { kind: 'zone', id: 'Z1' }, levelPct: 80, minutes: 15, reason: 'marché de Noël' }]);
  t.strictSame(
    host.outcomes.map(({ device, id, state, level, lamps }) => [device, id, state, level, lamps]),
    ['queued', 'sent', 'verified'].map((state) => ['Z1', 'k-1', state, 80, { L01: state }]),
  );
  await host.override('Z1', { level: 80, minutes: 15, reason: 'marché de Noël', id: 'k-1' });
  t.ok(await until(() => host.outcomes.length === 4), 'a repeated command is answered');
  t.match([overrides.length, host.outcomes[3]], [1, { id: 'k-1', state: 'verified' }]);
  await host.release('L01');
  t.ok(await until(() => releases.length === 1));
  t.equal(host.duplicates, 0, 'each outcome has a time of its own');
});

t.test('what was lost while the host was away stands in the birth', async (t) => {
  const clock = manualClock();
  const store = createMemoryStore();
  const loss = { readingsLost: 0, gaps: 0 };
  const port = { ...store.port, status: async () => ({ ...(await store.port.status()), ...loss }) };
  const { host, node } = await openScene(t, { clock, store: { ...store, port }, primaryHost: 'scada' });
  await host.state(false, Date.now() + 1);
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().state === 'waiting-for-host'));
  await until(() => store.saved.size > 0);
  Object.assign(loss, { readingsLost: 33, gaps: 3 });
  await clock.advance(60_000);
  await host.state(true, Date.now() + 2);
  t.ok(await until(() => host.messages.some(({ verb }) => verb === 'NBIRTH')));
  const born = host.messages.find(({ verb }) => verb === 'NBIRTH')?.payload.metrics ?? [];
  const told = (name: string): unknown => born.find((metric) => metric.name === name)?.value;
  t.match([told('Sync/Readings Lost'), told('Sync/Gaps')], [33n, 3n]);
});

t.test('bad commands are refused with their reason, on the device they were for', async (t) => {
  const { host, node } = await openScene(t);
  const overrides: OverrideRequest[] = [];
  node.uplink.onOrder = ({ kind, request }) => kind === 'override' && overrides.push(request);
  await host.command('L02', [{ name: 'Override/Level', value: toLong(10) }], { retain: true });
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().commandsRefused === 1), 'retained before it came');
  await until(online(node));
  await host.override('L01', { level: 101 });
  await host.command('L01', [{ name: 'Override/Level', value: { kind: 'double', value: 50 } }]);
  await host.command('L01', [{ name: 'Override/Level', value: toLong(50) }], { timestampMs: Date.now() - 3_600_000 });
  await host.command('nobody', [{ name: 'Override/Level', value: toLong(50) }]);
  t.ok(await until(() => host.outcomes.length >= 3 && node.uplink.status().commandsRefused === 5));
  await until(() => host.outcomes.at(-1)?.reason.includes('old') === true);
  t.match(host.outcomes.slice(-3), [{ state: 'refused', reason: /Level is 101/ }, { reason: /takes an Int64/ }, { reason: /3600 s old/ }]);
  t.match(node.uplink.status(), { commandsReceived: 5, commandsRefused: 5 });
  t.equal(overrides.length, 0);
  t.equal(node.events.filter(({ code }) => code === 'command-refused').length, 5);
});

t.test('a resend that makes no sense is refused under its id, with what it takes', async (t) => {
  const { host, node } = await openScene(t);
  const results: unknown[] = [];
  host.onValue = ({ metric, value }) => metric === 'Sync/Resend Result' && results.push(JSON.parse(String(value)));
  await node.uplink.start();
  await until(online(node));
  await until(() => host.nodeAlive);
  for (const text of ['{"id":"r-1","fromSeq":5}', '{"id":"r-2","fromSeq":9,"toSeq":3}', 'everything'])
    await host.write('Sync/Resend', text);
  t.ok(await until(() => results.length === 3));
  const reason = 'Sync/Resend takes {"id","fromMs","toMs"} or {"id","fromSeq","toSeq"} as JSON, from before to';
  t.strictSame(
    results,
    ['r-1', 'r-2', ''].map((id) => ({ id, state: 'refused', readings: 0, reason })),
  );
});

t.test('what the agent sets itself is sent when it changes, and only then', async (t) => {
  const { host, node } = await openScene(t);
  await node.uplink.start();
  await until(online(node));
  const say = (value: string, atMs: number): void => node.uplink.update('L02', 'Reason', { value, quality: 'good', atMs });
  say('dusk', 1_000);
  t.ok(await until(() => host.values.size === 1));
  say('dusk', 2_000);
  say('presence', 3_000);
  t.ok(await until(() => host.values.size === 2));
  t.strictSame([...host.values.keys()], ['L02/Reason@1000', 'L02/Reason@3000']);
  node.uplink.update('L02', 'no such metric', { value: 1, quality: 'good', atMs: 1 });
  node.uplink.update('nobody', 'Reason', { value: 1, quality: 'good', atMs: 1 });
});

t.test('a proper stop says goodbye; an abrupt end leaves it to the will', async (t) => {
  const { broker, host, node } = await openScene(t);
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': 5 });
  const stopped = node.uplink.stop();
  node.uplink.update('L02', 'Reason', { value: 'too late', quality: 'good', atMs: 1 });
  await Promise.all([stopped, node.uplink.stop()]);
  t.ok(await until(() => !host.nodeAlive));
  t.equal(verbs(host.messages.slice(5)), 'DDATA:L01 DDEATH:L01 DDEATH:L02 DDEATH:M1 DDEATH:Z1 NDEATH', 'and the will is not sent on top');
  const death = host.messages.at(-1)?.payload;
  t.match(death, { seq: undefined, metrics: [{ name: 'bdSeq', value: 0n, datatype: 4 }] });
  t.equal(death?.metrics.length, 1);
  t.match(node.uplink.status(), { state: 'off', readingsAcked: 1 });

  const connections: MqttConnection[] = [];
  const door: MqttDoor = {
    connect: async (options) => {
      const connection = await createMqttDoor().connect(options);
      connections.push(connection);
      return connection;
    },
  };
  const heir = createSmallNode({ config: uplinkConfig(broker.url), store: createMemoryStore(node.store.saved), door });
  t.teardown(() => heir.uplink.stop());
  await heir.uplink.start();
  await until(() => host.alive.size === 4);
  t.match(heir.uplink.status(), { bdSeq: 1 }, 'the number goes on after a restart');
  t.equal(heir.store.saved.get('sync.bdSeq'), 1);
  connections[0]?.destroy();
  t.ok(await until(() => !host.nodeAlive));
  t.match(host.messages.at(-1), {
    verb: 'NDEATH',
    retain: false,
    qos: 1,
    payload: { seq: undefined, metrics: [{ name: 'bdSeq', value: 1n }] },
  });
});

t.test('no birth before the primary host is there; its leaving ends the session, its return opens a new one', async (t) => {
  const { host, node } = await openScene(t, { primaryHost: 'scada' });
  await host.state(false, Date.now() + 1);
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().state === 'waiting-for-host'));
  t.match(node.uplink.status().reason, /primary host scada is not online/);
  node.poll({ 'L01.level': 1 });
  t.equal(host.messages.length, 0);
  await host.state(true, Date.now() + 2);
  t.ok(await until(online(node)));
  await host.state(false, 5);
  await host.state(false, Date.now() + 3);
  t.ok(await until(() => !host.nodeAlive && node.uplink.status().state === 'waiting-for-host'));
  t.match(verbs(host.messages), /DDEATH:Z1 NDEATH$/);
  await host.state(true, Date.now() + 4);
  t.ok(await until(online(node)));
  t.match(node.uplink.status(), { bdSeq: 1 });
  t.match(
    node.events.map(({ text }) => text),
    ['primary host scada is not online', 'primary host scada is not online'],
  );
});

t.test('a broker that is not there is tried again, and does not use bdSeq up', async (t) => {
  const broker = createTestBroker();
  await broker.start();
  await broker.stop();
  const node = createSmallNode({ config: uplinkConfig(broker.url), random: () => 0.01 });
  t.teardown(async () => {
    await node.uplink.stop();
    await broker.stop();
  });
  await node.uplink.start();
  await until(() => node.uplink.status().state === 'down');
  t.match(node.uplink.status().reason, /cannot be reached: the machine is there, but nothing listens on that port/);
  await broker.start();
  t.ok(await until(online(node)));
  t.match(node.uplink.status(), { bdSeq: 0, reason: '' });
});

t.test('a certificate that cannot be read is named, and tried again', async (t) => {
  let reads = 0;
  const node = createSmallNode({
    config: uplinkConfig('mqtts://127.0.0.1:1', { caFile: '/etc/luciole/ca.pem' }),
    random: () => 0.01,
    readFile: async () => {
      reads += 1;
      throw new Error('ENOENT');
    },
  });
  t.teardown(() => node.uplink.stop());
  await node.uplink.start();
  t.ok(await until(() => reads > 1));
  t.match(node.uplink.status().reason, /uplink.caFile \/etc\/luciole\/ca.pem cannot be read/);
});

t.test('an uplink that is stopped before the disk has answered never connects', async (t) => {
  const store = createMemoryStore();
  const waiting: (() => void)[] = [];
  const slow = {
    ...store,
    port: { ...store.port, loadAll: () => new Promise<undefined>((answer) => waiting.push(() => answer(undefined))) },
  };
  let attempts = 0;
  const door: MqttDoor = {
    connect: () => {
      attempts += 1;
      return new Promise<MqttConnection>(() => {});
    },
  };
  const clock = manualClock();
  const { uplink } = createSmallNode({ config: uplinkConfig('mqtt://broker'), store: slow, clock, door });
  const started = uplink.start();
  await clock.advance(0);
  const stopped = uplink.stop();
  await clock.advance(1_000);
  await stopped;
  for (const answer of waiting) answer();
  await clock.advance(10_000);
  await started;
  t.match([attempts, uplink.status().state], [0, 'off']);
});
