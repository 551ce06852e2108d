import { connect } from 'node:net';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import t, { type Test } from 'tap';
import { createTestBroker } from './broker.ts';
import { findProgram, startMosquitto } from './mosquitto.ts';
import { FaultProxy } from './proxy.ts';
import { isPacket, type WireEvent } from './wire-log.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;

const client = (proxy: FaultProxy, options: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(proxy.url, { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 2_000, ...options });
const published = (topic: string) => (event: WireEvent) =>
  isPacket(event, 'client', 'publish') && event.packet.cmd === 'publish' && event.packet.topic === topic;
const commands = ({ log }: FaultProxy): string =>
  log.events
    .flatMap((event) => (event.kind === 'packet' ? [`${event.from === 'client' ? '>' : '<'}${event.packet.cmd}`] : [event.kind]))
    .join(' ');

/** A proxy before a real broker, and what arrives there at a second client that does not go through it. */
async function setUp(t: Test): Promise<{ proxy: FaultProxy; arrived: string[]; settled: () => Promise<void> }> {
  const mosquitto = await startMosquitto(program as string);
  const proxy = new FaultProxy({ target: mosquitto.port });
  await proxy.start();
  const witness = await connectAsync(mosquitto.url, { protocolVersion: 5, reconnectPeriod: 0 });
  const arrived: string[] = [];
  witness.on('message', (_topic, payload) => arrived.push(payload.toString()));
  await witness.subscribeAsync('#', { qos: 1 });
  t.teardown(async () => {
    await witness.endAsync(true);
    await proxy.stop();
    await mosquitto.stop();
  });
  let marks = 0;
  return {
    proxy,
    arrived,
    settled: async () => {
      marks += 1;
      const mark = `mark ${marks}`;
      const done = new Promise<void>((resolve) => {
        const look = (_topic: string, payload: Buffer): void => {
          if (payload.toString() !== mark) return;
          witness.off('message', look);
          arrived.splice(arrived.indexOf(mark), 1);
          resolve();
        };
        witness.on('message', look);
      });
      await witness.publishAsync('mark', mark, { qos: 1 });
      await done;
    },
  };
}

t.test('every packet is in the log with its flags, both ways', { skip }, async (t) => {
  const { proxy } = await setUp(t);
  const mqtt = await client(proxy, {
    will: { topic: 'death', payload: Buffer.from('x'), qos: 1, retain: false },
    properties: { sessionExpiryInterval: 7 },
  });
  await mqtt.subscribeAsync('a', { qos: 1 });
  await mqtt.publishAsync('b', 'hello', { qos: 1, retain: true });
  await mqtt.endAsync(false, { reasonCode: 4 });
  await proxy.log.waitFor(({ kind }) => kind === 'closed');
  t.equal(commands(proxy), 'opened >connect <connack >subscribe <suback >publish <puback >disconnect closed');
  const packets = proxy.log.events.flatMap((event) => (event.kind === 'packet' ? [event.packet] : []));
  t.match(packets[0], {
    protocolVersion: 5,
    clean: true,
    will: { topic: 'death', qos: 1, retain: false },
    properties: { sessionExpiryInterval: 7 },
  });
  t.match(packets[2], { subscriptions: [{ topic: 'a', qos: 1 }] });
  t.match(packets[4], { topic: 'b', qos: 1, retain: true });
  t.match(packets[6], { reasonCode: 4 });
});

t.test('in pieces of one byte, and late, everything arrives', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  proxy.set({ chunkBytes: 1, delayMs: { client: 5, server: 5 } });
  const mqtt = await client(proxy);
  for (const text of ['one', 'two', 'three']) await mqtt.publishAsync('b', text, { qos: 1 });
  await settled();
  t.same(arrived, ['one', 'two', 'three']);
  await mqtt.endAsync(true);
});

t.test('a black hole drops both directions and stays closed, new connections pass once it has ended', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  const mqtt = await client(proxy);
  proxy.set({ blackHole: true });
  mqtt.publish('b', 'lost');
  t.ok(await proxy.log.waitFor(published('b')));
  proxy.heal();
  mqtt.publish('c', 'lost too');
  t.ok(await proxy.log.waitFor(published('c')));
  await settled();
  t.same(arrived, []);
  t.equal(proxy.connections, 1, 'no connection was closed');
  const second = await client(proxy);
  await second.publishAsync('b', 'found', { qos: 1 });
  await settled();
  t.same(arrived, ['found']);
  await second.endAsync(true);
  await mqtt.endAsync(true);
});

