import t, { type Test } from 'tap';
import { UplinkError } from '../../../../agent/core/errors.ts';
import type { ManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';
import { LinkProbe, probeTimes } from '../../../../agent/sync/mqtt/probe.ts';
import { texts } from '../../../support/texts.ts';
import { createSmallNode, manualClock, type SmallNode, until, uplinkConfig } from '../small-node.ts';
import { CONNACK_4, CONNACK_5, PINGRESP, polite, type RawBroker, type RawClient, startRawBroker } from './raw-broker.ts';

const times: [keepaliveS: number, waitingBytes: number, quietMs: number, answerMs: number][] = [
  [30, 0, 22_500, 10_000],
  [60, 0, 45_000, 10_000],
  [5, 0, 3_750, 2_500],
  [30, 500_000, 22_500, 260_000],
];
for (const [keepaliveS, waitingBytes, quietMs, answerMs] of times) {
  t.test(`a keepalive of ${keepaliveS} s with ${waitingBytes} bytes being sent`, async (t) => {
    t.strictSame(probeTimes(keepaliveS, waitingBytes), { quietMs, answerMs });
    if (waitingBytes === 0) t.ok(quietMs + answerMs < keepaliveS * 1_500, 'sooner than the library');
  });
}

function setUp(answers = true) {
  const clock = manualClock();
  const silences: number[] = [];
  let asked = 0;
  const probe = new LinkProbe(clock, (quietMs) => silences.push(quietMs));
  const connection = {
    keepaliveS: 30,
    sentBytes: 0,
    onTraffic: (isSent: boolean): void => probe.noteTraffic(isSent),
    barrier: async () => {
      asked += 1;
      connection.onTraffic(true);
      if (answers) connection.onTraffic(false);
      else throw new UplinkError('lost', msg`gone`);
    },
  };
  probe.start(connection);
  return { clock, connection, probe, silences, asked: () => asked };
}

/** A node that starts to connect to this broker; both end with the test. */
async function startNode(t: Test, broker: RawBroker, clock: ManualClock, protocol: 4 | 5, chance = 0.05): Promise<SmallNode> {
  const node = createSmallNode({ config: uplinkConfig(broker.url, { protocol }), clock, random: () => chance });
  t.teardown(async () => {
    const stopped = node.uplink.stop();
    await clock.advance(10_000);
    await stopped;
    await broker.close();
  });
  await node.uplink.start();
  return node;
}

t.test('a quiet link is pinged after three quarters of its keepalive, and stays up', async (t) => {
  const { clock, silences, asked } = setUp();
  await clock.advance(22_499);
  t.equal(asked(), 0);
  await clock.advance(1);
  t.equal(asked(), 1);
  await clock.advance(22_500 * 9);
  t.match([asked(), silences.length], [10, 0]);
});

t.test('a link without any answer is closed 32.5 s after the last packet, once', async (t) => {
  const { clock, silences } = setUp(false);
  await clock.advance(32_499);
  t.strictSame(silences, []);
  await clock.advance(1);
  t.strictSame(silences, [32_500]);
  await clock.advance(3_600_000);
  t.equal(silences.length, 1);
});

t.test('traffic in both directions needs no ping, traffic in one direction does', async (t) => {
  const both = setUp();
  const oneWay = setUp();
  for (let s = 0; s < 120; s += 9) {
    for (const { clock, connection } of [both, oneWay]) {
      await clock.advance(9_000);
      connection.onTraffic(false);
    }
    both.connection.onTraffic(true);
  }
  t.strictSame([both.asked(), oneWay.asked() > 3], [0, true], 'the broker must hear from us within a keepalive');
});

t.test('data without an answer is followed by a ping after 10 s, so a stopped broker is left after 20 s', async (t) => {
  for (const [keepaliveS, silentMs] of [
    [30, 20_000],
    [300, 20_000],
    [8, 10_000],
  ] as const) {
    const { clock, connection, probe, silences, asked } = setUp(false);
    probe.cancel();
    connection.keepaliveS = keepaliveS;
    probe.start(connection);
    for (let ms = 0; ms < silentMs; ms += 500) {
      t.strictSame(
        [silences.length, asked()],
        [0, ms >= silentMs - Math.min(10_000, keepaliveS * 500) ? 1 : 0],
        `${keepaliveS} s, ${ms} ms`,
      );
      connection.onTraffic(true);
      await clock.advance(500);
    }
    t.equal(silences.length, 1, `keepalive ${keepaliveS} s`);
  }
});

t.test('data that is acknowledged each second needs no ping', async (t) => {
  const { clock, connection, asked } = setUp();
  for (let s = 0; s < 600; s += 1) {
    connection.onTraffic(true);
    await clock.advance(1_000);
    connection.onTraffic(false);
  }
  t.equal(asked(), 0);
});

t.test('bytes in flight are sent first: a slow link is not a dead one', async (t) => {
  const { clock, connection, silences } = setUp(false);
  connection.sentBytes = 100_000;
  await clock.advance(22_500 + 59_999);
  t.strictSame(silences, []);
  await clock.advance(1);
  t.equal(silences.length, 1);
});

t.test('a machine that was suspended does not take its own pause for that of the link', async (t) => {
  const { clock, connection, silences } = setUp(false);
  await clock.advance(22_500);
  // Suspended: of all looks that are due at once, the first is followed by what has arrived.
  await clock.advance(1_000);
  connection.onTraffic(false);
  await clock.advance(20_000);
  t.strictSame(silences, []);
});

t.test('a cancelled probe does nothing', async (t) => {
  const { clock, probe, asked } = setUp();
  probe.cancel();
  await clock.advance(3_600_000);
  t.equal(asked(), 0);
});

t.test('a black hole ends the session within the probe, and the next attempt follows', async (t) => {
  const clock = manualClock();
  let isHole = false;
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    if (!isHole) answer(packet, client);
  });
  const node = await startNode(t, broker, clock, 4);
  await clock.advance(0);
  t.ok(await until(() => node.uplink.status().state === 'online'));
  await clock.advance(0);
  await clock.advance(23_000);
  t.ok(await until(() => broker.clients[0]?.packets.some(({ type }) => type === 12) === true), 'asked, and answered');
  await clock.advance(3_000);
  isHole = true;
  await clock.advance(16_000);
  t.equal(node.uplink.status().state, 'online');
  await clock.advance(11_000);
  t.match(texts(node.uplink.status()), {
    state: 'connecting',
    reason: /nothing was received for 3\d s, not even the answer to a ping: the link is dead/,
  });
  isHole = false;
  t.ok(await until(() => broker.clients.length === 2));
  t.ok(await until(() => broker.clients[0]?.closed === true), 'the dead socket is not kept');
});

