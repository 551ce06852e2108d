/**
 * What a broker can do for Sparkplug: one line for each row of the table in docs/brokers.md.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerCluster } from '../../test/brokers/broker-cluster.ts';
import type { BenchOptions } from '../result.ts';
import { connectSilently, cutProbe, openProbe, type ProbeClient, subscribe, timeUntil } from './probe-client.ts';
import type { BrokerUnderTest } from './products.ts';

/** Longest wait for a message that a broker should deliver. Units: ms. Source: assumed; all brokers deliver within 100 ms. Confirmed by: a run of the bench. */
const DELIVERY_MS = 3_000;
/** Longest wait for a will or an end that depends on a keepalive. Units: ms. Source: assumed; ten keepalives of the probe. Confirmed by: a run of the bench. */
const KEEPALIVE_LIMIT_MS = 20_000;
const KEEPALIVE_S = 2;
/** Sizes of a payload that are tried. Units: bytes. */
const SIZES = [65_536, 262_144, 524_288, 1_000_000, 4_000_000];

/** One row of the table: 0 no, 1 yes, or a number with a unit. */
interface Finding {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly note?: string;
}

interface Probe {
  readonly cluster: BrokerCluster;
  /** The first node, and the last; the same without a cluster. */
  readonly first: string;
  readonly last: string;
  readonly open: (url: string, options?: Parameters<typeof openProbe>[2]) => Promise<ProbeClient>;
}

const PROBES: readonly ((probe: Probe) => Promise<readonly Finding[]>)[] = [
  protocols,
  topics,
  retained,
  sharing,
  wills,
  takeover,
  keepalive,
  sizes,
  willOfKilledNode,
];

/** Starts the broker once and asks everything; the last probe kills a node. */
export async function capabilitiesBench(product: BrokerUnderTest, { emit, progress }: BenchOptions): Promise<void> {
  progress(`brokers: ${product.name}, what it can do`);
  const cluster = await product.start();
  const [first = '', last = first] = [cluster.nodes[0]?.url, cluster.nodes.at(-1)?.url];
  try {
    const probe: Probe = { cluster, first, last, open: (url, options) => openProbe(url, cluster.protocol, options) };
    for (const ask of PROBES) {
      for (const { note, ...found } of await ask(probe)) {
        emit({ bench: 'brokers', ...found, note: `${product.name} ${cluster.version}${note === undefined ? '' : `: ${note}`}` });
      }
    }
  } finally {
    await cluster.stop();
  }
}

const yes = (is: boolean): Pick<Finding, 'value' | 'unit'> => ({ value: is ? 1 : 0, unit: 'yes' });
const ms = (took: number | null): Pick<Finding, 'value' | 'unit'> => ({ value: took === null ? -1 : Math.round(took), unit: 'ms' });

async function protocols({ first }: Probe): Promise<readonly Finding[]> {
  const accepts = async (protocol: 4 | 5): Promise<boolean> => {
    try {
      await (await openProbe(first, protocol)).close();
      return true;
    } catch {
      // Refused, or closed without an answer.
      return false;
    }
  };
  return [
    { metric: 'mqtt-3.1.1', ...yes(await accepts(4)) },
    { metric: 'mqtt-5', ...yes(await accepts(5)) },
  ];
}

/** A message from the first node to a subscriber at the last one. */
async function topics({ first, last, open }: Probe): Promise<readonly Finding[]> {
  const [sender, receiver] = [await open(first), await open(last)];
  const granted = await subscribe(receiver, 'spBv1.0/t/+/n');
  await sender.client.publishAsync('spBv1.0/t/NDATA/n', 'x', { qos: 0 });
  await sender.client.publishAsync('spBv1.0/t/NCMD/n', 'y', { qos: 1 });
  const took = await timeUntil(() => receiver.arrived.length === 2, DELIVERY_MS);
  await Promise.all([sender.close(), receiver.close()]);
  return [
    { metric: 'qos-granted', value: granted, unit: 'QoS', note: 'a subscription with QoS 1' },
    { metric: 'delivered-over-nodes', ...ms(took) },
    { metric: 'topic-kept', ...yes(receiver.arrived[0]?.topic === 'spBv1.0/t/NDATA/n'), note: receiver.arrived[0]?.topic ?? '' },
  ];
}

async function retained({ first, last, open }: Probe): Promise<readonly Finding[]> {
  const sender = await open(first);
  await sender.client.publishAsync('spBv1.0/STATE/probe', 'on', { qos: 1, retain: true });
  await pause(500);
  const seen = await Promise.all(
    [first, last].map(async (url) => {
      const receiver = await open(url);
      await subscribe(receiver, 'spBv1.0/STATE/probe');
      await timeUntil(() => receiver.arrived.length > 0, DELIVERY_MS);
      await receiver.close();
      return receiver.arrived[0];
    }),
  );
  await sender.close();
  return [
    { metric: 'retained-same-node', ...yes(seen[0] !== undefined), note: seen[0]?.topic ?? '' },
    { metric: 'retained-other-node', ...yes(seen[1] !== undefined), note: seen[1]?.topic ?? '' },
  ];
}

