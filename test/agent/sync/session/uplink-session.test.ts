import t from 'tap';
import type { MqttConnection, MqttTransport } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';
import { createTestBroker } from '../../../platform/broker.ts';
import { texts } from '../../../support/texts.ts';
import { createMemoryStore } from '../memory-store.ts';
import { createSmallNode, manualClock, until, uplinkConfig } from '../small-node.ts';
import { online, openUplinkScene, verbs } from '../uplink-scene.ts';

t.test('losses while the host was away are in the birth', async (t) => {
  const clock = manualClock();
  const store = createMemoryStore();
  const loss = { readingsLost: 0, gaps: 0 };
  const port = { ...store.port, status: async () => ({ ...(await store.port.status()), ...loss }) };
  const { host, node } = await openUplinkScene(t, { clock, store: { ...store, port }, primaryHost: 'scada' });
  await host.state(false, Date.now() + 1);
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().state === 'waiting-for-host'));
  await until(() => store.saved.size > 0);
  Object.assign(loss, { readingsLost: 33, gaps: 3 });
  await clock.advance(60_000);
  await host.state(true, Date.now() + 2);
  t.ok(await until(() => host.messages.some(({ verb }) => verb === 'NBIRTH')));
  const born = host.messages.find(({ verb }) => verb === 'NBIRTH')?.payload.metrics ?? [];
  const bornValue = (name: string): unknown => born.find((metric) => metric.name === name)?.value;
  t.match([bornValue('Sync/Readings Lost'), bornValue('Sync/Gaps')], [33n, 3n]);
});

t.test('a proper stop sends a death; an abrupt end leaves it to the will', async (t) => {
  const { broker, host, node } = await openUplinkScene(t);
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
  const transport: MqttTransport = {
    connect: async (options) => {
      const connection = await createMqttTransport().connect(options);
      connections.push(connection);
      return connection;
    },
  };
  const heir = createSmallNode({ config: uplinkConfig(broker.url), store: createMemoryStore(node.store.saved), transport });
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

t.test('no birth before the primary host is online; its leaving ends the session, its return opens a new one', async (t) => {
  const { host, node } = await openUplinkScene(t, { primaryHost: 'scada' });
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
    node.events.map(({ text }) => String(text)),
    ['primary host scada is not online', 'primary host scada is not online'],
  );
});

t.test('a primary host that leaves and returns each second gets births at growing intervals, and that is an event', async (t) => {
  const clock = manualClock();
  const { host, node } = await openUplinkScene(t, { clock, primaryHost: 'scada', random: () => 0.01 });
  await node.uplink.start();
  const births = (): number => host.messages.filter(({ verb }) => verb === 'NBIRTH').length;
  const flap = async (): Promise<void> => {
    const { state } = node.uplink.status();
    await host.state(false, clock.wallMs());
    await until(() => node.uplink.status().state !== 'online' && (state !== 'online' || !host.nodeAlive));
    const isWaiting = (): boolean => node.uplink.status().state === 'waiting-for-host';
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(100);
      await until(isWaiting, 50);
    }
    await host.state(true, clock.wallMs());
    await until(() => node.uplink.status().state !== 'waiting-for-host');
    await clock.advance(500);
  };
  t.ok(await until(online(node)));
  await flap();
  t.ok(await until(online(node)), 'the first return is answered at once');
  for (let i = 0; i < 64; i += 1) await flap();
  t.ok(births() >= 4 && births() <= 6, `${births()} births in 65 s`);
  t.match(texts(node.uplink.status()), {
    state: 'connecting',
    reason: 'births wait: primary host scada goes offline and returns again and again',
  });
  const frame = node.poll({ 'L01.level': 9 });
  node.commit();
  for (let i = 0; i < 12; i += 1) {
    await clock.advance(60_000);
    if (await until(online(node), 50)) await flap();
  }
  const storms = node.events.filter(({ code }) => code === 'births-asked-too-often');
  t.match(texts(storms), [
    { severity: 'warning', endMs: null, text: /^primary host scada goes offline and returns .* wait up to \d+ min/ },
  ]);
  for (let i = 0; i < 12 && !online(node)(); i += 1) {
    await clock.advance(60_000);
    await until(online(node), 200);
  }
  t.ok(await until(() => host.values.has(`L01/level@${frame.atMs}`)), 'what was read meanwhile comes behind the births');
});

t.test('an unreachable broker is tried again, and uses up no bdSeq', async (t) => {
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
  t.match(node.uplink.status().reason, /cannot be reached: the machine answers, but nothing listens on that port/);
  await broker.start();
  t.ok(await until(online(node)));
  t.match(texts(node.uplink.status()), { bdSeq: 0, reason: '' });
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
  t.match(node.uplink.status().reason, /uplink\.caFile: \/etc\/luciole\/ca\.pem cannot be read/);
});

t.test('an uplink that is stopped before the disk has answered never connects', async (t) => {
  const store = createMemoryStore();
  const waiting: (() => void)[] = [];
  const slow = {
    ...store,
    port: { ...store.port, loadAll: () => new Promise<undefined>((answer) => waiting.push(() => answer(undefined))) },
  };
  let attempts = 0;
  const transport: MqttTransport = {
    connect: () => {
      attempts += 1;
      return new Promise<MqttConnection>(() => {});
    },
  };
  const clock = manualClock();
  const { uplink } = createSmallNode({ config: uplinkConfig('mqtt://broker'), store: slow, clock, transport });
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
