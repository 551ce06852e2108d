/**
 * A node of the cluster fails while cabinets are connected to it: how long until they are back at another node, and what is lost.
 *
 * The host is at the last node. Cabinets have `otherBrokers` and the default keepalive of 30 s.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../../agent/core/quantile.ts';
import { GROUP } from '../../test/agent/sync/small-node.ts';
import type { BrokerCluster, BrokerNode } from '../../test/brokers/broker-cluster.ts';
import { ReferenceHost } from '../../test/platform/host.ts';
import { FaultProxy } from '../../test/platform/proxy.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { type BenchCabinet, startBenchCabinet } from './cabinet.ts';
import type { BrokerUnderTest } from './products.ts';

/** A fault of the first node, and how it ends. `way`: the proxy through which the cabinets reach that node. */
interface NodeFault {
  readonly name: string;
  readonly begin: (node: BrokerNode, way: FaultProxy) => Promise<void> | void;
  readonly end: (node: BrokerNode, way: FaultProxy) => Promise<void> | void;
}

const FAULTS: readonly NodeFault[] = [
  { name: 'node killed (SIGKILL)', begin: (node) => node.kill(), end: () => {} },
  { name: 'node stopped (SIGSTOP)', begin: (node) => node.freeze(), end: (node) => node.thaw() },
  { name: 'node cut off from the cluster', begin: (node) => node.isolate(), end: (node) => node.rejoin() },
  { name: 'node cut off from the cabinets', begin: (_, way) => way.set({ blackHole: true }), end: (_, way) => way.heal() },
];

const CABINETS = 5;
/** A session that is younger counts as failed, so the next server is tried sooner. Units: ms. Source: `STABLE_MS` of the session is 60 s. */
const WARM_MS = { full: 65_000, quick: 5_000 };
/** Units: ms. Source: assumed; twice the longest time seen. Confirmed by: a run of the bench that ends with it. */
const LONGEST_MS = 600_000;
const STEP_MS = 50;

interface Member {
  readonly cabinet: BenchCabinet;
  readonly host: ReferenceHost;
}

/** Runs each fault on a cluster of its own. Emits the times until the cabinets are back, and the readings that are missing at the host. */
export async function failoverBench(product: BrokerUnderTest, options: BenchOptions): Promise<void> {
  for (const fault of FAULTS) {
    options.progress(`brokers: ${product.name}, ${fault.name}`);
    const cluster = await product.start();
    try {
      await oneFault(cluster, fault, { product, options });
    } finally {
      await cluster.stop();
    }
  }
}

async function oneFault(
  cluster: BrokerCluster,
  fault: NodeFault,
  { product, options }: { readonly product: BrokerUnderTest; readonly options: BenchOptions },
): Promise<void> {
  const { nodes } = cluster;
  const [first, last] = [nodes[0], nodes.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new Error(`${product.name}: a fail-over needs two nodes`);
  const way = new FaultProxy({ target: first.port, isOpaque: true });
  await way.start();
  const urls = [way.url, ...nodes.slice(1).map(({ url }) => url)];
  const members = await Promise.all(
    Array.from({ length: CABINETS }, (_, i) => startMember(cluster, `c${i + 1}`, { urls, hostUrl: last.url })),
  );
  try {
    await pause(options.quick ? WARM_MS.quick : WARM_MS.full);
    const waits = members.map(({ host }) => untilBornAgain(host));
    await fault.begin(first, way);
    const backMs = await Promise.all(waits);
    await fault.end(first, way);
    const missing = await missingReadings(members);
    const repeated = members.reduce((sum, { host }) => sum + host.registry.repeats, 0);
    report(options, `${product.name} ${cluster.version}, ${fault.name}`, { backMs, missing, repeated, members });
  } finally {
    for (const { cabinet, host } of members) {
      await cabinet.end();
      await host.stop();
    }
    await way.stop();
  }
}

async function startMember(
  { protocol }: BrokerCluster,
  node: string,
  { urls, hostUrl }: { readonly urls: readonly string[]; readonly hostUrl: string },
): Promise<Member> {
  const host = new ReferenceHost({ url: hostUrl, protocolVersion: protocol, group: GROUP, node, acks: true });
  await host.start();
  const [broker = '', ...otherBrokers] = urls;
  const cabinet = await startBenchCabinet(broker, { otherBrokers, protocol, node, proof: 'platform' });
  return { cabinet, host };
}

/** Resolves with the time until the next NBIRTH reaches the host. Units: ms. Errors: rejects after ten minutes. */
async function untilBornAgain(host: ReferenceHost): Promise<number> {
  const births = (): number => host.messages.filter(({ verb }) => verb === 'NBIRTH').length;
  const before = births();
  const startMs = performance.now();
  while (births() === before) {
    if (performance.now() - startMs > LONGEST_MS) throw new Error('a cabinet did not come back');
    await pause(STEP_MS);
  }
  return performance.now() - startMs;
}

/** Ends the readings, waits until the hosts have all rows, and returns how many readings they do not have. */
async function missingReadings(members: readonly Member[]): Promise<number> {
  for (const { cabinet } of members) cabinet.stopReading();
  let missing = 0;
  for (const { cabinet, host } of members) {
    const startMs = performance.now();
    const lastSeq = async (): Promise<number> => (await cabinet.rows()).at(-1)?.seq ?? 0;
    await pause(2_000);
    while (host.registry.head() < (await lastSeq()) && performance.now() - startMs < LONGEST_MS) await pause(4 * STEP_MS);
    missing += host.registry.compare(await cabinet.rows()).length;
  }
  return missing;
}

function report(
  { emit }: BenchOptions,
  note: string,
  found: { readonly backMs: readonly number[]; readonly missing: number; readonly repeated: number; readonly members: readonly Member[] },
): void {
  const seconds = found.backMs.map((ms) => ms / 1_000);
  const result = (metric: string, value: number, unit: string) => ({ bench: 'brokers', metric, value, unit, note });
  emit(result('back-median', round(quantile(seconds, 0.5), 1), 's'));
  emit(result('back-max', round(Math.max(...seconds), 1), 's'));
  emit(against(result('readings-missing-or-different', found.missing, 'readings'), '<=', 0));
  emit(
    result(
      'readings-sent-again',
      found.members.reduce((sum, { host }) => sum + host.registry.dropped, 0),
      'readings',
    ),
  );
  emit(against(result('readings-stored-twice', found.repeated, 'readings'), '<=', 0));
  const reasons = new Set(found.members.flatMap(({ cabinet }) => cabinet.failures.map(({ reason }) => reason.replaceAll(/:\d{4,5}/g, ''))));
  for (const reason of [...reasons].slice(0, 6)) emit({ ...result('failure', 0, ''), note: `${note}: ${reason}` });
}