t.test(
  'a broker that takes its time for the SUBACK is waited for with any keepalive; one that never sends it is left after 30 s',
  async (t) => {
    for (const keepaliveS of [2, 8, 80]) {
      const clock = manualClock();
      let isSlow = true;
      const answer = polite(CONNACK_4);
      const held: (() => void)[] = [];
      const broker = await startRawBroker((packet, client) => {
        if (packet.type !== 1 && isSlow) held.push(() => answer(packet, client));
        else answer(packet, client);
      });
      const node = createSmallNode({ config: uplinkConfig(broker.url, { protocol: 4, keepaliveS }), clock, random: () => 0.05 });
      await node.uplink.start();
      t.ok(await until(() => broker.clients[0]?.packets.some(({ type }) => type === 8) === true));
      await clock.advance(29_000);
      t.match([broker.clients.length, node.uplink.status().lastFailure], [1, null], `keepalive ${keepaliveS} s`);
      isSlow = false;
      for (const reply of held) reply();
      t.ok(await until(() => node.uplink.status().state === 'online'));
      isSlow = true;
      for (let s = 0; s < 200 && node.uplink.status().lastFailure === null; s += 1) await clock.advance(1_000);
      t.match(texts(node.uplink.status().lastFailure), { text: /nothing was received for/ }, 'and from then on silence counts');
      await until(() => broker.clients[1]?.packets.some(({ type }) => type === 8) === true);
      await clock.advance(31_000);
      t.match(node.uplink.status().lastFailure, { text: /did not answer SUBSCRIBE within 30 s/ });
      const stopped = node.uplink.stop();
      await clock.advance(10_000);
      await stopped;
      await broker.close();
    }
  },
);

t.test('a broker that sends messages but never answers a ping is left within a keepalive, and the next attempt follows', async (t) => {
  const clock = manualClock();
  let isMute = false;
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    if (packet.type !== 12 || !isMute) answer(packet, client);
  });
  const node = await startNode(t, broker, clock, 4);
  await clock.advance(0);
  t.ok(await until(() => node.uplink.status().state === 'online'));
  await clock.advance(1_000);
  isMute = true;
  const [client] = broker.clients as [RawClient];
  const seconds = async (count: number): Promise<void> => {
    for (let s = 0; s < count && node.uplink.status().lastFailure === null; s += 1) {
      client.send(0x30, 3, 0, 1, 0x78);
      await clock.advance(1_000);
    }
  };
  await seconds(29);
  t.equal(node.uplink.status().lastFailure, null);
  // Three quarters of a keepalive until the ping, one keepalive for its answer, two checks.
  await seconds(23 + 30 + 6 - 29);
  t.match(texts(node.uplink.status().lastFailure), {
    text: /sends packets, but did not answer a ping \(PINGREQ\) within 3\d s: check the broker/,
  });
  isMute = false;
  t.ok(await until(() => broker.clients.length === 2));
  t.ok(await until(() => client.closed));
});

