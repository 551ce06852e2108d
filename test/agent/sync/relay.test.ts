import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { RelayedDetection } from '../../../agent/core/ports.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { MqttConnection } from '../../../agent/sync/mqtt/mqtt-transport.ts';
import { createMqttTransport } from '../../../agent/sync/mqtt/mqttjs-transport.ts';
import { createRelayChannel, readRelay, writeRelay } from '../../../agent/sync/relay-channel.ts';
import { encodePayload, type Metric } from '../../../agent/sync/sparkplug/codec.ts';
import { createCurrentValues } from '../../../agent/sync/sparkplug/current-values.ts';
import { createMetricTable, NODE_METRIC } from '../../../agent/sync/sparkplug/metric-table.ts';
import { createTestBroker } from '../../platform/broker.ts';
import { ReferenceHost } from '../../platform/host.ts';
import { createSmallNode, GROUP, manualClock, NODE_DEVICES, NODE_START_MS, type SmallNode, until, uplinkConfig } from './small-node.ts';

const RELAY: RelayedDetection = { node: 'c2', id: 'k3f9-12', ageMs: 40, ttlMs: 20_000, distanceM: 12, speedKmh: 24.8, isApproaching: true };
const TEXT =
  '{"from":"c1","to":"c2","id":"k3f9-12","hops":1,"ageMs":40,"ttlMs":20000,"distanceM":12,"speedKmh":24.8,"direction":"towards"}';
const fields = (changes: object): string => JSON.stringify({ ...JSON.parse(TEXT), ...changes });

t.test('the text of a relay is what the page for platforms shows, and is read back', async (t) => {
  const { node, ...relay } = RELAY;
  t.equal(writeRelay({ from: 'c1', to: node, relay }), TEXT);
  t.ok(readFileSync('docs/platform.md', 'utf8').includes(TEXT));
  t.strictSame(readRelay(TEXT), { from: 'c1', to: 'c2', relay });
  t.match(readRelay(fields({ speedKmh: null, direction: null })), { relay: { speedKmh: null, isApproaching: false } });
  t.match(readRelay(fields({ colour: 'blue' })), { to: 'c2' }, 'fields of later versions are left alone');
  const name = 'n'.repeat(128);
  const longest = writeRelay({ from: name, to: name, relay: { ...relay, id: 'i'.repeat(64), distanceM: 1_000.4 } });
  t.ok(readRelay(longest), `${longest.length} characters`);
});

t.test('an invalid relay is ignored', async (t) => {
  const table: [story: string, text: string][] = [
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['no object', '[1,2]'],
    ['null', 'null'],
    ['hops left for another cabinet', fields({ hops: 2 })],
    ['no hops left', fields({ hops: 0 })],
    ['hops missing', fields({ hops: undefined })],
    ['no origin', fields({ from: '' })],
    ['a name that would move a terminal', fields({ id: 'a\u001b[2J' })],
    ['a name too long', fields({ id: 'x'.repeat(65) })],
    ['an age that is a text', fields({ ageMs: '40' })],
    ['an age before it was seen', fields({ ageMs: -1 })],
    ['an age beyond numbers', TEXT.replace('"ageMs":40', '"ageMs":1e999')],
    ['a life of an hour', fields({ ttlMs: 3_600_000 })],
    ['faster than anything', fields({ speedKmh: 1_000 })],
    ['a speed missing', fields({ speedKmh: undefined })],
    ['a direction we do not know', fields({ direction: 'away' })],
    ['a text without end', fields({ pad: 'x'.repeat(600) })],
  ];
  for (const [story, text] of table) t.equal(readRelay(text), undefined, story);
});