t.test('a stall delays bytes and delivers them in order', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  const mqtt = await client(proxy);
  proxy.set({ stall: { client: true, server: false } });
  const sent = Promise.all(['one', 'two'].map((text) => mqtt.publishAsync('b', text, { qos: 1 })));
  await settled();
  t.same(arrived, []);
  proxy.heal();
  await sent;
  await settled();
  t.same(arrived, ['one', 'two']);
  await mqtt.endAsync(true);
});

t.test('a packet cut in the middle ends the connection', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  const mqtt = await client(proxy);
  const closed = new Promise<void>((resolve) => mqtt.once('close', () => resolve()));
  proxy.set({ truncate: (packet, from) => from === 'client' && packet.cmd === 'publish' });
  mqtt.publish('b', 'half of this');
  await closed;
  await settled();
  t.same(arrived, []);
  t.equal(proxy.faults.truncate, null, 'it strikes once');
});

t.test('a PUBLISH can be doubled or dropped', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  const mqtt = await client(proxy);
  const isPublish = (packet: { readonly cmd: string }): boolean => packet.cmd === 'publish';
  proxy.set({ duplicate: isPublish });
  mqtt.publish('b', 'twice');
  t.ok(await proxy.log.waitFor(published('b')));
  proxy.set({ duplicate: null, drop: isPublish });
  mqtt.publish('c', 'never');
  t.ok(await proxy.log.waitFor(published('c')));
  proxy.heal();
  await mqtt.publishAsync('b', 'end', { qos: 1 });
  await settled();
  t.same(arrived, ['twice', 'twice', 'end']);
  await mqtt.endAsync(true);
});

t.test('a CONNECT is refused with the requested code, and does not reach the broker', { skip }, async (t) => {
  const { proxy } = await setUp(t);
  proxy.set({ refuseConnack: 0x88 });
  await t.rejects(client(proxy), { code: 0x88 });
  proxy.set({ refuseConnack: 3 });
  await t.rejects(client(proxy, { protocolVersion: 4 }), { code: 3 });
  proxy.heal();
  await (await client(proxy)).endAsync(true);
});

t.test('limits of the server are sent in CONNACK, and a client that exceeds them is disconnected with the reason', { skip }, async (t) => {
  const { proxy, arrived, settled } = await setUp(t);
  proxy.set({ receiveMaximum: 1, maximumPacketSize: 1_024 });
  const mqtt = await client(proxy);
  const connack = proxy.log.events.find((event) => isPacket(event, 'server', 'connack'));
  t.match(connack, { packet: { properties: { receiveMaximum: 1, maximumPacketSize: 1_024 } } });
  const reason = new Promise((resolve) => mqtt.once('disconnect', ({ reasonCode }) => resolve(reasonCode)));
  // By hand: mqtt.js itself keeps to the limit.
  mqtt.stream.write(
    generate({ cmd: 'publish', topic: 'b', payload: Buffer.alloc(2_000), qos: 0, dup: false, retain: false }, { protocolVersion: 5 }),
  );
  t.equal(await reason, 0x95);
  await settled();
  t.same(arrived, []);
});

/** A proxy before a broker in this process. */
async function openProxy(t: Test): Promise<FaultProxy> {
  const broker = createTestBroker();
  await broker.start();
  const proxy = new FaultProxy({ target: broker.port });
  await proxy.start();
  t.teardown(async () => {
    await proxy.stop();
    await broker.stop();
  });
  return proxy;
}

t.test('reset and refusal look like an absent host', async (t) => {
  const proxy = await openProxy(t);
  const codeOf = (strike: () => void): Promise<unknown> =>
    new Promise((resolve) => {
      const socket = connect(proxy.port, '127.0.0.1');
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.on('close', () => resolve('closed'));
      void proxy.log.waitFor(({ kind }) => kind === 'opened').then(strike);
    });
  t.equal(await codeOf(() => proxy.reset()), 'ECONNRESET');
  proxy.set({ refuseTcp: true });
  t.equal(await codeOf(() => {}), 'ECONNRESET');
});

t.test('bytes that are not MQTT are passed on and logged', async (t) => {
  const proxy = await openProxy(t);
  const socket = connect(proxy.port, '127.0.0.1', () => socket.write(Buffer.from('ffffffffffff', 'hex')));
  socket.on('error', () => {
    // The broker disconnects us, as it should.
  });
  t.match(await proxy.log.waitFor(({ kind }) => kind === 'garbage'), { from: 'client', reason: /four bytes/ });
  socket.destroy();
});
