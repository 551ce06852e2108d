import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { UplinkError } from '../../../../agent/core/errors.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import type { ConnectOptions, MqttConnection } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';
import { texts } from '../../../support/texts.ts';
import { manualClock, until } from '../small-node.ts';
import { CONNACK_4, CONNACK_5, polite, type RawBroker, type RawClient, type RawPacket, startRawBroker } from './raw-broker.ts';

const transport = createMqttTransport();
const clock = createSystemClock({ quality: () => 'synced' });

function options(url: string, changes: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    url,
    protocol: 5,
    clientId: 'luciole-c1',
    keepaliveS: 30,
    timeoutMs: 30_000,
    username: null,
    password: null,
    ca: null,
    cert: null,
    key: null,
    will: { topic: 'spBv1.0/g/NDEATH/c1', payload: Buffer.from([1]) },
    clock,
    onConnectWritten: () => {},
    ...changes,
  };
}

async function broker(
  t: Test,
  answer: (packet: RawPacket, client: RawClient) => void,
  greet?: (client: RawClient) => void,
): Promise<RawBroker> {
  const opened = await startRawBroker(answer, greet);
  t.teardown(() => opened.close());
  return opened;
}

/** A connection to a broker that behaves correctly until the test changes it; the end of the connection is recorded. */
async function session(t: Test, changes: Partial<ConnectOptions> = {}, answer = polite(changes.protocol === 4 ? CONNACK_4 : CONNACK_5)) {
  const other = await broker(t, answer);
  const ends: UplinkError[] = [];
  const onClosed = (failure: Error): void => void ends.push(failure as UplinkError);
  const connection = await transport.connect(options(other.url, { onClosed, ...changes }));
  t.teardown(() => connection.destroy());
  return { other, connection, ends, client: other.clients[0] as RawClient };
}

const refusals: [protocol: 4 | 5, code: number, words: RegExp][] = [
  [5, 0x87, /\(0x87\): not authorised: check uplink\.username, the password, the client certificate/],
  [5, 0x97, /\(0x97\): a quota is used up/],
  [5, 0x88, /\(0x88\): it is not available now/],
  [5, 0x85, /does not accept our client id/],
  [5, 0x84, /check uplink\.protocol/],
  [5, 0xee, /the code is in no standard/],
  [4, 5, /\(0x05\): not authorised/],
  [4, 1, /check uplink\.protocol/],
];
for (const [protocol, code, words] of refusals) {
  t.test(`a CONNACK of ${code} in MQTT ${protocol} is reported in words, and the connection is closed`, async (t) => {
    const other = await broker(t, (_, client) => client.send(...(protocol === 5 ? [0x20, 3, 0, code, 0] : [0x20, 2, 0, code])));
    await t.rejects(transport.connect(options(other.url, { protocol })), { code: 'refused', message: words });
    t.ok(await until(() => other.clients[0]?.closed === true));
  });
}

t.test('a packet larger than the broker accepts is never sent, and the session continues', async (t) => {
  const { connection, client } = await session(t, {}, polite([0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 100]));
  t.equal(connection.maxPacketBytes, 100);
  // 2 bytes of header, 2 of topic length, 1 topic, 1 for no properties: 94 of payload make 100.
  connection.publish('t', Buffer.alloc(94));
  t.throws(() => connection.publish('t', Buffer.alloc(95)), { code: 'too-large', message: /at most 100 bytes, t needs 101: raise/ });
  await connection.barrier();
  const published = client.packets.filter(({ type }) => type === 3);
  t.strictSame(
    published.map(({ body }) => body.length + 2),
    [100],
  );
});

t.test('a receive maximum of 1 limits none of our publishes: all are QoS 0', async (t) => {
  const { connection, client } = await session(t, {}, polite([0x20, 6, 0, 0, 3, 0x21, 0, 1]));
  for (let i = 0; i < 200; i += 1) connection.publish('t', Buffer.from([i]));
  await connection.barrier();
  const published = client.packets.filter(({ type }) => type === 3);
  t.strictSame([published.length, new Set(published.map(({ qos }) => qos))], [200, new Set([0])]);
});

t.test('the CONNECT contains our limits: no alias, 16 messages in flight, 128 KB each, no session', async (t) => {
  const { client } = await session(t);
  const connect = client.packets[0]?.body as Buffer;
  t.equal(connect.subarray(0, 10).toString('hex'), '00044d5154540506001e'.replace('06', '0e'), 'MQTT 5, clean, will QoS 1, 30 s');
  const properties = connect.subarray(11, 11 + (connect[10] as number)).toString('hex');
  t.match(properties, '1100000000', 'session expiry 0');
  t.match(properties, '2700020000');
  t.match(properties, '210010');
  t.notMatch(properties, /22....$/);
});

