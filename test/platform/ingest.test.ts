import t, { type Test } from 'tap';
import { createSmallNode, GROUP, type SmallNode, until, uplinkConfig } from '../agent/sync/small-node.ts';
import { Platform, type PlatformOptions } from './ingest.ts';
import { findProgram, type Mosquitto, startMosquitto } from './mosquitto.ts';
import { FaultProxy } from './proxy.ts';
import { compareWithStore } from './reading-base.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
const NODES = ['c1', 'c2', 'c3'];
const EQUAL = { missing: [], different: [], extra: [] };

interface Scene {
  readonly mosquitto: Mosquitto;
  readonly platform: Platform;
  node(name: string, broker?: string): SmallNode;
}

async function setUp(t: Test, options: Partial<PlatformOptions> = {}, broker?: Mosquitto): Promise<Scene> {
  const mosquitto = broker ?? (await startMosquitto(program as string));
  const platform = new Platform({
    url: mosquitto.url,
    protocolVersion: 5,
    group: GROUP,
    hostId: 'city',
    workers: 1,
    acks: true,
    ...options,
  });
  await platform.start();
  const nodes: SmallNode[] = [];
  t.teardown(async () => {
    for (const node of nodes) await node.uplink.stop();
    await platform.stop();
    await mosquitto.stop();
  });
  return {
    mosquitto,
    platform,
    node: (name, url = mosquitto.url) => {
      const node = createSmallNode({
        cabinetId: name,
        config: uplinkConfig(url, { node: name, protocol: 5, primaryHost: 'city', conformance: true }),
      });
      nodes.push(node);
      return node;
    },
  };
}

const fill = (node: SmallNode, from: number, to: number): void => {
  for (let i = from; i < to; i += 1)
    node.poll({ 'L01.level': i, 'L02.level': [i / 8, i % 3 === 0 ? 'stale' : 'good'], 'M1.energy': 2 ** 40 + i });
  node.commit();
};
const isStored = (platform: Platform, name: string, rows: number) => () => platform.nodes.get(name)?.rows?.head === rows;

t.test(
  'a fleet on three workers that share one subscription: nothing lost, nothing twice, over the death of the broker',
  { skip },
  async (t) => {
    const { mosquitto, platform, node } = await setUp(t, { workers: 3 });
    const nodes = NODES.map((name) => ({ name, node: node(name) }));
    for (const { node } of nodes) {
      fill(node, 0, 300);
      await node.uplink.start();
    }
    for (const { name } of nodes) t.ok(await until(isStored(platform, name, 300)), `${name}: the backlog`);
    for (const { node } of nodes) fill(node, 300, 330);
    for (const { name } of nodes) t.ok(await until(isStored(platform, name, 330)), `${name}: live`);
    await mosquitto.kill();
    for (const { node } of nodes) {
      t.ok(await until(() => node.uplink.status().state === 'down'));
      fill(node, 330, 600);
    }
    await mosquitto.start();
    for (const { name, node } of nodes) {
      t.ok(await until(isStored(platform, name, 600), 15_000), `${name}: after the broker came back`);
      t.strictSame(compareWithStore(platform.base, name, node.store.rows), { ...EQUAL, compared: 1_800 });
      t.ok(await until(() => node.store.cursor === 600), 'acknowledged to the end');
      t.strictSame(platform.nodes.get(name)?.gaps, []);
      t.equal(platform.nodes.get(name)?.isAlive, true);
    }
    t.strictSame(platform.base.conflicts, []);
    t.equal(platform.garbage, 0);
    t.ok(
      platform.taken.every((count) => count > 0),
      `every worker had its share: ${platform.taken.join(', ')}`,
    );
  },
);

