/** The host's connection at brokers with less than MQTT 5: refused QoS 1, no shared subscriptions, several nodes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

t.test('refused with QoS 0 too: an error, and another connection', { skip }, async (t) => {
  const { broker, connection, errors } = await openAt(t, ['--no-share'], [[1, 0x80], [0x80]]);
  t.ok(await until(() => connection.isReady, 10_000));
  t.equal(broker.clients.length, 2);
  t.equal(errors.length, 1);
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
