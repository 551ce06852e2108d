import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SmallNode } from '../agent/sync/small-node.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type HostScene, hostSkip, openHostScene, readingDifferences } from './host-scene.ts';
import { observeWire, type WireObserver, watchAcks } from './wire-observer.ts';

const skip = await hostSkip();
/** `HOST_LONG=1 npm test -- --timeout=900 test/host/faults.test.ts` holds each fault for longer. */
const isLong = process.env['HOST_LONG'] === '1';
const NODES = ['c1', 'c2'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface BusyOptions {
  /** How far the wall clock of each worker is ahead. */
  readonly skewsMs?: readonly number[];
  readonly primaryHost?: string;
  /** Before the processes start. */
  readonly prepare?: (scene: HostScene) => Promise<void>;
}

/** A scene in which two cabinets send and two workers write. `send` adds rows for a time; `expectAll` checks that all of them are stored and acknowledged. */
async function openBusyScene(t: Test, options: BusyOptions = {}) {
  const scene = await openHostScene(t);
  await options.prepare?.(scene);
  const acks = watchAcks(scene.database);
  const wire = await observeWire(t, scene.mosquitto.url, acks.onCommand);
  const state = scene.run('state');
  scene.run('commands');
  const workers = (options.skewsMs ?? [0, 0]).map((skewMs) => scene.run('worker', { skewMs }));
  const { database, holds } = scene;
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 1));
  const nodes = NODES.map((name) => ({
    name,
    node: scene.node(name, options.primaryHost === undefined ? {} : { primaryHost: options.primaryHost }),
  }));
  for (const { node } of nodes) await node.uplink.start();
  let rows = 0;
  const send = async (forMs: number): Promise<void> => {
    for (const endMs = performance.now() + forMs; performance.now() < endMs; await pause(50)) {
      rows += 1;
      for (const { node } of nodes) fill(node, rows);
    }
  };
  const expectAll = async (): Promise<void> => {
    const isStored = async (): Promise<boolean> => {
      const found = await database.query('select 1 from cabinet where rows_complete >= $1', [rows]).catch(() => []);
      return found.length === NODES.length;
    };
    t.ok(await holds(isStored, 90_000), `${rows} rows of each cabinet`);
    t.ok(await holds(() => nodes.every(({ node }) => node.store.cursor >= rows), 60_000), 'acknowledged to the end');
    for (const { name, node } of nodes) t.strictSame(await readingDifferences(database, name, node.store.rows), [], name);
    t.strictSame(await database.query('select * from gap'), []);
    t.strictSame((await acks.result()).ahead, [], 'no acknowledgement was ahead of the commit');
    t.equal(wire.rebirthRequests(), 0, 'no births were requested');
  };
  await send(1_000);
  return { ...scene, wire, state, workers, nodes, send, expectAll };
}

function fill(node: SmallNode, i: number): void {
  node.poll({ 'L01.level': i, 'L02.level': [i % 5 === 0 ? null : i / 8, i % 3 === 0 ? 'stale' : 'good'], 'M1.energy': 2 ** 40 + i });
  node.commit();
}

/** The processes of a PostgreSQL server: its children are processes of their own. */
function postgresProcesses({ postgres }: HostScene): number[] {
  const root = postgres.pid as number;
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === root);
  return [root, ...children.map(Number)];
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/ \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Births of a node that the host caused: those after its first. */
function rebirths(wire: WireObserver): number {
  return NODES.reduce((sum, name) => sum + wire.births(name) - 1, 0);
}

t.test('PostgreSQL killed and started again', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t);
  for (let kills = 0; kills < (isLong ? 5 : 1); kills += 1) {
    const sending = scene.send(4_000);
    await pause(500 + 1_000 * Math.random());
    await scene.postgres.kill();
    await pause(1_000);
    await startAgain(scene);
    await sending;
  }
  await scene.send(500);
  await scene.expectAll();
  t.equal(rebirths(scene.wire), 0);
  t.strictSame(
    scene.workers.map(({ exitCode, signalCode }) => [exitCode, signalCode]),
    scene.workers.map(() => [null, null]),
  );
});