/** What arrives at node c1, without a broker. */
function openChannel(quality: 'synced' | 'none' = 'synced') {
  const clock = manualClock();
  clock.setQuality(quality);
  const table = createMetricTable(NODE_DEVICES);
  const values = createCurrentValues(table, clock, () => undefined);
  const received: RelayedDetection[] = [];
  const channel = createRelayChannel({ table, values, nodeId: 'c2', clock, onRelay: (relay) => received.push(relay) });
  const alias = table.node.find(({ name }) => name === NODE_METRIC.relay)?.alias ?? 0;
  const take = (metrics: readonly Metric[], more: { timestampMs?: number; retained?: boolean } = {}): boolean => {
    const payload = encodePayload({ timestampMs: more.timestampMs ?? NODE_START_MS, metrics });
    return channel.handle({ topic: 'spBv1.0/angers/NCMD/c2', payload, retained: more.retained ?? false });
  };
  return { channel, received, alias, take };
}
const text = (value: string, name: string | undefined = NODE_METRIC.relay): Metric => ({ name, value: { kind: 'string', value } });

t.test('an NCMD with relays is accepted, any other is left to the command inbox', async (t) => {
  const rebirth: Metric = { name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } };
  const table: [story: string, metrics: readonly Metric[], taken: boolean, heard: number, dropped: number][] = [
    ['a relay', [text(TEXT)], true, 1, 0],
    ['several', [text(TEXT), text(fields({ id: 'k3f9-13' }))], true, 2, 0],
    ['a rebirth', [rebirth], false, 0, 0],
    ['both in one', [text(TEXT), rebirth], false, 0, 0],
    ['nothing', [], false, 0, 0],
    ['for another cabinet', [text(fields({ to: 'c3' }))], true, 0, 1],
    ['our own, come back', [text(fields({ from: 'c2' }))], true, 0, 1],
    ['malformed', [text('hello')], true, 0, 1],
    ['no text', [{ name: NODE_METRIC.relay, value: { kind: 'int', value: 1 } }], true, 0, 1],
    ['null', [{ name: NODE_METRIC.relay, isNull: true }], true, 0, 1],
    ['of another type', [{ ...text(TEXT), datatype: 17 }], true, 0, 1],
    ['a flood', Array.from({ length: 33 }, () => text(TEXT)), false, 0, 0],
  ];
  for (const [story, metrics, taken, heard, dropped] of table) {
    const { channel, take } = openChannel();
    t.equal(take(metrics), taken, story);
    t.strictSame(channel.counts(), { sent: 0, heard, dropped }, story);
  }
  const { received, alias, take, channel } = openChannel();
  t.ok(take([{ alias, value: { kind: 'string', value: TEXT } }]), 'by alias');
  t.match(received, [{ ...RELAY, node: 'c1' }]);
  t.ok(take([text(fields({ id: 'k3f9-14' }))], { retained: true }));
  t.match(channel.counts(), { heard: 1, dropped: 1 }, 'what comes from the memory of the broker is not for now');
  t.notOk(channel.handle({ topic: '', payload: new Uint8Array([1, 2, 3]), retained: false }));
  t.notOk(channel.handle({ topic: '', payload: new Uint8Array(40_000), retained: false }));
});

t.test('the age is the reported one, plus the delay on the way beyond the allowed clock difference', async (t) => {
  const table: [story: string, quality: 'synced' | 'none', sentAgoMs: number, ageMs: number][] = [
    ['at once', 'synced', 0, 40],
    ['a clock that is ahead of ours', 'synced', -60_000, 40],
    ['within what clocks may differ by', 'synced', 4_000, 40],
    ['held up by the platform', 'synced', 45_000, 40_040],
    ['we do not know the time: the age as sent', 'none', 45_000, 40],
  ];
  for (const [story, quality, sentAgoMs, ageMs] of table) {
    const { received, take } = openChannel(quality);
    take([text(TEXT)], { timestampMs: NODE_START_MS - sentAgoMs });
    t.equal(received[0]?.ageMs, ageMs, story);
  }
});

t.test('100,000 texts and payloads of any kind: nothing throws, and what is accepted is within limits', async () => {
  const { channel, received } = openChannel();
  const good = Buffer.from(encodePayload({ timestampMs: NODE_START_MS, metrics: [text(TEXT)] }));
  const damaged = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = Buffer.from(good);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
  const anyValue = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(1),
    fc.constant('c2'),
    fc.constant('towards'),
  );
  const keys = ['from', 'to', 'id', 'hops', 'ageMs', 'ttlMs', 'distanceM', 'speedKmh', 'direction', '__proto__'];
  const drawn = fc.dictionary(fc.constantFrom(...keys), anyValue).map((changes) => fields(changes));
  const written = fc.oneof(drawn, fc.json(), fc.string()).map((written) => Buffer.from(encodePayload({ metrics: [text(written)] })));
  fc.assert(
    fc.property(fc.oneof(damaged, written, fc.uint8Array({ maxLength: 64 })), (payload) => {
      received.length = 0;
      channel.handle({ topic: '', payload, retained: false });
      return received.every(isSound);
    }),
    { numRuns: 100_000 },
  );
});