t.test('a packet that arrives slowly is traffic before it is complete', async (t) => {
  const clock = manualClock();
  let isMute = false;
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    if (!isMute) answer(packet, client);
  });
  const node = await startNode(t, broker, clock, 4);
  await clock.advance(0);
  t.ok(await until(() => node.uplink.status().state === 'online'));
  await clock.advance(1_000);
  isMute = true;
  const [client] = broker.clients as [RawClient];
  // 120,000 bytes at 2,000 bytes/s.
  client.send(0x30, 0xc0, 0xa9, 0x07, 0, 1, 0x78);
  const body = Array.from({ length: 2_000 }, () => 0);
  for (let s = 0; s < 59; s += 1) {
    client.send(...body);
    await clock.advance(1_000);
  }
  t.match([node.uplink.status().state, node.uplink.status().lastFailure], ['online', null]);
});

t.test('a ping costs two bytes and so does its answer', async (t) => {
  const broker = await startRawBroker(polite());
  t.teardown(() => broker.close());
  const connection = await createMqttTransport().connect({
    url: broker.url,
    protocol: 5,
    clientId: 'c',
    keepaliveS: 30,
    timeoutMs: 1_000,
    username: null,
    password: null,
    ca: null,
    cert: null,
    key: null,
    will: null,
    clock: manualClock(),
    onConnectWritten: () => {},
  });
  const before = connection.sentBytes;
  await connection.barrier();
  t.strictSame([connection.sentBytes - before, PINGRESP.length], [2, 2]);
  connection.destroy();
});

t.test('a broker that refuses us is tried for ever, each time later', async (t) => {
  let refusals = 0;
  const broker = await startRawBroker((packet, client) => {
    if (refusals < 6 && packet.type === 1) {
      refusals += 1;
      client.send(0x20, 3, 0, [0x87, 0x97, 0x88][refusals % 3] as number, 0);
    } else polite()(packet, client);
  });
  const clock = manualClock();
  const node = await startNode(t, broker, clock, 5, 1);
  for (let failures = 1; failures <= 6; failures += 1) {
    t.ok(await until(() => node.uplink.status().state === 'down'), `refused ${failures} times`);
    t.match(node.uplink.status().reason, /refused the connection \(0x(87|97|88)\)/);
    await clock.advance(2 ** (failures - 1) * 1_000 - 1);
    t.equal(broker.clients.length, failures, 'not before its rest is over');
    await clock.advance(1);
    t.ok(await until(() => broker.clients.length === failures + 1));
  }
  t.ok(await until(() => node.uplink.status().state === 'online'));
});

t.test('a takeover of our id is reported, and the other client is left alone for a minute, then two', async (t) => {
  const clock = manualClock();
  const broker = await startRawBroker(polite(CONNACK_5));
  const node = await startNode(t, broker, clock, 5, 0);
  for (const [turn, restMs] of [30_000, 60_000].entries()) {
    await clock.advance(0);
    t.ok(await until(() => node.uplink.status().state === 'online'));
    (broker.clients[turn] as RawClient).send(0xe0, 2, 0x8e, 0);
    t.ok(await until(() => node.uplink.status().state === 'down'));
    t.match(node.uplink.status().reason, /another client uses this client id/);
    await clock.advance(restMs - 1);
    t.equal(broker.clients.length, turn + 1);
    await clock.advance(1);
    t.ok(await until(() => broker.clients.length === turn + 2), 'even with the shortest chance');
  }
  const takeovers = node.events.filter(({ code }) => code === 'uplink-taken-over');
  t.match(texts(takeovers), [{ text: /Check for a second agent/ }, { severity: 'warning' }]);
});

t.test('a broker that never answers SUBSCRIBE is disconnected', async (t) => {
  const clock = manualClock();
  const broker = await startRawBroker(({ type }, client) => {
    if (type === 1) client.send(...CONNACK_4);
    if (type === 12) client.send(...PINGRESP);
  });
  const node = await startNode(t, broker, clock, 4, 1);
  t.ok(await until(() => broker.clients[0]?.packets.some(({ type }) => type === 8) === true));
  await clock.advance(30_000);
  t.match(node.uplink.status(), { state: 'down', reason: /did not answer SUBSCRIBE within 30 s/ });
});

t.test('a birth that the broker cannot accept ends the session and is reported', async (t) => {
  const broker = await startRawBroker(polite([0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 40]));
  const clock = manualClock();
  const node = await startNode(t, broker, clock, 5, 1);
  t.ok(await until(() => broker.clients[0]?.packets.some(({ type }) => type === 8) === true));
  await clock.advance(0);
  t.ok(await until(() => node.uplink.status().state === 'down'));
  t.match(
    texts(node.uplink.status().reason),
    /accepts packets of at most 40 bytes, spBv1\.0\/angers\/NBIRTH\/c1 needs \d+: raise its packet limit/,
  );
  t.notOk(
    broker.clients[0]?.packets.some(({ type }) => type === 3),
    'nothing was sent',
  );
});
