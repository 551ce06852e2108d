/**
 * Debian's RabbitMQ as a cluster on the loopback, with the configuration of the docs. Needs no service and no user of the package.
 */
import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../platform/mosquitto.ts';
import {
  type BrokerCluster,
  type BrokerNode,
  BrokerProcess,
  type ClusterOptions,
  docsConfig,
  freePorts,
  untilListening,
} from './broker-cluster.ts';
import { untilMqttReady } from './mqtt-ready.ts';

const run = promisify(execFile);
/** Debian's scripts; those in /usr/sbin change the user first. */
const SCRIPTS = '/usr/lib/rabbitmq/bin';
const COOKIE = 'luciole-test';

/** Why RabbitMQ cannot be started here; false if it can. */
export function withoutRabbitmq(): string | false {
  try {
    accessSync(join(SCRIPTS, 'rabbitmq-server'), constants.X_OK);
    return findProgram('epmd') === undefined ? 'epmd is not installed' : false;
  } catch {
    // Not Debian's package, or none.
    return 'RabbitMQ is not installed (apt-get install rabbitmq-server)';
  }
}

interface RabbitNode {
  readonly name: string;
  readonly ports: readonly [amqp: number, mqtt: number, distribution: number];
  readonly process: BrokerProcess;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts the nodes at the same time, since they form the cluster together. `isKhepri`: metadata in Khepri instead of Mnesia, which the docs advise against. */
export async function startRabbitmqCluster({
  nodes: count = 3,
  without = [],
  isKhepri = false,
}: ClusterOptions & { readonly isKhepri?: boolean } = {}): Promise<BrokerCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-rabbitmq-'));
  writeFileSync(join(folder, '.erlang.cookie'), COOKIE);
  chmodSync(join(folder, '.erlang.cookie'), 0o400);
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_mqtt].');
  const [epmdPort = 0, ...ports] = await freePorts(1 + 3 * count);
  const epmd = new BrokerProcess(findProgram('epmd') ?? 'epmd', ['-address', '127.0.0.1', '-port', String(epmdPort)]);
  epmd.start();
  const names = Array.from({ length: count }, (_, i) => `luciole${i + 1}@localhost`);
  const nodes = names.map((name, i): RabbitNode => {
    const own = ports.slice(3 * i, 3 * i + 3) as unknown as RabbitNode['ports'];
    const env = environment({ folder, name, names, epmdPort, ports: own, without });
    return { name, ports: own, env, process: new BrokerProcess(join(SCRIPTS, 'rabbitmq-server'), [], env) };
  });
  const stop = async (): Promise<void> => {
    for (const { process } of nodes) await process.end('SIGKILL');
    await epmd.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // A node that finds no epmd starts one that outlives it.
    await untilListening(epmdPort);
    // They look for each other before they accept clients.
    await Promise.all(nodes.map(startNode));
    if (isKhepri && nodes[0] !== undefined) await rabbitmqctl(nodes[0], ['enable_feature_flag', '--opt-in', 'khepri_db']);
  } catch (error) {
    await stop();
    throw error;
  }
  return { product: 'rabbitmq', version: rabbitmqVersion(), protocol: 5, nodes: nodes.map((node) => brokerNode(node)), stop };
}

function environment({
  folder,
  name,
  names,
  epmdPort,
  ports: [amqp, mqtt, distribution],
  without,
}: {
  readonly folder: string;
  readonly name: string;
  readonly names: readonly string[];
  readonly epmdPort: number;
  readonly ports: RabbitNode['ports'];
  readonly without: readonly string[];
}): NodeJS.ProcessEnv {
  const own = join(folder, name);
  mkdirSync(own);
  const docs = docsConfig('rabbitmq.conf', [], [...without, 'cluster_formation.classic_config.nodes.']);
  const local = [
    `listeners.tcp.local = 127.0.0.1:${amqp}`,
    `mqtt.listeners.tcp.local = 127.0.0.1:${mqtt}`,
    'distribution.listener.interface = 127.0.0.1',
    ...names.map((peer, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${peer}`),
    'log.console = true',
    'log.file = false',
  ];
  writeFileSync(join(own, 'rabbitmq.conf'), [docs, ...local, ''].join('\n'));
  return {
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(own, 'rabbitmq.conf'),
    RABBITMQ_MNESIA_BASE: join(own, 'data'),
    RABBITMQ_LOG_BASE: own,
    RABBITMQ_PID_FILE: join(own, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONF_ENV_FILE: join(own, 'none'),
    RABBITMQ_GENERATED_CONFIG_DIR: own,
    RABBITMQ_FEATURE_FLAGS_FILE: join(own, 'feature_flags'),
    // The machine's cores are shared by the nodes and the test.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none -start_epmd false',
  };
}

async function startNode({ process, ports: [, mqtt] }: RabbitNode): Promise<void> {
  if (!process.isRunning) process.start();
  await untilMqttReady(`mqtt://127.0.0.1:${mqtt}`, 5, { hasEnded: () => !process.isRunning, why: () => process.output });
}

function brokerNode(node: RabbitNode): BrokerNode {
  const { process, ports } = node;
  return {
    url: `mqtt://127.0.0.1:${ports[1]}`,
    port: ports[1],
    kill: () => process.end('SIGKILL'),
    start: () => startNode(node),
    freeze: () => process.signal('SIGSTOP'),
    thaw: () => process.signal('SIGCONT'),
    // The node refuses the distribution of the others, and they its own: connections end at once, unlike in a network that drops packets.
    isolate: () => evaluate(node, '[begin erlang:set_cookie(N, other), erlang:disconnect_node(N) end || N <- nodes()].'),
    rejoin: () =>
      evaluate(node, `[erlang:set_cookie(list_to_atom("luciole" ++ integer_to_list(I) ++ "@localhost"), '${COOKIE}') || I <- [1,2,3]].`),
  };
}

async function evaluate(node: RabbitNode, expression: string): Promise<void> {
  await rabbitmqctl(node, ['eval', expression]);
}

async function rabbitmqctl({ env, name }: RabbitNode, words: readonly string[]): Promise<void> {
  // The plugins and the configuration of the node are of no use to the client.
  await run(join(SCRIPTS, 'rabbitmqctl'), ['--node', name, ...words], { env: { ...process.env, ...env }, timeout: 120_000 });
}

/** Source: the folder of the package has the version in its name. */
function rabbitmqVersion(): string {
  const folder = readdirSync('/usr/lib/rabbitmq/lib').find((name) => name.startsWith('rabbitmq_server-'));
  return folder?.slice('rabbitmq_server-'.length) ?? 'unknown';
}
