/**
 * Store and uplink of a small node, a fault proxy before a broker, and a platform that acknowledges.
 *
 * The agent runs on simulated time; the sockets get enough real time.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log, Store, StoredFrame, Uplink } from '../../agent/core/ports.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { SparkplugUplink } from '../../agent/sync/uplink.ts';
import { GROUP, NODE, NODE_DEVICES, NODE_START_MS, silentLog, uplinkConfig } from '../agent/sync/small-node.ts';
import { ReferenceHost } from '../platform/host.ts';
import type { Mosquitto } from '../platform/mosquitto.ts';
import { FaultProxy } from '../platform/proxy.ts';
import { memoryFolder } from './memory-folder.ts';

/** Real time in a simulated second, while the broker accepts connections. */
const REAL_MS_A_SECOND = 3;
/** The most in one step, for long steps. Units: ms. */
const MOST_REAL_MS = 100;

/** The broker of a scene. `stop` ends it. */
export type LinkBroker = Pick<Mosquitto, 'port' | 'url' | 'kill' | 'start' | 'stop'>;

/** A node's store and uplink, connected through a fault proxy (`proxy`) and a broker to a platform (`host`) that acknowledges. */
export interface LinkScene {
  readonly clock: ManualClock;
  readonly broker: LinkBroker;
  readonly proxy: FaultProxy;
  readonly host: ReferenceHost;
  readonly store: Store;
  /** How often rows were sent again for want of an acknowledgement. */
  readonly wentBack: () => number;
  /** Advances simulated time by `ms`, with a reading of each point each `everyMs` (default 1 s); sockets get real time between. */
  live(ms: number, everyMs?: number): Promise<void>;
}

export interface LinkSceneParts {
  /** It runs; it ends with the test. */
  readonly broker: LinkBroker;
  /** Default: 5. */
  readonly protocol?: 4 | 5;
  /** Real time in a simulated second: more for a broker that answers later. Units: ms. Default: `REAL_MS_A_SECOND`. */
  readonly realMsASecond?: number;
  readonly changes?: Partial<UplinkConfig>;
  /** The platform requests the backlog as segments. */
  readonly segments?: boolean;
}

/** Starts proxy, platform, store and uplink; all end with the test. Does not wait until the uplink is online. */
export async function openLinkScene(
  t: Test,
  { broker, changes = {}, segments = false, protocol = 5, realMsASecond = REAL_MS_A_SECOND }: LinkSceneParts,
): Promise<LinkScene> {
  const dir = memoryFolder(t);
  const proxy = new FaultProxy({ target: broker.port });
  await proxy.start();
  const clock = createManualClock(NODE_START_MS);
  const hostId = changes.primaryHost ?? undefined;
  const host = new ReferenceHost({
    ...{ url: broker.url, protocolVersion: protocol, group: GROUP, node: NODE, acks: true, segments },
    nowMs: () => clock.wallMs(),
    ...(hostId === undefined ? {} : { hostId }),
  });
  await host.start();
  const { store, uplink, wentBack } = createLinkAgent(join(dir, 'data'), clock, uplinkConfig(proxy.url, { protocol, ...changes }));
  const poll = createPoll(clock, store, uplink);
  const live = async (ms: number, everyMs = 1_000): Promise<void> => {
    const realMs = proxy.faults.refuseTcp ? 0 : Math.min(Math.ceil((everyMs / 1_000) * realMsASecond), MOST_REAL_MS);
    for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
      await clock.advance(everyMs);
      poll();
      await waitReal(realMs);
    }
  };
  await whileAdvancing(clock, store.start());
  await whileAdvancing(clock, uplink.start());
  t.teardown(async () => {
    proxy.heal();
    await whileAdvancing(clock, uplink.stop());
    await whileAdvancing(clock, store.stop());
    await host.stop();
    await proxy.stop();
    await broker.stop();
  });
  return { clock, broker, proxy, host, store, live, wentBack };
}

/** Store and uplink as in the agent, and how often rows were sent again for want of an acknowledgement. */
function createLinkAgent(dir: string, clock: ManualClock, config: UplinkConfig) {
  let wentBack = 0;
  const countingLog: Log = {
    event: (name) => {
      if (name === 'uplink-not-acknowledged') wentBack += 1;
    },
  };
  const store = createStore({
    dir,
    clock,
    log: silentLog,
    commitSeconds: 10,
    maxMegabytes: 64,
    maxDays: 400,
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  const uplink = new SparkplugUplink({
    config,
    cabinetId: NODE,
    version: '1.2.3',
    devices: NODE_DEVICES,
    log: countingLog,
    clock,
    store,
    latest: () => undefined,
    transport: createMqttTransport(),
    random: () => 0.5,
  });
  store.onCommitted = (committed) => uplink.committed(committed);
  return { store, uplink, wentBack: () => wentBack };
}

/** Returns a function that takes one reading of each point. */
function createPoll(clock: ManualClock, store: Store, uplink: Uplink): () => void {
  let ticket = 0;
  const points: readonly PointId[] = ['L01.level', 'L01.power', 'L02.level', 'M1.energy'];
  return () => {
    ticket += 1;
    const [atMs, atMono] = [clock.wallMs(), clock.monoMs()];
    const readings = points.map(
      (pointId, i): Reading => ({ pointId, value: ticket * 10 + i, quality: ticket % 7 === i ? 'stale' : 'good', atMono, atMs }),
    );
    const frame = { ticket, atMono, atMs, clockQuality: 'synced' as const, readings };
    store.append(frame);
    uplink.publish(frame);
  };
}

/** Simulated seconds are short, and bytes need real time to arrive: a timeout of 30 s leaves them 90 ms. */
function waitReal(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function whileAdvancing(clock: ManualClock, work: Promise<void>): Promise<void> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await clock.advance(5);
    await waitReal(1);
  }
}

/** Runs until the platform has every row. Returns the rows of the store. */
async function untilAllIn({ live, store, host }: LinkScene): Promise<readonly StoredFrame[]> {
  for (let minutes = 0; minutes < 180; minutes += 1) {
    await live(MINUTE_MS, 10_000);
    const { lastSeq, cursorSeq, backlogFrames } = await store.status();
    if (backlogFrames < 3 && host.registry.head() >= lastSeq - 2 && cursorSeq >= lastSeq - 2) break;
  }
  const rows: StoredFrame[] = [];
  for (;;) {
    const more = await store.readAfter(rows.at(-1)?.seq ?? 0, 2_000);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}

/**
 * Runs up to three more simulated hours, until the platform has the rows; then asserts that its database equals the store.
 *
 * The last rows, at most three, may be on their way. No row may be lost, out of order, or sent again without a reason.
 */
export async function provesAll(t: Test, scene: LinkScene): Promise<void> {
  const { host, store } = scene;
  const rows = await untilAllIn(scene);
  const head = host.registry.head();
  const known = rows.filter(({ seq }) => seq <= head);
  const differences = host.registry.compare(known).filter((text) => !text.endsWith('is not in the store'));
  const beyond = rows.filter(({ seq }) => seq > head).length;
  t.ok(beyond < 4 && known.length > 100, `${known.length} of ${rows.length} rows are at the platform without a hole`);
  t.strictSame(differences.slice(0, 5), [], 'the database equals the store, reading by reading');
  t.equal(host.registry.disorder, 0, 'in order');
  t.ok(host.registry.restarts <= scene.wentBack(), 'nothing comes again unless the platform was silent');
  t.strictSame(host.registry.gaps, []);
  t.match(await store.status(), { gaps: 0, readingsLost: 0, account: { isBalanced: true } });
}
