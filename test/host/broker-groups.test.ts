/** The host at brokers without shared subscriptions: each worker has a group of its own, and a node of the cluster is killed. */
import t from 'tap';
import type { SmallNode } from '../agent/sync/small-node.ts';
import type { BrokerCluster, BrokerNode } from '../brokers/broker-cluster.ts';
import { startNatsCluster, withoutNats } from '../brokers/nats-cluster.ts';
import { startRabbitmqCluster, withoutRabbitmq } from '../brokers/rabbitmq-cluster.ts';
import { longSkip } from '../support/long-tests.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const skipHost = await hostSkip();
const GROUPS = ['west', 'east'] as const;
const CABINETS_EACH = 2;
/** Faults in a row; the first one is the kill of the node at which all are. More than one: the node is well again before the next. */
const ROUNDS = Number(process.env['BROKER_FAULTS'] ?? 1);

const FAULTS: readonly {
  name: string;
  begin: (node: BrokerNode) => Promise<void> | void;
  end: (node: BrokerNode) => Promise<void> | void;
}[] = [
  { name: 'killed', begin: (node) => node.kill(), end: (node) => node.start() },
  { name: 'stopped', begin: (node) => node.freeze(), end: (node) => node.thaw() },
  { name: 'cut off from the others', begin: (node) => node.isolate(), end: (node) => node.rejoin() },
];

const BROKERS: readonly [name: string, skip: string | false, start: () => Promise<BrokerCluster>][] = [
  ['RabbitMQ', withoutRabbitmq(), () => startRabbitmqCluster()],
  ['NATS', withoutNats(), () => startNatsCluster()],
];

for (const [name, skip, start] of BROKERS) {
  t.test(
    `${name}: two workers with a group each store every row, also while a node is killed`,
    { skip: longSkip(skipHost === false ? skip : skipHost), timeout: 240_000 + ROUNDS * 90_000 },
    async (t) => {
      const cluster = await start();
      t.teardown(() => cluster.stop());
      const [url = '', ...others] = cluster.nodes.map((node) => node.url);
      const noProcess = async (): Promise<void> => {};
      const broker = { url, port: Number(new URL(url).port), pid: undefined, stop: noProcess, kill: noProcess, start: noProcess };
      const scene = await openHostScene(t, { broker });
      const { database, holds } = scene;
      const version = cluster.protocol === 5 ? '5' : '3.1.1';
      const words = ['--mqtt', version, ...others.flatMap((other) => ['--other-broker', other])];
      for (const group of GROUPS) scene.run('worker', { words: [...words, '--no-share', '--group', group] });
      scene.run('commands', { words });
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
      for (let round = 0; round < ROUNDS; round += 1) {
        const fault = FAULTS[round === 0 ? 0 : Math.floor(Math.random() * FAULTS.length)];
        const node = cluster.nodes[round === 0 ? 0 : Math.floor(Math.random() * cluster.nodes.length)];
        if (node === undefined || fault === undefined) continue;
        t.comment(`${fault.name} ${node.url}`);
        await fault.begin(node);
        // Later ones may be longer than the cabinets need to notice them.
        const steps = round === 0 ? 10 : 10 + Math.floor(Math.random() * 70);
        for (let i = 0; i < steps; i += 1) {
          fill(5);
          await new Promise((resolve) => setTimeout(resolve, round === 0 ? 100 : 500));
        }
        if (round > 0 || ROUNDS > 1) await fault.end(node);
      }
      t.ok(await holds(isStored, 120_000), `${rows} rows of each`);
      for (const { name, node } of nodes) t.strictSame(await readingDifferences(database, name, node.store.rows), [], name);
      t.strictSame(await database.query('select * from gap'), []);
    },
  );
}

// Without this Node's own clean-up after the last test has been seen not to end; the cause is not known.
process.once('exit', () => process.exit());
