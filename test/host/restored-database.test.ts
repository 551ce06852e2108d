import t, { type Test } from 'tap';
import type { NodeMessage } from '../../platform/core/message.ts';
import { readTopic } from '../../platform/core/topic.ts';
import type { HostMetric } from '../../platform/core/wire.ts';
import type { RunQuery } from '../../platform/database/postgres.ts';
import { hostSkip, openHostScene } from './host-scene.ts';

const skip = await hostSkip();
const NOW = Date.UTC(2026, 10, 28, 12);
const C1 = { group: 'g', node: 'c1' };
const C2 = { group: 'g', node: 'c2' };

async function openRegistry(t: Test) {
  const { database, postgres } = await openHostScene(t);
  const { NodeRegistry } = await import('../../platform/database/node-registry.ts');
  return { database, postgres, registry: new NodeRegistry() };
}

/** As a backup without the cabinets that are newer than it. */
async function forgetNodes(query: RunQuery): Promise<void> {
  await query('truncate node, series, birth, node_epoch restart identity cascade');
}

t.test('after a restore no two cabinets share an id, whichever the workers notice first', { skip }, async (t) => {
  const { database, postgres, registry } = await openRegistry(t);
  const resolve = async (...nodes: (typeof C1)[]): Promise<number[]> => (await registry.resolve(database.query, nodes)).map(({ id }) => id);
  t.strictSame(await resolve(C1), [1]);
  await forgetNodes(database.query);
  registry.invalidate();
  t.equal(registry.byId(1)?.node, 'c1', 'what was committed before can be acknowledged');
  t.strictSame(await resolve(C2), [1]);
  t.strictSame(await resolve(C1, C2), [2, 1], 'a new connection of the listener');
  await forgetNodes(database.query);
  await postgres.kill();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await postgres.start();
  const retried = async (): Promise<number[]> => {
    for (let tries = 0; tries < 20; tries += 1) {
      const ids = await resolve(C1).catch(() => undefined);
      if (ids !== undefined) return ids;
    }
    return [];
  };
  t.strictSame(await retried(), [1]);
  t.strictSame(await resolve(C2, C1), [2, 1], 'a new server, before the listener has a connection');
});

t.test('births that could not be read are read again', { skip }, async (t) => {
  const { database, registry } = await openRegistry(t);
  const series = (id: number) =>
    database.query(`insert into series (id, node_id, device, quantity) overriding system value values ($1, 1, 'L01', 'power')`, [id]);
  await registry.resolve(database.query, [C1]);
  await series(7);
  registry.invalidate(1);
  t.equal((await registry.resolve(database.query, [C1]))[0]?.series('L01', 'power'), 7);
  await database.query('delete from series');
  await series(8);
  registry.invalidate(1);
  for (const part of ['from node where', 'from birth b', 'from node n', 'from series']) {
    const failing: RunQuery = (text, values) => (text.includes(part) ? Promise.reject(new Error(part)) : database.query(text, values));
    await registry.resolve(failing, [C1]).catch(() => undefined);
  }
  t.equal((await registry.resolve(database.query, [C1]))[0]?.series('L01', 'power'), 8);
});

t.test('a large cabinet may have any number of stores; its present one is bounded', { skip }, async (t) => {
  const { database, registry } = await openRegistry(t);
  const { BatchWriter } = await import('../../platform/worker/batch-writer.ts');
  const writer = new BatchWriter(database, registry, 'w');
  const metric = (changes: Partial<HostMetric>): HostMetric => ({
    ...{ name: undefined, alias: undefined, atMs: NOW, datatype: 12, isTransient: false, value: null, properties: new Map() },
    ...changes,
  });
  const birth = (topic: string, metrics: readonly HostMetric[], sentMs: number): NodeMessage => {
    const origin = readTopic(`spBv1.0/g/${topic}`);
    if (origin === undefined) throw new RangeError(topic);
    return { origin, payload: { sentMs, seq: 0, metrics }, receivedMs: sentMs, bytes: 100, receivedMono: 0 };
  };
  const many = (count: number) => Array.from({ length: count }, (_, i) => metric({ name: `m/${i}`, alias: i, datatype: 10 }));
  for (let store = 1; store <= 8; store += 1) {
    const metrics = [metric({ name: 'Sync/Epoch', value: `epoch-0${store}` }), ...many(15_000)];
    const { rejected } = await writer.write([birth('NBIRTH/c1', metrics, NOW + store * 100_000)], () => {});
    t.equal(rejected.length, 0, `store ${store}`);
  }
  const [node] = await registry.resolve(database.query, [C1]);
  t.strictSame([...(node?.aliases.keys() ?? [])], ['epoch-07', 'epoch-08'], 'the last two are in memory');
  const { rejected } = await writer.write([birth('DBIRTH/c1/L01', many(90_000), NOW + 900_000)], () => {});
  t.equal(rejected.length, 1);
});