t.test('the comparison finds what is missing, different, or too much', { skip }, async (t) => {
  const { platform, node } = await setUp(t);
  const c1 = node('c1');
  fill(c1, 0, 10);
  await c1.uplink.start();
  t.ok(await until(isStored(platform, 'c1', 10)));
  const [first, ...rest] = c1.store.rows;
  const [reading, ...others] = first?.readings ?? [];
  if (first === undefined || reading === undefined) return t.fail('no rows');
  t.equal(compareWithStore(platform.base, 'c1', rest).extra.length, 3);
  const changed = [{ ...first, readings: [{ ...reading, value: -1 }, ...others] }, ...rest];
  t.equal(compareWithStore(platform.base, 'c1', changed).different.length, 1);
  const more = [{ ...first, readings: [{ ...reading, atMs: 7 }, reading, ...others] }, ...rest];
  t.strictSame(compareWithStore(platform.base, 'c1', more).missing, ['L01.level@7 (row 1)']);
});

t.test('backlog in segments is the same readings', { skip }, async (t) => {
  const { platform, node } = await setUp(t);
  const c1 = node('c1');
  await c1.uplink.start();
  t.ok(await until(() => platform.nodes.get('c1')?.isAlive === true));
  await platform.accept('c1', 'segments/1');
  await platform.state(false);
  t.ok(await until(() => c1.uplink.status().state !== 'online'));
  fill(c1, 0, 500);
  await platform.state(true);
  t.ok(await until(isStored(platform, 'c1', 500), 10_000));
  t.strictSame(compareWithStore(platform.base, 'c1', c1.store.rows), { ...EQUAL, compared: 1_500 });
  t.ok(await until(() => c1.store.cursor === 500));
});

t.test('without acknowledgements the broker proves; once they arrive they count', { skip }, async (t) => {
  const { platform, node } = await setUp(t, { acks: false });
  const c1 = node('c1');
  await c1.uplink.start();
  t.ok(await until(() => platform.nodes.get('c1')?.isAlive === true));
  t.equal(platform.nodes.get('c1')?.facts.get('/Sync/Mode'), 'broker');
  fill(c1, 0, 20);
  t.ok(await until(() => c1.store.cursor === 20));
  platform.acks = true;
  fill(c1, 20, 40);
  t.ok(await until(() => c1.store.cursor === 40));
  // The broker may have proved the last rows before the platform has them.
  t.ok(await until(isStored(platform, 'c1', 40)));
  t.strictSame(compareWithStore(platform.base, 'c1', c1.store.rows), { ...EQUAL, compared: 120 });
});

t.test('a message that the broker dropped is a hole, and is sent again on request', { skip }, async (t) => {
  const mosquitto = await startMosquitto(program as string);
  const proxy = new FaultProxy({ target: mosquitto.port });
  await proxy.start();
  t.teardown(() => proxy.stop());
  const { platform, node } = await setUp(t, { url: proxy.url }, mosquitto);
  const c1 = node('c1');
  await c1.uplink.start();
  t.ok(await until(() => platform.nodes.get('c1')?.devices.size === 4));
  fill(c1, 0, 5);
  t.ok(await until(isStored(platform, 'c1', 5)));
  let passing = 0;
  proxy.set({
    drop: (packet, from) => {
      if (from !== 'server' || packet.cmd !== 'publish' || !packet.topic.includes('DDATA')) return false;
      passing += 1;
      return passing <= 6;
    },
  });
  fill(c1, 5, 10);
  t.ok(await until(() => passing >= 15, 8_000));
  proxy.heal();
  t.ok(await until(() => (platform.nodes.get('c1')?.rows?.holes.length ?? 0) > 0), 'the hole is seen');
  t.equal(platform.nodes.get('c1')?.rows?.head, 5);
  t.equal(await platform.askForHoles('c1'), 1);
  t.ok(await until(isStored(platform, 'c1', 10)));
  t.strictSame(compareWithStore(platform.base, 'c1', c1.store.rows), { ...EQUAL, compared: 30 });
  t.ok(await until(() => c1.store.cursor === 10));
});
