/**
 * Store and uplink of a small node behind a fault proxy before Mosquitto, and a platform that acknowledges.
 *
 * Owns the pace: simulated time for the agent, enough real time for the sockets. Used by the scenarios of the link.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log, Store, StoredFrame } from '../../agent/core/ports.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createMqttDoor } from '../../agent/sync/mqtt/mqtt-door.ts';
import { createUplink } from '../../agent/sync/uplink.ts';
import { DEVICES, GROUP, NODE, START_MS, silentLog, uplinkConfig } from '../agent/sync/small-node.ts';
import { createReferenceHost, type ReferenceHost } from '../platform/host.ts';
import { type Mosquitto, startMosquitto } from '../platform/mosquitto.ts';
import { createFaultProxy, type FaultProxy } from '../platform/proxy.ts';
import { memoryFolder } from './memory-folder.ts';

export const MINUTE_MS = 60_000;
/** Real time in a simulated second, while there is someone to talk to. */
const REAL_MS_A_SECOND = 3;

/** A link that can be broken. */
export interface LinkScene {
  readonly clock: ManualClock;
  readonly mosquitto: Mosquitto;
  readonly proxy: FaultProxy;
  readonly host: ReferenceHost;
  readonly store: Store;
  /** How often the node went back to what was not acknowledged. */
  readonly wentBack: () => number;
  /** Simulated time, with a reading of each point each `everyMs`; sockets get real time between. */
  live(ms: number, everyMs?: number): Promise<void>;
}

export interface LinkSceneParts {
  /** Mosquitto's. */
  readonly program: string;
  readonly changes?: Partial<UplinkConfig>;
  /** The platform takes the backlog packed. */
  readonly segments?: boolean;
}

/** All of it running; ends with the test. */
export async function openLinkScene(t: Test, { program, changes = {}, segments = false }: LinkSceneParts): Promise<LinkScene> {
  const dir = memoryFolder(t);
  const mosquitto = await startMosquitto(program);
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
    dir: join(dir, 'data'),
    clock,
    log: silentLog,
    commitSeconds: 10,
    maxMegabytes: 64,
    maxDays: 400,
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  let wentBack = 0;
  const countingLog: Log = {
    event: (name) => {
      if (name === 'uplink.not-acknowledged') wentBack += 1;
    },
  };
  const uplink = createUplink({
    config: uplinkConfig(proxy.url, { protocol: 5, ...changes }),
    cabinetId: NODE,
    version: '1.2.3',
    devices: DEVICES,
    log: countingLog,
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
      await clock.advance(5);
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
  return { clock, mosquitto, proxy, host, store, live, wentBack: () => wentBack };
}

/** Lives on until the platform has every row; answers the rows of the store. */
async function untilAllIn({ live, store, host }: LinkScene): Promise<readonly StoredFrame[]> {
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
export async function provesAll(t: Test, scene: LinkScene): Promise<void> {
  const { host, store } = scene;
  const rows = await untilAllIn(scene);
  const head = host.book.head();
  const known = rows.filter(({ seq }) => seq <= head);
  const differences = host.book.compare(known).filter((text) => !text.endsWith('is not in the store'));
  const beyond = rows.filter(({ seq }) => seq > head).length;
  t.ok(beyond < 4 && known.length > 100, `${known.length} of ${rows.length} rows are at the platform without a hole`);
  t.strictSame(differences.slice(0, 5), [], 'the database equals the store, reading by reading');
  t.equal(host.book.disorder, 0, 'in order');
  t.ok(host.book.restarts <= scene.wentBack(), 'nothing comes again unless the platform was silent');
  t.strictSame(host.book.gaps, []);
  t.match(await store.status(), { gaps: 0, readingsLost: 0, account: { isBalanced: true } });
}
