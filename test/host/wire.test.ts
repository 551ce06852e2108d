import { connectAsync } from 'mqtt';
import t from 'tap';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import type { NodeMessage } from '../../platform/core/message.ts';
import { readTopic } from '../../platform/core/topic.ts';
import { readPayload } from '../../platform/core/wire.ts';
import type { BatchWriter } from '../../platform/worker/batch-writer.ts';
import type { SmallNode } from '../agent/sync/small-node.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';
import { observeWire } from './wire-observer.ts';

const skip = await hostSkip();

const fill = (node: SmallNode, from: number, to: number): void => {
  for (let i = from; i < to; i += 1) node.poll({ 'L01.level': i % 100, 'L02.level': [null, 'stale'], 'M1.energy': 2 ** 40 + i });
  node.commit();
};

t.test('a backlog is requested packed, and its rows equal the store', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds } = scene;
  const wire = await observeWire(t, scene.mosquitto.url);
  run('worker');
  run('worker');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 1));
  const before = scene.node('c1');
  await before.uplink.start();
  t.ok(await holds(() => wire.written('c1', 'Sync/Accept').includes('segments/1')));
  fill(before, 0, 10);
  t.ok(await holds(() => before.store.saved.size > 0 && before.store.cursor >= 10, 90_000));
  await before.uplink.stop();
  fill(before, 10, 4_000);
  const after = scene.node('c1', {}, before.store);
  await after.uplink.start();
  t.ok(await holds(async () => (await database.query('select 1 from cabinet where rows_complete >= 4000')).length === 1, 60_000));
  const segments = wire.messages.filter(({ verb, metrics }) => verb === 'NDATA' && metrics.some(({ value }) => value?.kind === 'bytes'));
  t.ok(segments.length > 0, `${segments.length} segments`);
  t.strictSame(await readingDifferences(database, 'c1', after.store.rows), []);
  t.ok(await holds(() => after.store.cursor >= 4_000, 90_000), 'and they are acknowledged');
  t.equal(wire.written('c1', 'Sync/Accept').length, 1, 'the choice is kept by the cabinet, so it is written once');
});

t.test('a detection reaches the neighbour once; one that is forged or addressed to a pattern reaches nobody', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds } = scene;
  const wire = await observeWire(t, scene.mosquitto.url);
  run('worker');
  run('worker');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 1));
  const [c1, c2] = [scene.node('c1'), scene.node('c2')];
  const received: unknown[] = [];
  c2.onRelay = (relay) => received.push(relay);
  await Promise.all([c1, c2].map(({ uplink }) => uplink.start()));
  t.ok(await holds(async () => (await database.query('select 1 from cabinet where online')).length === 2));
  c1.uplink.relay({ node: 'c2', id: 'd-1', ageMs: 40, ttlMs: 20_000, distanceM: 12, speedKmh: 24.8, isApproaching: true });
  t.ok(await holds(() => received.length > 0));
  t.match(received, [{ node: 'c1', id: 'd-1', distanceM: 12, speedKmh: 24.8, isApproaching: true }]);
  const client = await connectAsync(scene.mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const forge = (topic: string, fields: object) => {
    const value = JSON.stringify({ from: 'x', to: 'c2', id: 'd-2', hops: 1, ageMs: 0, ttlMs: 20_000, distanceM: 1, ...fields });
    const metric: Metric = { name: 'Relay/Detection', timestampMs: Date.now(), datatype: 12, value: { kind: 'string', value } };
    return client.publishAsync(`spBv1.0/angers/${topic}`, encodePayload({ timestampMs: Date.now(), seq: 0, metrics: [metric] }));
  };
  for (const to of ['#', '+', 'c2/x', '', 'x', 'y'.repeat(300)]) await forge('NDATA/x', { to });
  await forge('NDATA/x', { from: 'c1' });
  await forge('NBIRTH/x', {});
  await forge('DDATA/x/L01', {});
  await forge('NDATA/x', { ageMs: 30_000 });
  fill(c1, 0, 5);
  t.ok(await holds(() => c1.store.cursor >= 5, 90_000), 'the workers still work');
  t.equal(received.length, 1);
  t.equal(wire.messages.filter(({ verb, metrics }) => verb === 'NCMD' && metrics.some(({ name }) => name === 'Relay/Detection')).length, 1);
  t.strictSame(
    scene.failures().filter((line) => line.includes('broker')),
    [],
  );
});

t.test('messages in any order, at any of two workers: the same rows', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, holds, mosquitto } = scene;
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const messages: NodeMessage[] = [];
  client.on('message', (topic, bytes) => {
    const [origin, payload] = [readTopic(topic), readPayload(bytes)];
    if (origin !== undefined && payload !== undefined)
      messages.push({ origin, payload, bytes: bytes.length, receivedMs: Date.now(), receivedMono: performance.now() });
  });
  await client.subscribeAsync('spBv1.0/#');
  const node = scene.node('c1', { proof: 'broker' });
  await node.uplink.start();
  t.ok(await holds(() => node.uplink.status().state === 'online'));
  // Rows of three devices arrive in several messages.
  for (let i = 0; i < 60; i += 1) fill(node, i, i + 1);
  t.ok(await holds(() => node.store.cursor >= 60, 90_000));
  const { BatchWriter } = await import('../../platform/worker/batch-writer.ts');
  const { NodeRegistry } = await import('../../platform/database/node-registry.ts');
  for (let round = 0; round < 12; round += 1) {
    await database.query('truncate node, reading_data, row_part restart identity cascade');
    const writers = ['w1', 'w2'].map((id) => new BatchWriter(database, new NodeRegistry(), id));
    const waiting = await writeShuffled(writers, messages);
    t.equal(waiting, 0, `round ${round}: each message is decoded`);
    t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
    t.match(await database.query('select online, rows_complete::int from cabinet'), [{ online: true, rows_complete: 60 }]);
  }
});

/** Deals messages to the writers in random order and groups, until none waits. Returns how many still wait after ten turns. */
async function writeShuffled(writers: readonly BatchWriter[], messages: readonly NodeMessage[]): Promise<number> {
  const hands = writers.map(() => [] as NodeMessage[]);
  for (const message of messages.toSorted(() => Math.random() - 0.5)) hands[Math.floor(Math.random() * hands.length)]?.push(message);
  const left = await Promise.all(
    hands.map(async (hand, i) => {
      let waiting: NodeMessage[] = [];
      for (let turn = 0; turn < 10 && (hand.length > 0 || waiting.length > 0); turn += 1) {
        const taken = turn < 5 ? hand.splice(0, 1 + Math.floor(Math.random() * 20)) : hand.splice(0);
        const written = await (writers[i] as BatchWriter).write([...waiting, ...taken], () => {});
        waiting = written.waiting.map(({ message }) => message);
        // Longer than the pause before births are read again.
        if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 300));
      }
      return waiting.length;
    }),
  );
  return left.reduce((sum, count) => sum + count, 0);
}