/** Its processes of before may still hold the shared memory for a moment. */
async function startAgain({ postgres }: HostScene): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await postgres.start();
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await pause(500);
    }
  }
}

t.test('PostgreSQL frozen: nothing is lost, and commands wait', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t);
  const pids = postgresProcesses(scene);
  signal(pids, 'SIGSTOP');
  await scene.send(isLong ? 30_000 : 4_000);
  signal(pids, 'SIGCONT');
  await scene.send(500);
  await scene.expectAll();
  t.equal(rebirths(scene.wire), 0);
});

t.test(
  'the broker killed and started again: the cabinets connect, and no births are requested beyond theirs',
  { skip, timeout: 240_000 },
  async (t) => {
    const scene = await openBusyScene(t);
    const sending = scene.send(6_000);
    await pause(500);
    await scene.mosquitto.kill();
    await pause(1_000);
    await scene.mosquitto.start();
    await sending;
    t.ok(await scene.holds(() => scene.nodes.every(({ node }) => node.uplink.status().state === 'online'), 60_000));
    await scene.send(500);
    await scene.expectAll();
  },
);

t.test('two workers whose clocks are ten minutes apart', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t, { skewsMs: [300_000, -300_000] });
  await scene.send(2_000);
  await scene.kill(scene.workers[0] as (typeof scene.workers)[number], 'SIGKILL');
  scene.run('worker', { skewMs: 600_000 });
  await scene.send(2_000);
  await scene.expectAll();
  t.equal(rebirths(scene.wire), 0);
  const late = await scene.database.query(`select * from reading where time not between now() - interval '10 minutes' and now()`);
  t.strictSame(late, [], 'readings have the times of the cabinets');
});

t.test(
  'the process for STATE frozen: the cabinets stay online until the broker notices, and return',
  { skip, timeout: 300_000 },
  async (t) => {
    const scene = await openBusyScene(t, { primaryHost: 'city' });
    scene.state.kill('SIGSTOP');
    await scene.send(isLong ? 100_000 : 4_000);
    const isOffline = scene.wire.states.some((text) => text.includes('false'));
    t.equal(isOffline, isLong, 'the broker publishes the will one and a half keepalives later');
    scene.state.kill('SIGCONT');
    t.ok(await scene.holds(() => scene.nodes.every(({ node }) => node.uplink.status().state === 'online'), 60_000));
    await scene.send(500);
    await scene.expectAll();
    if (!isLong) t.equal(rebirths(scene.wire), 0);
  },
);

t.test('the disk of the readings full for a while', { skip, timeout: 240_000 }, async (t) => {
  const disk = mountSmallDisk(32_768);
  // Before the database, so that it ends after it.
  t.teardown(() => disk.remove());
  if (disk.skip !== false) {
    t.pass(`not tried: ${disk.skip}`);
    return;
  }
  const scene = await openBusyScene(t, {
    prepare: async ({ database }) => {
      execFileSync('chown', ['postgres', disk.dir]);
      await database.query(`create tablespace small location '${disk.dir}'`);
      await database.query('alter database city set default_tablespace = small');
      await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'city' and pid <> pg_backend_pid()`);
    },
  });
  const ballast = join(disk.dir, 'ballast');
  fillDisk(ballast);
  await scene.send(8_000);
  const isRetried = await scene.holds(() => scene.failures().some((reason) => /No space left/.test(reason)), 20_000);
  t.ok(isRetried, 'the workers repeat their transactions');
  const before = scene.nodes.map(({ node }) => node.store.cursor);
  rmSync(ballast);
  await scene.send(500);
  await scene.expectAll();
  t.ok(scene.nodes.every(({ node }, i) => node.store.cursor > (before[i] as number)));
  t.equal(rebirths(scene.wire), 0);
});

/** Writes until no byte is left. */
function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 2 ** 20; size >= 1; size = size / 2) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // No space for this many bytes: fewer may fit.
      }
    }
  } finally {
    closeSync(file);
  }
}