async function sharing({ first, open }: Probe): Promise<readonly Finding[]> {
  const members = [await open(first), await open(first)];
  const granted = await Promise.all(members.map((member) => subscribe(member, '$share/city/spBv1.0/s/#')));
  const sender = await open(first);
  for (let i = 0; i < 20; i += 1) await sender.client.publishAsync('spBv1.0/s/NDATA/n', String(i), { qos: 0 });
  await pause(DELIVERY_MS / 2);
  const counts = members.map(({ arrived }) => arrived.length);
  await Promise.all([...members, sender].map((one) => one.close()));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return [
    {
      metric: 'shared-subscription',
      ...yes(total === 20 && counts.every((count) => count > 0)),
      note: `SUBACK ${granted[0]}, ${counts.join(' + ')} of 20 messages`,
    },
  ];
}

async function wills({ first, last, open }: Probe): Promise<readonly Finding[]> {
  const watcher = await open(last);
  await subscribe(watcher, 'spBv1.0/w/#');
  const dying = await open(first, { will: { topic: 'spBv1.0/w/NDEATH/n', payload: Buffer.from('dead'), qos: 1, retain: false } });
  cutProbe(dying);
  const took = await timeUntil(() => watcher.arrived.length > 0, DELIVERY_MS);
  await watcher.close();
  return [{ metric: 'will-after-cut', ...ms(took) }];
}

/** A second client with the same id. */
async function takeover({ first, last, open }: Probe): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const [where, url] of [
    ['same', first],
    ['other', last],
  ] as const) {
    const old = await open(first, { clientId: `twin-${where}` });
    await subscribe(old, 'spBv1.0/t/NCMD/twin');
    const fresh = await open(url, { clientId: `twin-${where}` });
    const took = await timeUntil(() => old.isClosed(), KEEPALIVE_LIMIT_MS);
    const code = old.endCode();
    found.push({
      metric: `takeover-${where}-node`,
      ...ms(took),
      note: code === null ? 'closed without a code' : `DISCONNECT 0x${code.toString(16)}`,
    });
    await Promise.all([old.close(), fresh.close()]);
  }
  return found;
}

async function keepalive({ first, cluster, open }: Probe): Promise<readonly Finding[]> {
  const watcher = await open(first);
  await subscribe(watcher, 'spBv1.0/k/#');
  const startMs = performance.now();
  const socket = await connectSilently(cluster.nodes[0]?.port ?? 0, KEEPALIVE_S, { topic: 'spBv1.0/k/NDEATH/n', text: 'silent' });
  const took = await timeUntil(() => watcher.arrived.length > 0, KEEPALIVE_LIMIT_MS);
  socket.destroy();
  await watcher.close();
  const note = `will of a silent client with a keepalive of ${KEEPALIVE_S} s`;
  return [{ metric: 'will-after-silence', ...ms(took === null ? null : performance.now() - startMs), note }];
}

/** The largest payload that reaches a subscriber. */
async function sizes({ first, open }: Probe): Promise<readonly Finding[]> {
  let largest = 0;
  for (const size of SIZES) {
    const [sender, receiver] = [await open(first), await open(first)];
    await subscribe(receiver, 'spBv1.0/z/#');
    sender.client.publish('spBv1.0/z/DBIRTH/n', Buffer.alloc(size, 'x'), { qos: 0 });
    const took = await timeUntil(() => receiver.arrived.length > 0 || sender.isClosed(), 2 * DELIVERY_MS);
    if (took !== null && receiver.arrived.length > 0) largest = size;
    await Promise.all([sender.close(), receiver.close()]);
    if (largest !== size) break;
  }
  return [{ metric: 'largest-payload', value: largest, unit: 'B', note: `of ${SIZES.join(', ')}` }];
}

/** Whether the wills of the clients of a node are published when the node is killed. */
async function willOfKilledNode({ cluster, first, last, open }: Probe): Promise<readonly Finding[]> {
  if (first === last) return [];
  const watcher = await open(last);
  await subscribe(watcher, 'spBv1.0/x/#');
  const dying = await open(first, { will: { topic: 'spBv1.0/x/NDEATH/n', payload: Buffer.from('dead'), qos: 1, retain: false } });
  await cluster.nodes[0]?.kill();
  const took = await timeUntil(() => watcher.arrived.length > 0, KEEPALIVE_LIMIT_MS);
  await Promise.all([dying.close(), watcher.close()]);
  return [{ metric: 'will-after-kill-of-node', ...ms(took), note: '-1: never' }];
}
