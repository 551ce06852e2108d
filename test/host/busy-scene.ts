/** Two cabinets that send, two workers that write, and a witness on the broker: for tests that break a part of the host. */
import type { ChildProcess } from 'node:child_process';
import type { Test } from 'tap';
import type { SmallNode } from '../agent/sync/small-node.ts';
import { type HostScene, openHostScene, readingDifferences } from './host-scene.ts';
import { observeWire, type WireObserver, watchAcks } from './wire-observer.ts';

const NODES = ['c1', 'c2'];

/** Resolves after this time. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How a scene differs. */
export interface BusyOptions {
  /** How far the wall clock of each worker is ahead. */
  readonly skewsMs?: readonly number[];
  readonly primaryHost?: string;
  /** Before the processes start. */
  readonly prepare?: (scene: HostScene) => Promise<void>;
}

/** The scene and its parts. `send` adds rows for a time; `expectAll` checks that each is stored once and acknowledged, and that no births were requested. */
export interface BusyScene extends HostScene {
  readonly wire: WireObserver;
  readonly state: ChildProcess;
  readonly commands: ChildProcess;
  readonly workers: readonly ChildProcess[];
  readonly nodes: readonly { readonly name: string; readonly node: SmallNode }[];
  send(forMs: number): Promise<void>;
  expectAll(): Promise<void>;
  /** Births after the first one of each cabinet. */
  laterBirths(): number;
  /** Whether all cabinets are online within a minute. */
  areOnline(): Promise<boolean>;
}

/** Starts everything, and sends for a second. All ends with the test. */
export async function openBusyScene(t: Test, options: BusyOptions = {}): Promise<BusyScene> {
  const scene = await openHostScene(t);
  await options.prepare?.(scene);
  const acks = watchAcks(scene.database);
  const wire = await observeWire(t, scene.mosquitto.url, acks.onCommand);
  const state = scene.run('state');
  const commands = scene.run('commands');
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
  const laterBirths = (): number => nodes.reduce((sum, { name }) => sum + wire.births(name) - 1, 0);
  const areOnline = (): Promise<boolean> => holds(() => nodes.every(({ node }) => node.uplink.status().state === 'online'), 60_000);
  return { ...scene, wire, state, commands, workers, nodes, send, expectAll, laterBirths, areOnline };
}

function fill(node: SmallNode, i: number): void {
  node.poll({ 'L01.level': i, 'L02.level': [i % 5 === 0 ? null : i / 8, i % 3 === 0 ? 'stale' : 'good'], 'M1.energy': 2 ** 40 + i });
  node.commit();
}