t.test('a shorter keepalive of the broker counts, a longer one does not', async (t) => {
  t.equal((await session(t, {}, polite([0x20, 6, 0, 0, 3, 0x13, 0, 10]))).connection.keepaliveS, 10);
  t.equal((await session(t, {}, polite([0x20, 6, 0, 0, 3, 0x13, 9, 0]))).connection.keepaliveS, 30);
});

t.test('a takeover of our id is detected immediately, even if the socket stays open', async (t) => {
  const { ends, client } = await session(t);
  client.send(0xe0, 2, 0x8e, 0);
  t.ok(await until(() => ends.length === 1));
  t.match(ends, [{ code: 'taken-over', message: /another client uses this client id/ }]);
  t.ok(await until(() => client.closed), 'and we leave');
});

t.test('a DISCONNECT of the broker is handled with its reason', async (t) => {
  const { ends, client } = await session(t);
  client.send(0xe0, 2, 0x8b, 0);
  t.ok(await until(() => ends.length === 1));
  t.match(ends, [{ code: 'lost', message: /ended the session \(0x8b\): it shuts down/ }]);
});

const silences: [
  story: string,
  url: (broker: RawBroker) => string,
  answer: (packet: RawPacket, client: RawClient) => void,
  words: RegExp,
][] = [
  ['a broker that never answers CONNECT', ({ url }) => url, () => {}, /accepted the connection, but did not answer CONNECT within 30 s/],
  ['a TLS port that never shakes hands', ({ port }) => `mqtts://127.0.0.1:${port}`, () => {}, /did not finish TLS within 30 s/],
];
for (const [story, url, answer, words] of silences) {
  t.test(`${story} is abandoned after the timeout`, async (t) => {
    const time = manualClock();
    const other = await broker(t, answer);
    const attempt = transport.connect(options(url(other), { clock: time }));
    const failure = attempt.catch((error: UplinkError) => error);
    t.ok(await until(() => other.clients.length === 1));
    await time.advance(29_999);
    t.equal(other.clients[0]?.closed, false);
    await time.advance(1);
    t.match(texts(await failure), { message: words });
    t.ok(await until(() => other.clients[0]?.closed === true));
  });
}

t.test('an attempt that is cancelled ends immediately', async (t) => {
  const other = await broker(t, () => {});
  const stop = new AbortController();
  const attempt = transport.connect(options(other.url, { signal: stop.signal }));
  const failure = attempt.catch((error: UplinkError) => error);
  t.ok(await until(() => other.clients[0]?.packets.length === 1));
  stop.abort();
  t.match(await failure, { code: 'lost' });
  t.ok(await until(() => other.clients[0]?.closed === true));
  await t.rejects(transport.connect(options(other.url, { signal: stop.signal })), { code: 'lost' });
});

const attacks: [story: string, protocol: 4 | 5, bytes: readonly number[], words: RegExp][] = [
  ['bytes that are no MQTT', 5, [0, 1, 2, 3], /bytes that are no MQTT/],
  ['an answer in HTML', 5, [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], /./],
  ['a length of five bytes', 5, [0x30, 0xff, 0xff, 0xff, 0xff, 0x7f], /no MQTT/],
  ['the head of a packet of 256 MB', 5, [0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1], /larger than the limit \(128 KB\)/],
  ['the head of a packet of 200 KB in MQTT 3.1.1', 4, [0x30, 0xc0, 0x9a, 0x0c, 0, 1], /larger than the limit/],
  ['a topic alias', 5, [0x30, 7, 0, 0, 3, 0x23, 0, 1, 1], /./],
  ['a topic alias of 0', 5, [0x30, 7, 0, 0, 3, 0x23, 0, 0, 1], /./],
  ['a message of QoS 2', 4, [0x34, 6, 0, 1, 0x74, 0, 1, 2], /QoS that was not requested/],
  ['a message of QoS 3', 5, [0x36, 6, 0, 1, 0x74, 0, 1, 2], /./],
  ['a second CONNACK', 5, CONNACK_5, /./],
  ['a properties length beyond the packet', 5, [0x30, 5, 0, 1, 0x74, 0x7f, 1], /./],
  ['a CONNECT', 5, [0x10, 2, 0, 0], /./],
];
for (const [story, protocol, bytes, words] of attacks) {
  t.test(`${story} ends the session, and every promise settles`, async (t) => {
    const connack = protocol === 4 ? CONNACK_4 : CONNACK_5;
    const { connection, ends, client } = await session(t, { protocol }, (packet, client) => {
      if (packet.type === 1) client.send(...connack);
    });
    const pending = [connection.barrier(), connection.subscribe(['a'])].map((each) => each.catch((error: UplinkError) => error.code));
    client.send(...bytes);
    t.ok(await until(() => ends.length === 1), `ended: ${ends[0]?.message}`);
    t.match(texts(ends), [{ code: 'lost', message: words }]);
    t.strictSame(await Promise.all(pending), ['lost', 'lost']);
    t.throws(() => connection.publish('t', Buffer.alloc(1)), { code: 'lost' });
    await t.rejects(connection.barrier(), { code: 'lost' });
    await t.rejects(connection.subscribe(['a']), { code: 'lost' });
    t.ok(await until(() => client.closed));
  });
  t.test(`${story} before the CONNACK fails the attempt`, async (t) => {
    if (bytes === CONNACK_5) return;
    const other = await broker(
      t,
      () => {},
      (client) => client.send(...bytes),
    );
    const time = manualClock();
    const failure = transport.connect(options(other.url, { protocol, clock: time })).catch((error: UplinkError) => error);
    t.ok(await until(() => other.clients.length === 1));
    // Input that the library silently ignores is ended by the timeout.
    await until(() => other.clients[0]?.closed === true, 200);
    await time.advance(30_000);
    t.match(await failure, { name: 'UplinkError' });
    t.ok(await until(() => other.clients[0]?.closed === true));
  });
}

