/** The host's connection at brokers with less than MQTT 5: refused QoS 1, no shared subscriptions, several nodes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { readPlatformOptions } from '../../platform/cli/options.ts';
import { CONNACK_4, polite, type RawPacket, startRawBroker } from '../agent/sync/mqtt/raw-broker.ts';
import { until } from '../agent/sync/small-node.ts';

const isInstalled = existsSync(join(import.meta.dirname, '../../platform/node_modules/mqtt'));
const skip = isInstalled ? false : 'the packages of the host are not installed (node platform/install.mjs)';

/** The topics of a SUBSCRIBE of MQTT 3.1.1, each with its QoS. */
function requestOf({ body }: RawPacket): string[] {
  const found: string[] = [];
  for (let at = 2; at < body.length; ) {
    const length = body.readUInt16BE(at);
    found.push(`${body.subarray(at + 2, at + 2 + length)} ${body[at + 2 + length]}`);
    at += 3 + length;
  }
  return found;
}

/** A connection with these words of the command line, at a broker whose n-th SUBACK has the n-th codes; after the last it grants all. */
async function openAt(t: Test, words: readonly string[], codes: readonly (readonly number[])[]) {
  const { openConnection } = await import('../../platform/broker/mqtt-connection.ts');
  const requests: string[][] = [];
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    if (packet.qos === 1 && packet.type === 3)
      return client.send(0x40, 2, ...packet.body.subarray(2 + packet.body.readUInt16BE(0)).subarray(0, 2));
    if (packet.type === 10) return client.send(0xb0, 2, packet.body[0] as number, packet.body[1] as number);
    if (packet.type !== 8) return answer(packet, client);
    const refusals = codes[requests.length];
    requests.push(requestOf(packet));
    if (refusals === undefined) return answer(packet, client);
    client.send(0x90, 2 + refusals.length, packet.body[0] as number, packet.body[1] as number, ...refusals);
  });
  const options = readPlatformOptions(['worker', '--mqtt', '3.1.1', ...words]);
  const errors: string[] = [];
  const connection = openConnection({
    broker: { ...options.broker, url: words.includes('--other-broker') ? 'mqtt://127.0.0.1:1' : broker.url },
    topics: ['$share/city/spBv1.0/west/NDATA/#', '$share/city/spBv1.0/west/DDATA/#'],
    onError: ({ message }) => errors.push(message),
  });
  t.teardown(async () => {
    await connection.close();
    await broker.close();
  });
  return { broker, connection, requests, errors };
}

t.test('what is refused with QoS 1 is requested with QoS 0', { skip }, async (t) => {
  const { connection, requests } = await openAt(t, ['--no-share'], [[1, 0x80]]);
  t.ok(await until(() => connection.isReady));
  t.strictSame(requests, [['spBv1.0/west/NDATA/# 1', 'spBv1.0/west/DDATA/# 1'], ['spBv1.0/west/DDATA/# 0']]);
});

t.test('what was ended is not subscribed again on a new connection, which still publishes', { skip }, async (t) => {
  const { broker, connection, requests } = await openAt(t, ['--no-share'], []);
  t.ok(await until(() => connection.isReady));
  await connection.unsubscribe();
  broker.clients[0]?.socket.destroy();
  let isSent = false;
  for (let i = 0; i < 100 && !isSent; i += 1) {
    isSent = await connection.publish('a', 'b', { qos: 1 });
    if (!isSent) await pause(50);
  }
  t.ok(isSent && broker.clients.length === 2);
  t.equal(requests.length, 1);
});

t.test('a broker that closes before it accepts the connection is an error at each attempt', { skip }, async (t) => {
  const { openConnection } = await import('../../platform/broker/mqtt-connection.ts');
  const broker = await startRawBroker((_, client) => void client.socket.end());
  const seen: string[] = [];
  const connection = openConnection({
    broker: { ...readPlatformOptions(['worker', '--mqtt', '3.1.1']).broker, url: broker.url },
    topics: ['a/#'],
    onLost: () => seen.push('lost'),
    onError: ({ message }) => seen.push(message),
  });
  t.teardown(async () => {
    await connection.close();
    await broker.close();
  });
  t.ok(await until(() => seen.length >= 2, 10_000));
  t.ok(seen.length <= broker.clients.length, `${seen.length} errors at ${broker.clients.length} attempts`);
  t.same([...new Set(seen)], ['the broker closed the connection before it accepted it: check its port, its MQTT version and its log']);
});

