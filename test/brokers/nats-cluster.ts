/**
 * Debian's NATS server as a cluster on the loopback, with the configuration of the docs. The nodes reach each other through proxies, so that
 * one can be cut off.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../platform/mosquitto.ts';
import { FaultProxy } from '../platform/proxy.ts';
import { type BrokerCluster, BrokerProcess, type ClusterOptions, docsConfig, freePorts } from './broker-cluster.ts';
import { untilMqttReady } from './mqtt-ready.ts';

/** Why NATS cannot be started here; false if it can. */
export function withoutNats(): string | false {
  return findProgram('nats-server') === undefined ? 'NATS is not installed (apt-get install nats-server)' : false;
}

interface NatsNode {
  readonly process: BrokerProcess;
  readonly mqtt: number;
  /** To each of the other nodes. */
  readonly routes: readonly FaultProxy[];
}

/** Starts a cluster, or a single node without one. */
export async function startNatsCluster({ nodes: count = 3, without = [] }: ClusterOptions = {}): Promise<BrokerCluster> {
  const program = findProgram('nats-server') ?? 'nats-server';
  const folder = mkdtempSync(join(tmpdir(), 'luciole-nats-'));
  const ports = await freePorts(3 * count + 1);
  const closedPort = ports.at(-1) ?? 0;
  const portsOf = (at: number) => ports.slice(3 * at, 3 * at + 3) as unknown as readonly [client: number, mqtt: number, route: number];
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, at): Promise<NatsNode> => {
      const own = portsOf(at);
      const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== at);
      const routes = others.map((other) => new FaultProxy({ target: portsOf(other)[2], isOpaque: true }));
      await Promise.all(routes.map((route) => route.start()));
      const config = join(folder, `n${at + 1}.conf`);
      mkdirSync(join(folder, `n${at + 1}`));
      writeFileSync(config, localConfig({ store: join(folder, `n${at + 1}`), own, routes, closedPort, without }));
      return { process: new BrokerProcess(program, ['-c', config], { NODE: `n${at + 1}` }), mqtt: own[1], routes };
    }),
  );
  const start = async ({ process, mqtt }: NatsNode): Promise<void> => {
    if (!process.isRunning) process.start();
    await untilMqttReady(`mqtt://127.0.0.1:${mqtt}`, 4, { hasEnded: () => !process.isRunning, why: () => process.output });
  };
  const stop = async (): Promise<void> => {
    for (const { process, routes } of nodes) {
      await process.end('SIGKILL');
      await Promise.all(routes.map((route) => route.stop()));
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // JetStream answers once most of the nodes run.
    for (const { process } of nodes) process.start();
    for (const node of nodes) await start(node);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ product: 'nats', version: versionOf(program), protocol: 4, stop },
    nodes: nodes.map((node, at) => {
      const ways = waysOf(nodes, at);
      return {
        ...{ url: `mqtt://127.0.0.1:${node.mqtt}`, port: node.mqtt, start: () => start(node) },
        kill: () => node.process.end('SIGKILL'),
        freeze: () => node.process.signal('SIGSTOP'),
        thaw: () => node.process.signal('SIGCONT'),
        isolate: async () => {
          for (const way of ways) way.set({ blackHole: true });
        },
        rejoin: async () => {
          for (const way of ways) way.heal();
          // A connection in a black hole stays deaf.
          for (const way of ways) way.reset();
        },
      };
    }),
  };
}

/** The proxies from a node, and those of the others to it. */
function waysOf(nodes: readonly NatsNode[], at: number): readonly FaultProxy[] {
  const towards = nodes.flatMap(({ routes }, i) => (i === at ? [] : [routes[at < i ? at : at - 1]]));
  return [...(nodes[at]?.routes ?? []), ...towards].filter((way) => way !== undefined);
}

function localConfig({
  store,
  own: [client, mqtt, route],
  routes,
  closedPort,
  without,
}: {
  readonly store: string;
  readonly own: readonly [client: number, mqtt: number, route: number];
  readonly routes: readonly FaultProxy[];
  readonly closedPort: number;
  readonly without: readonly string[];
}): string {
  const text = docsConfig(
    'nats-server.conf',
    [
      [/listen: "0.0.0.0:4222"/, `listen: "127.0.0.1:${client}"`],
      [/listen: "0.0.0.0:1883"/, `listen: "127.0.0.1:${mqtt}"`],
      // Other nodes would use the address that is advertised besides their own routes.
      [/listen: "0.0.0.0:6222"/, `listen: "127.0.0.1:${route}"\n  advertise: "127.0.0.1:${closedPort}"`],
      [/routes: \[.*\]/, `routes: [${routes.map(({ port }) => `"nats-route://127.0.0.1:${port}"`).join(', ')}]`],
      [/store_dir: ".*"/, `store_dir: "${store}"`],
    ],
    without,
  );
  if (routes.length > 0) return text;
  return text.replace(/cluster \{[^}]*\}/, '').replace('stream_replicas: 3', 'stream_replicas: 1');
}

/** Source: `nats-server --version` prints `nats-server: v2.10.27`. */
function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' })
    .trim()
    .replace(/^nats-server: v/, '');
}