t.test('for any bytes, the agent survives and no promise stays pending', async (t) => {
  let bytes: Uint8Array = new Uint8Array();
  const other = await broker(t, ({ type }, client) => {
    if (type === 1) client.send(...CONNACK_5);
    if (type === 12) {
      client.socket.write(bytes);
      client.socket.end();
    }
  });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (given) => {
      bytes = given;
      let ends = 0;
      const onClosed = (): void => {
        ends += 1;
      };
      const connection = await transport.connect(options(other.url, { onClosed }));
      const settled = await Promise.allSettled([connection.barrier(), connection.subscribe(['a'])]);
      await until(() => ends > 0);
      return settled.length === 2 && ends === 1;
    }),
    { numRuns: 200 },
  );
});

t.test('a link that is cut settles everything pending, whichever side cuts it', async (t) => {
  for (const cut of ['broker', 'us'] as const) {
    const { connection, ends, client } = await session(t, {}, ({ type }, client) => {
      if (type === 1) client.send(...CONNACK_5);
    });
    const pending = [connection.barrier(), connection.subscribe(['a'])].map((each) => each.catch((error: UplinkError) => error.code));
    if (cut === 'broker') client.socket.destroy();
    else connection.destroy();
    t.strictSame(await Promise.all(pending), ['lost', 'lost'], cut);
    t.equal(ends.length, cut === 'broker' ? 1 : 0);
    await connection.end();
  }
});

t.test(
  'a broker that refuses our subscriptions is reported by name, with its code; only one of the codes is surely a permission',
  async (t) => {
    for (const [code, message] of [
      [0x87, /did not subscribe us to b \(0x87\): check its rules for this client$/],
      [0x80, /did not subscribe us to b \(0x80\): check its rules for this client, and its log: the fault may be in the broker$/],
    ] as const) {
      const { connection } = await session(t, {}, ({ type, body }, client) => {
        if (type === 1) client.send(...CONNACK_5);
        if (type === 8) client.send(0x90, 5, body[0] as number, body[1] as number, 0, 1, code);
      });
      await t.rejects(connection.subscribe(['a', 'b']), { code: 'refused', message });
    }
  },
);

t.test('a proper end is a DISCONNECT with will, then the socket', async (t) => {
  const { connection, ends, client } = await session(t);
  await connection.end();
  t.ok(await until(() => client.closed));
  const last = client.packets.at(-1);
  t.match([last?.type, last?.body[0], ends.length], [14, 4, 0]);
});

t.test('a link that takes nothing is ended before memory is full', async (t) => {
  const { connection, client } = await session(t);
  client.socket.pause();
  const payload = Buffer.alloc(262_144);
  let sent = 0;
  const fill = (): void => {
    for (; sent < 200; sent += 1) connection.publish('t', payload);
  };
  t.throws(fill, { code: 'lost', message: /accepts nothing any more: check the network/ });
  t.ok(sent > 10 && sent < 60, `after ${sent} of 256 KB`);
});

t.test('memory does not grow in a long session', async (t) => {
  const { connection, client } = await session(t);
  const collect = await collector();
  const round = async (): Promise<number> => {
    for (let i = 0; i < 200; i += 1) {
      for (let n = 0; n < 20; n += 1) connection.publish('spBv1.0/g/DDATA/c1/L01', Buffer.alloc(100));
      await connection.barrier();
      (client.packets as RawPacket[]).length = 0;
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  await round();
  const first = await round();
  for (let i = 0; i < 3; i += 1) await round();
  const last = await round();
  t.ok(last - first < 524_288, `${last - first} bytes over 16,000 messages and 800 barriers`);
});

t.test('nothing is left of a hundred connections', async (t) => {
  const other = await broker(t, polite());
  const count = (): number => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|Timeout/.test(kind)).length;
  const before = count();
  for (let i = 0; i < 100; i += 1) {
    const connection: MqttConnection = await transport.connect(options(other.url));
    await connection.barrier();
    if (i % 2 === 0) await connection.end();
    else connection.destroy();
  }
  t.ok(await until(() => count() <= before), `${count()} handles and timers, ${before} before`);
});

async function collector(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')]);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
