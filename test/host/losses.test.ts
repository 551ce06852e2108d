/** What a broker loses or forgets: the host does not acknowledge it, so the cabinets send it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createSmallNode, type SmallNode, uplinkConfig } from '../agent/sync/small-node.ts';
import { FaultProxy } from '../platform/proxy.ts';
import { type HostScene, hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const skip = await hostSkip();
const MAIN = join(import.meta.dirname, '../../platform/main.ts');

const fill = (node: SmallNode, from: number, to: number): void => {
  for (let i = from; i < to; i += 1)
    node.poll({ 'L01.level': i, 'L02.level': [i / 8, i % 3 === 0 ? 'stale' : 'good'], 'M1.energy': 2 ** 40 + i });
  node.commit();
};

const areStored = async ({ database }: HostScene, names: readonly string[], rows: number): Promise<boolean> =>
  (await database.query('select 1 from cabinet where cabinet = any($1) and rows_complete >= $2', [names, rows])).length === names.length;

const workersReady = async ({ database }: HostScene, count: number): Promise<boolean> =>
  (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length >= count;

t.test('three workers share one subscription: nothing lost, nothing twice, over the death of the broker', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, mosquitto, run, holds } = scene;
  for (const kind of ['state', 'commands', 'worker', 'worker', 'worker'] as const) run(kind);
  t.ok(await holds(() => workersReady(scene, 3)));
  const names = ['c1', 'c2', 'c3'];
  const nodes = names.map((name) => ({ name, node: scene.node(name, { primaryHost: 'city' }) }));
  for (const { node } of nodes) {
    fill(node, 0, 300);
    await node.uplink.start();
  }
  t.ok(await holds(() => areStored(scene, names, 300)), 'the backlog');
  await mosquitto.kill();
  t.ok(await holds(() => nodes.every(({ node }) => node.uplink.status().state !== 'online')));
  for (const { node } of nodes) fill(node, 300, 600);
  await mosquitto.start();
  t.ok(await holds(() => areStored(scene, names, 600), 60_000), 'after the broker came back');
  t.ok(await holds(() => nodes.every(({ node }) => node.store.cursor >= 600)), 'acknowledged to the end');
  for (const { name, node } of nodes) t.strictSame(await readingDifferences(database, name, node.store.rows), [], name);
  t.strictSame(await database.query('select * from gap'), []);
  t.strictSame(await database.query('select cabinet from cabinet where not online'), []);
});

/** The half minutes of the node pass in a second and a half. */
const FASTER = 20;

function fasterNode(t: Test, broker: string): SmallNode {
  const real = createSystemClock({ quality: () => 'synced' });
  const clock: typeof real = {
    ...real,
    monoMs: () => real.monoMs() * FASTER,
    after: (delayMs, fire) => real.after(delayMs / FASTER, fire),
    precisely: (dueMono, fire) => real.precisely(dueMono / FASTER, fire),
  };
  // The broker's clock is not faster: a longer keepalive.
  const config = uplinkConfig(broker, { node: 'c1', protocol: 5, conformance: true, proof: 'platform', keepaliveS: 600 });
  const node = createSmallNode({ cabinetId: 'c1', config, clock });
  t.teardown(() => node.uplink.stop());
  return node;
}

t.test('messages that the broker dropped are not acknowledged, and come again', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, mosquitto, holds } = scene;
  const proxy = new FaultProxy({ target: mosquitto.port });
  await proxy.start();
  const { endProcess } = await import('../../platform/servers/programs.ts');
  const [found] = await database.query<{ port: number }>('select inet_server_port() as port');
  const address = ['--database', `postgres://city@127.0.0.1:${found?.port}/city`, '--broker', proxy.url];
  const worker: ChildProcess = spawn(process.execPath, [MAIN, 'worker', ...address], { stdio: 'ignore' });
  t.teardown(async () => {
    await endProcess(worker, 'SIGKILL');
    await proxy.stop();
  });
  t.ok(await holds(() => workersReady(scene, 1)));
  const node = fasterNode(t, mosquitto.url);
  await node.uplink.start();
  fill(node, 0, 5);
  t.ok(await holds(() => areStored(scene, ['c1'], 5)));
  let passing = 0;
  proxy.set({
    drop: (packet, from) => {
      if (from !== 'server' || packet.cmd !== 'publish' || !packet.topic.includes('DDATA')) return false;
      passing += 1;
      return passing <= 6;
    },
  });
  fill(node, 5, 10);
  t.ok(await holds(() => passing >= 6), `${passing} messages passed`);
  t.ok(await holds(() => areStored(scene, ['c1'], 10)), 'the node sends again what is not acknowledged');
  t.ok(await holds(() => node.store.cursor >= 10));
  t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
  // The comparison itself finds what is missing, different, or too much.
  const [first, ...rest] = node.store.rows;
  const [reading, ...others] = first?.readings ?? [];
  if (first === undefined || reading === undefined) return t.fail('no rows');
  t.equal((await readingDifferences(database, 'c1', rest)).length, 3);
  t.equal((await readingDifferences(database, 'c1', [{ ...first, readings: [{ ...reading, value: -1 }, ...others] }, ...rest])).length, 1);
  t.match(await readingDifferences(database, 'c1', [{ ...first, readings: [{ ...reading, atMs: 7 }] }, ...node.store.rows]), [
    /@7 is undefined/,
  ]);
});
