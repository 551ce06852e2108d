/** The host at brokers without shared subscriptions: each worker has a group of its own, and a node of the cluster is killed. */
import t from 'tap';
import type { SmallNode } from '../agent/sync/small-node.ts';
import type { BrokerCluster } from '../brokers/broker-cluster.ts';
import { startNatsCluster, withoutNats } from '../brokers/nats-cluster.ts';
import { startRabbitmqCluster, withoutRabbitmq } from '../brokers/rabbitmq-cluster.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const skipHost = await hostSkip();
const GROUPS = ['west', 'east'] as const;
const CABINETS_EACH = 2;

const BROKERS: readonly [name: string, skip: string | false, start: () => Promise<BrokerCluster>][] = [
  ['RabbitMQ', withoutRabbitmq(), () => startRabbitmqCluster()],
  ['NATS', withoutNats(), () => startNatsCluster()],
];

for (const [name, skip, start] of BROKERS) {
  t.test(
    `${name}: two workers with a group each store every row, also while a node is killed`,
    { skip: skipHost === false ? skip : skipHost, timeout: 240_000 },
    async (t) => {
      const cluster = await start();
      t.teardown(() => cluster.stop());
      const [url = '', ...others] = cluster.nodes.map((node) => node.url);
      const scene = await openHostScene(t, { url });
      const { database, holds } = scene;
      const version = cluster.protocol === 5 ? '5' : '3.1.1';
      const words = ['--mqtt', version, ...others.flatMap((other) => ['--other-broker', other])];
      for (const group of GROUPS) scene.run('worker', [...words, '--no-share', '--group', group]);
      scene.run('commands', words);
      const isReady = async (): Promise<boolean> =>
        (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length === GROUPS.length;
      t.ok(await holds(isReady, 60_000), 'both workers are subscribed');
      const nodes: { name: string; node: SmallNode }[] = GROUPS.flatMap((group) =>
        Array.from({ length: CABINETS_EACH }, (_, i) => {
          const name = `${group}-${i + 1}`;
          return { name, node: scene.node(name, { group, protocol: cluster.protocol, otherBrokers: others }) };
        }),
      );
      let rows = 0;
      const fill = (count: number): void => {
        for (const { node } of nodes) {
          for (let i = rows; i < rows + count; i += 1) node.poll({ 'L01.level': i, 'L02.level': i / 8, 'M1.energy': i });
          node.commit();
        }
        rows += count;
      };
      fill(50);
      for (const { node } of nodes) await node.uplink.start();
      const isStored = async (): Promise<boolean> =>
        (await database.query('select 1 from cabinet where rows_complete >= $1', [rows])).length === nodes.length;
      t.ok(await holds(isStored, 60_000), 'the backlog');
      fill(20);
      t.ok(await holds(isStored, 60_000), 'live');
      await cluster.nodes[0]?.kill();
      for (let i = 0; i < 10; i += 1) {
        fill(5);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      t.ok(await holds(isStored, 120_000), `${rows} rows of each`);
      for (const { name, node } of nodes) t.strictSame(await readingDifferences(database, name, node.store.rows), [], name);
      t.strictSame(await database.query('select * from gap'), []);
    },
  );
}

// Without this Node's own clean-up after the last test has been seen not to end; the cause is not known.
process.once('exit', () => process.exit());