function isSound({ node, id, ageMs, ttlMs, distanceM, speedKmh }: RelayedDetection): boolean {
  const numbers = [ageMs, ttlMs, distanceM, speedKmh ?? 0];
  return node !== 'c2' && node.length > 0 && id.length <= 64 && numbers.every((value) => Number.isFinite(value) && value >= 0);
}

/** A platform that passes on the messages of c1, as docs/platform.md requires. */
async function openPair(t: { teardown(end: () => Promise<void>): void }) {
  const broker = createTestBroker();
  await broker.start();
  const hosts = ['c1', 'c2'].map((node) => new ReferenceHost({ url: broker.url, protocolVersion: 4, group: GROUP, node }));
  for (const host of hosts) await host.start();
  const [host1, host2] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];
  const platform: MqttConnection = await createMqttTransport().connect({
    url: broker.url,
    protocol: 4,
    clientId: 'platform',
    keepaliveS: 30,
    timeoutMs: 5_000,
    username: null,
    password: null,
    ca: null,
    cert: null,
    key: null,
    will: { topic: 'platform', payload: Buffer.from('gone') },
    clock: createSystemClock({ quality: () => 'synced' }),
    onConnectWritten: () => {},
  });
  host1.onValue = ({ metric, value }) => {
    if (metric !== NODE_METRIC.relay || typeof value !== 'string') return;
    const to = (JSON.parse(value) as { to: string }).to;
    platform.publish(`spBv1.0/${GROUP}/NCMD/${to}`, encodePayload({ timestampMs: Date.now(), metrics: [text(value)] }));
  };
  const [c1, c2] = ['c1', 'c2'].map((node) => createSmallNode({ config: uplinkConfig(broker.url, { node }), cabinetId: node })) as [
    SmallNode,
    SmallNode,
  ];
  t.teardown(async () => {
    await c1.uplink.stop();
    await c2.uplink.stop();
    await platform.end();
    for (const host of hosts) await host.stop();
    await broker.stop();
  });
  return { c1, c2, host1, host2 };
}

t.test('from cabinet to cabinet through the platform, once, and never in a birth', async (t) => {
  const { c1, c2, host1 } = await openPair(t);
  const received: RelayedDetection[] = [];
  c2.onRelay = (relay) => received.push(relay);
  c1.uplink.relay({ ...RELAY, id: 'too-early' });
  await c1.uplink.start();
  await c2.uplink.start();
  t.ok(await until(() => c1.uplink.status().state === 'online' && c2.uplink.status().state === 'online'));
  c1.uplink.relay(RELAY);
  t.ok(await until(() => received.length === 1));
  t.strictSame(received, [{ ...RELAY, node: 'c1' }], 'a relay sent without a link is lost, without an error');
  t.match(c1.uplink.status(), { relays: { sent: 1, heard: 0, dropped: 0 } });
  t.match(c2.uplink.status(), { relays: { sent: 0, heard: 1, dropped: 0 }, commandsReceived: 0, commandsRefused: 0 });
  await host1.requestRebirth();
  t.ok(await until(() => host1.messages.filter(({ verb }) => verb === 'NBIRTH').length === 2));
  const births = host1.messages.filter(({ verb }) => verb === 'NBIRTH').flatMap(({ payload }) => payload.metrics);
  const born = births.filter(({ name }) => name === NODE_METRIC.relay);
  t.match(born, [
    { isNull: true, datatype: 12 },
    { isNull: true, datatype: 12 },
  ]);
  t.ok(born.every(({ properties }) => !properties.has('Quality')));
  t.match(host1, { seqGaps: 0, strays: 0, duplicates: 0 });
});
