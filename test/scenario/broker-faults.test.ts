/** The fault runs of the uplink against the other brokers, each with the configuration of docs/brokers. */
import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import type { BrokerCluster } from '../brokers/broker-cluster.ts';
import { startNatsCluster, withoutNats } from '../brokers/nats-cluster.ts';
import { startRabbitmqCluster, withoutRabbitmq } from '../brokers/rabbitmq-cluster.ts';
import { LINK_FAULTS } from '../support/link-faults.ts';
import { openLinkScene, provesAll } from '../support/link-scene.ts';
import { longSkip } from '../support/long-tests.ts';

/** They answer a SUBSCRIBE within milliseconds, NATS with a commit to its disk. Units: ms. */
const REAL_MS_A_SECOND = 8;

const BROKERS: readonly [name: string, skip: string | false, start: () => Promise<BrokerCluster>][] = [
  ['RabbitMQ', withoutRabbitmq(), () => startRabbitmqCluster({ nodes: 1 })],
  ['NATS', withoutNats(), () => startNatsCluster({ nodes: 1 })],
];

for (const [name, skip, start] of BROKERS) {
  t.test(name, { skip: longSkip(skip), timeout: 600_000 }, async (t) => {
    const cluster = await start();
    t.teardown(() => cluster.stop());
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('a cluster has nodes');
    // One broker for all stories, and MQTT without a restart in between: only its sessions are new.
    const broker = { ...node, stop: () => node.start() };
    for (const { story, changes = {}, needs5 = false, happens } of LINK_FAULTS) {
      const isSkipped = needs5 && cluster.protocol === 4 ? `${name} has MQTT 3.1.1 only` : false;
      await t.test(`after ${story} the platform has everything`, { skip: isSkipped, timeout: 180_000 }, async (t) => {
        const scene = await openLinkScene(t, { broker, changes, protocol: cluster.protocol, realMsASecond: REAL_MS_A_SECOND });
        await scene.live(MINUTE_MS);
        await happens(scene);
        await provesAll(t, scene);
      });
    }
  });
}

// Without this Node's own clean-up after the last test has been seen not to end; the cause is not known.
process.once('exit', () => process.exit());