t.test('refused with QoS 0 too: an error, and another connection', { skip }, async (t) => {
  const { broker, connection, errors } = await openAt(t, ['--no-share'], [[1, 0x80], [0x80]]);
  t.ok(await until(() => connection.isReady, 10_000));
  t.equal(broker.clients.length, 2);
  t.equal(errors.length, 1);
});

t.test('refused again and again: pauses that grow, one error for each attempt, and from the start after a success', { skip }, async (t) => {
  const refusals = Array.from({ length: 8 }, () => [[1, 0x80], [0x80]]).flat();
  const { broker, connection, errors } = await openAt(t, ['--no-share'], refusals);
  await pause(3_000);
  // After 250, 500 and 1,000 ms.
  t.ok(broker.clients.length >= 3 && broker.clients.length <= 4, `${broker.clients.length} connections`);
  t.ok(errors.length >= broker.clients.length - 1 && errors.length <= broker.clients.length, `${errors.length} errors`);
  t.notOk(connection.isReady);
  refusals.length = 0;
  t.ok(await until(() => connection.isReady, 10_000), 'the rights were corrected');
  const before = broker.clients.length;
  broker.clients.at(-1)?.socket.destroy();
  t.ok(await until(() => broker.clients.length > before, 1_000), 'a lost connection is made again soon');
});

t.test('what is published into a connection that ends before it is written counts as not sent', { skip }, async (t) => {
  const { broker, connection } = await openAt(t, ['--no-share'], []);
  t.ok(await until(() => connection.isReady));
  broker.clients[0]?.socket.pause();
  const ends: boolean[] = [];
  const payload = Buffer.alloc(64 * 1_024);
  const sending = Array.from({ length: 400 }, () => connection.publish('a/b', payload).then((isSent) => ends.push(isSent)));
  sending.push(connection.publish('a/b', 'not acknowledged', { qos: 1 }).then((isSent) => ends.push(isSent)));
  await pause(200);
  t.ok(ends.length < sending.length, `${ends.length} are written`);
  broker.clients[0]?.socket.destroy();
  t.ok(await until(() => ends.length === sending.length), `${ends.length} of ${sending.length} have an end`);
  t.ok(ends.includes(false));
  t.ok(await until(() => connection.isReady), 'connected again');
  t.ok(await connection.publish('a/b', payload));
});

t.test('an end does not wait without end for a broker that acknowledges nothing', { skip }, async (t) => {
  const { broker, connection } = await openAt(t, ['--no-share'], []);
  t.ok(await until(() => connection.isReady));
  broker.clients[0]?.socket.pause();
  const sent = connection.publish('a/b', 'not acknowledged', { qos: 1 });
  await connection.close();
  t.equal(await sent, false);
});

t.test('shared subscriptions are the default', { skip }, async (t) => {
  const { connection, requests } = await openAt(t, [], []);
  t.ok(await until(() => connection.isReady));
  t.match(requests[0]?.[0], /^\$share\/city\/spBv1\.0/);
});

t.test('a node that is away: the next one is tried', { skip }, async (t) => {
  const other = await startRawBroker(polite(CONNACK_4));
  t.teardown(() => other.close());
  const { connection } = await openAt(t, ['--other-broker', other.url], []);
  t.ok(await until(() => connection.isReady, 10_000));
  t.equal(other.clients.length, 1);
});

t.test('a version of MQTT that does not exist and an address that is none are refused', async (t) => {
  t.throws(() => readPlatformOptions(['worker', '--mqtt', '3.1']), { message: '--mqtt: write 5 or 3.1.1' });
  t.throws(() => readPlatformOptions(['worker', '--other-broker', 'broker-2']), { message: /--other-broker "broker-2": write mqtt/ });
});

t.test('a broker that refuses the connection for a while is tried again', { skip }, async (t) => {
  const { openConnection } = await import('../../platform/broker/mqtt-connection.ts');
  let refusals = 0;
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    // Source: MQTT 3.1.1, 3.2.2.3: 3, server unavailable; 5, not authorized.
    if (packet.type === 1 && refusals < 2) client.send(0x20, 2, 0, refusals++ === 0 ? 3 : 5);
    else answer(packet, client);
  });
  const errors: string[] = [];
  const connection = openConnection({
    broker: { ...readPlatformOptions(['worker', '--mqtt', '3.1.1', '--no-share']).broker, url: broker.url },
    topics: ['a'],
    onError: ({ message }) => errors.push(message),
  });
  t.teardown(async () => {
    await connection.close();
    await broker.close();
  });
  t.ok(await until(() => connection.isReady, 15_000));
  t.equal(errors.length, 2, errors.join('; '));
});
