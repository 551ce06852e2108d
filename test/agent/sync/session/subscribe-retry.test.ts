/** A broker that refuses some subscriptions now and then, as NATS does while one of its nodes is away. */
import t, { type Test } from 'tap';
import { CONNACK_4, CONNACK_5, polite, type RawPacket, startRawBroker } from '../mqtt/raw-broker.ts';
import { createSmallNode, until, uplinkConfig } from '../small-node.ts';

/** The topics of a SUBSCRIBE. */
function topicsOf({ body }: RawPacket, protocol: 4 | 5): string[] {
  const topics: string[] = [];
  let at = protocol === 5 ? 3 + (body[2] as number) : 2;
  while (at < body.length) {
    const length = body.readUInt16BE(at);
    topics.push(body.subarray(at + 2, at + 2 + length).toString());
    at += 3 + length;
  }
  return topics;
}

/** Starts a node at a broker whose n-th SUBACK has the n-th codes; after the last it grants all. Returns the topics of each SUBSCRIBE. */
async function requestsFor(t: Test, protocol: 4 | 5, codes: readonly (readonly number[])[]) {
  const requests: string[][] = [];
  const answer = polite(protocol === 4 ? CONNACK_4 : CONNACK_5);
  const broker = await startRawBroker((packet, client) => {
    if (packet.type !== 8) return answer(packet, client);
    const refusals = codes[requests.length];
    requests.push(topicsOf(packet, protocol));
    if (refusals === undefined) return answer(packet, client);
    const properties = protocol === 5 ? [0] : [];
    client.send(
      0x90,
      2 + properties.length + refusals.length,
      packet.body[0] as number,
      packet.body[1] as number,
      ...properties,
      ...refusals,
    );
  });
  const node = createSmallNode({ config: uplinkConfig(broker.url, { protocol }), random: () => 1 });
  t.teardown(async () => {
    await node.uplink.stop();
    await broker.close();
  });
  await node.uplink.start();
  await until(() => ['online', 'down'].includes(node.uplink.status().state));
  return { requests, state: node.uplink.status().state, connections: broker.clients.length };
}

const NODE_TOPIC = 'spBv1.0/angers/NCMD/c1';
const DEVICE_TOPIC = 'spBv1.0/angers/DCMD/c1/+';
const ALL = [NODE_TOPIC, DEVICE_TOPIC];

for (const protocol of [4, 5] as const) {
  t.test(`MQTT ${protocol}: what is refused without a reason is requested again, and only that`, async (t) => {
    const found = await requestsFor(t, protocol, [[1, 0x80], [0x80]]);
    t.strictSame(found, { requests: [ALL, [DEVICE_TOPIC], [DEVICE_TOPIC]], state: 'online', connections: 1 });
  });
  t.test(`MQTT ${protocol}: after three refusals the connection is given up`, async (t) => {
    const found = await requestsFor(t, protocol, [[0x80, 0x80], [0x80, 0x80], [0x80, 1], [1]]);
    t.strictSame(found, { requests: [ALL, ALL, ALL], state: 'down', connections: 1 });
  });
}

t.test('a refusal that will last is not answered by another request', async (t) => {
  for (const code of [0x87, 0x8f, 0xa2]) {
    const found = await requestsFor(t, 5, [[1, code]]);
    t.strictSame(found, { requests: [ALL], state: 'down', connections: 1 }, `0x${code.toString(16)}`);
  }
});
