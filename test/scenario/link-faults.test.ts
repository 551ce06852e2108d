import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Store, StoredFrame } from '../../agent/core/ports.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createMqttDoor } from '../../agent/sync/mqtt-door.ts';
import { createUplink } from '../../agent/sync/uplink.ts';
import { DEVICES, GROUP, NODE, START_MS, silentLog, uplinkConfig } from '../agent/sync/small-node.ts';
import { createReferenceHost, type ReferenceHost } from '../platform/host.ts';
import { findProgram, type Mosquitto, startMosquitto } from '../platform/mosquitto.ts';
import { createFaultProxy, type FaultProxy } from '../platform/proxy.ts';
import { isPacket } from '../platform/wire-log.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Real time in a simulated second, while there is someone to talk to. */
const REAL_MS_A_SECOND = 3;

interface Scene {
  readonly clock: ManualClock;
  readonly mosquitto: Mosquitto;
  readonly proxy: FaultProxy;
  readonly host: ReferenceHost;
  readonly store: Store;
  /** Simulated time, with a reading of each point each `everyMs`; sockets get real time between. */
  live(ms: number, everyMs?: number): Promise<void>;
}

/** Store and uplink of a small node behind a proxy before Mosquitto, and a platform that acknowledges. */
async function openScene(t: Test, changes: Partial<UplinkConfig> = {}, segments = false): Promise<Scene> {
  const mosquitto = await startMosquitto(program as string);
  const proxy = createFaultProxy({ target: mosquitto.port });
  await proxy.start();
  const clock = createManualClock(START_MS);
  const hostId = changes.primaryHost ?? undefined;
  const host = createReferenceHost({
    url: mosquitto.url,
    protocolVersion: 5,
    group: GROUP,
    node: NODE,
    acks: true,
    segments,
    nowMs: () => clock.wallMs(),
    ...(hostId === undefined ? {} : { hostId }),
  });
  await host.start();
  const store = createStore({
    dir: join(t.testdir(), 'data'),
    clock,
    log: silentLog,
    commitSeconds: 10,
    maxMegabytes: 64,
    maxDays: 400,
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  const uplink = createUplink({
    config: uplinkConfig(proxy.url, { protocol: 5, ...changes }),
    cabinetId: NODE,
    version: '1.2.3',
    devices: DEVICES,
    log: silentLog,
    clock,
    store,
    latest: () => undefined,
    door: createMqttDoor(),
    random: () => 0.5,
  });
  store.onCommitted = (committed) => uplink.committed(committed);
  let ticket = 0;
  const points: readonly PointId[] = ['L01.level', 'L01.power', 'L02.level', 'M1.energy'];
  const take = (): void => {
    ticket += 1;
    const atMs = clock.wallMs();
    const readings = points.map(
      (pointId, i): Reading => ({
        pointId,
        value: ticket * 10 + i,
        quality: ticket % 7 === i ? 'stale' : 'good',
        atMono: clock.monoMs(),
        atMs,
      }),
    );
    const frame = { ticket, atMono: clock.monoMs(), atMs, clockQuality: 'synced' as const, readings };
    store.append(frame);
    uplink.publish(frame);
  };
  /** Simulated seconds are short, and bytes need real time to arrive: a timeout of 30 s leaves them 90 ms. */
  const breathe = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const live = async (ms: number, everyMs = 1_000): Promise<void> => {
    const realMs = proxy.faults.refuseTcp ? 0 : Math.ceil((everyMs / 1_000) * REAL_MS_A_SECOND);
    for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
      await clock.advance(everyMs);
      take();
      await breathe(realMs);
    }
  };
  const running = async (work: Promise<void>): Promise<void> => {
    let done = false;
    void work.finally(() => {
      done = true;
    });
    while (!done) {
      await clock.advance(20);
      await breathe(1);
    }
  };
  await running(store.start());
  await running(uplink.start());
  t.teardown(async () => {
    proxy.heal();
    await running(uplink.stop());
    await running(store.stop());
    await host.stop();
    await proxy.stop();
    await mosquitto.stop();
  });
  return { clock, mosquitto, proxy, host, store, live };
}

/** Lives on until the platform has every row; answers the rows of the store. */
async function untilAllIn({ live, store, host }: Scene): Promise<readonly StoredFrame[]> {
  for (let minutes = 0; minutes < 180; minutes += 1) {
    await live(MINUTE_MS, 10_000);
    const { lastSeq, cursorSeq, backlogFrames } = await store.status();
    if (backlogFrames < 3 && host.book.head() >= lastSeq - 2 && cursorSeq >= lastSeq - 2) break;
  }
  const rows: StoredFrame[] = [];
  for (;;) {
    const more = await store.readAfter(rows.at(-1)?.seq ?? 0, 2_000);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}

/** What every fault must leave behind: the platform's database equal to the store, in order, without a gap. */
async function provesAll(t: Test, scene: Scene): Promise<void> {
  const { host, store } = scene;
  const rows = await untilAllIn(scene);
  const head = host.book.head();
  const known = rows.filter(({ seq }) => seq <= head);
  const differences = host.book.compare(known).filter((text) => !text.endsWith('is not in the store'));
  const beyond = rows.filter(({ seq }) => seq > head).length;
  t.ok(beyond < 4 && known.length > 100, `${known.length} of ${rows.length} rows are at the platform without a hole`);
  t.strictSame(differences.slice(0, 5), [], 'the database equals the store, reading by reading');
  t.equal(host.book.disorder, 0, 'in order');
  t.strictSame(host.book.gaps, []);
  t.match(await store.status(), { gaps: 0, readingsLost: 0, account: { isBalanced: true } });
}

interface Fault {
  readonly story: string;
  readonly changes?: Partial<UplinkConfig>;
  readonly segments?: boolean;
  readonly happens: (scene: Scene) => Promise<void>;
}

const on =
  (faults: Parameters<FaultProxy['set']>[0], ms = 3 * MINUTE_MS) =>
  async ({ proxy, live }: Scene): Promise<void> => {
    proxy.set(faults);
    await live(ms);
    proxy.heal();
  };
const isData = (packet: { readonly cmd: string; readonly topic?: string }): boolean =>
  packet.cmd === 'publish' && packet.topic?.includes('DATA') === true;

const FAULTS: readonly Fault[] = [
  { story: 'a black hole, each way', happens: on({ blackHole: true }) },
  {
    story: 'the connection reset again and again',
    happens: async ({ proxy, live }) => {
      for (let i = 0; i < 10; i += 1) {
        proxy.reset();
        await live(12_000);
      }
    },
  },
  { story: 'a slow way', happens: on({ delayMs: { client: 8, server: 8 } }) },
  { story: 'one byte at a time', happens: on({ chunkBytes: 1 }, MINUTE_MS) },
  {
    story: 'a packet cut in the middle',
    happens: async ({ proxy, live }) => {
      for (let i = 0; i < 4; i += 1) {
        proxy.set({ truncate: isData });
        await live(30_000);
      }
    },
  },
  { story: 'every message twice', happens: on({ duplicate: isData }) },
  {
    story: 'messages that the broker drops for a slow subscriber',
    happens: on({ drop: (packet, from) => from === 'client' && isData(packet) }, 20_000),
  },
  {
    story: 'refused by the broker for an hour',
    happens: async (scene) => {
      scene.proxy.set({ refuseConnack: 0x87 });
      scene.proxy.reset();
      await scene.live(HOUR_MS, 30_000);
      scene.proxy.heal();
    },
  },
  {
    story: 'the broker killed and started again',
    happens: async ({ mosquitto, live }) => {
      await mosquitto.kill();
      await live(2 * MINUTE_MS);
      await mosquitto.start();
    },
  },
  {
    story: 'a broker with a receive maximum of one',
    happens: async (scene) => {
      scene.proxy.set({ receiveMaximum: 1 });
      scene.proxy.reset();
      await scene.live(3 * MINUTE_MS);
    },
  },
  {
    story: 'a broker that takes packets of one kilobyte',
    happens: async (scene) => {
      scene.proxy.set({ maximumPacketSize: 1_024 });
      scene.proxy.reset();
      await scene.live(3 * MINUTE_MS);
    },
  },
  {
    story: 'the primary host offline and back',
    changes: { primaryHost: 'scada' },
    happens: async ({ host, live }) => {
      await host.stop();
      await live(5 * MINUTE_MS);
      await host.start();
    },
  },
  {
    story: '72 hours without a network, as metrics',
    happens: async (scene) => {
      scene.proxy.set({ refuseTcp: true });
      scene.proxy.reset();
      await scene.live(72 * HOUR_MS, MINUTE_MS);
      scene.proxy.heal();
    },
  },
  {
    story: '72 hours without a network, packed',
    segments: true,
    happens: async (scene) => {
      scene.proxy.set({ refuseTcp: true });
      scene.proxy.reset();
      await scene.live(72 * HOUR_MS, MINUTE_MS);
      scene.proxy.heal();
    },
  },
];

for (const { story, changes, segments, happens } of FAULTS) {
  t.test(`after ${story} the platform has everything`, { skip, timeout: 120_000 }, async (t) => {
    const scene = await openScene(t, changes, segments);
    await scene.live(MINUTE_MS);
    await happens(scene);
    await provesAll(t, scene);
    const { events } = scene.proxy.log;
    t.ok(events.filter((event) => isPacket(event, 'client', 'connect')).length >= 1);
  });
}
