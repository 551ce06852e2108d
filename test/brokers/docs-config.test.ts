/** Each configuration file of docs/brokers is started as it is, apart from addresses and folders, and carries an agent and a host. */
import t from 'tap';
import { createSmallNode, GROUP, NODE, until, uplinkConfig } from '../agent/sync/small-node.ts';
import { ReferenceHost } from '../platform/host.ts';
import { type BrokerCluster, docsConfig } from './broker-cluster.ts';
import { startMosquittoNode, withoutMosquitto } from './mosquitto-node.ts';
import { startNatsCluster, withoutNats } from './nats-cluster.ts';
import { startRabbitmqCluster, withoutRabbitmq } from './rabbitmq-cluster.ts';

const BROKERS: readonly [file: string, skip: string | false, start: () => Promise<BrokerCluster>][] = [
  ['mosquitto.conf', withoutMosquitto(), () => startMosquittoNode()],
  ['rabbitmq.conf', withoutRabbitmq(), () => startRabbitmqCluster()],
  ['nats-server.conf', withoutNats(), () => startNatsCluster()],
];

for (const [file, skip, start] of BROKERS) {
  t.test(`${file}: births, readings and acknowledgements pass, from the first node to the last`, { skip, timeout: 180_000 }, async (t) => {
    const cluster = await start();
    const [first, last] = [cluster.nodes[0]?.url ?? '', cluster.nodes.at(-1)?.url ?? ''];
    const host = new ReferenceHost({ url: last, protocolVersion: cluster.protocol, group: GROUP, node: NODE, acks: true });
    const node = createSmallNode({ config: uplinkConfig(first, { protocol: cluster.protocol, proof: 'platform' }) });
    t.teardown(async () => {
      await node.uplink.stop();
      await host.stop();
      await cluster.stop();
    });
    await host.start();
    await node.uplink.start();
    t.ok(await until(() => host.nodeAlive, 20_000));
    for (let i = 0; i < 20; i += 1) node.poll({ 'L01.level': i, 'M1.energy': i });
    node.commit();
    t.ok(await until(() => node.store.cursor === 20, 20_000), 'acknowledged to the end');
    t.strictSame(host.registry.compare(node.store.rows), []);
    t.strictSame(
      node.events.filter(({ code }) => code === 'broker-rewrites-topics'),
      [],
    );
  });
}

t.test('a line of the docs that a test replaces must be there', async (t) => {
  t.throws(() => docsConfig('mosquitto.conf', [[/no such line/, '']]), /has nothing that fits/);
  t.notMatch(docsConfig('rabbitmq.conf', [], ['net_ticktime']), /^net_ticktime/m);
});

// Without this Node's own clean-up after the last test has been seen not to end; the cause is not known.
process.once('exit', () => process.exit());
