/**
 * The whole agent on a simulated street, on the manual clock: real frames, real databases, a real broker, no waiting.
 *
 * Owns the joining for scenario tests. Only the cable is without a kernel, so that every byte comes at its exact time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Agent, createAgent } from '../../agent/app/agent.ts';
import { type LoadedSite, loadSite } from '../../agent/config/load/load-site.ts';
import { beginConfiguration } from '../../agent/config/load/start-revision.ts';
import type { RevisionFolder } from '../../agent/config/revisions/check-in-child.ts';
import { checkRevisionHere } from '../../agent/config/revisions/check-revision.ts';
import type { RevisionDisk } from '../../agent/config/revisions/revision-disk.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import type { ClockQuality } from '../../agent/core/clock.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log } from '../../agent/core/ports.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { createMqttDoor } from '../../agent/sync/mqtt/mqtt-door.ts';
import { createTestBroker, type TestBroker } from '../platform/broker.ts';
import { createReferenceHost, type ReferenceHost } from '../platform/host.ts';
import { createStreet, type Street } from '../street/street.ts';
import { createWire, type Wire } from '../street/wire.ts';
import { memoryFolder } from './memory-folder.ts';
import { createMortalWorld } from './mortal.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
/** Slower than a real street, so that a night stays a matter of seconds. Units: ms. */
const PERIODS_MS = { fast: 1_000, normal: 10_000, slow: 60_000 };
/** A port whose opening never comes to an end, as with a hung adapter. */
export const STUCK_PORT = 'stuck';
/** The platform's own name in these tests. */
const HOST_ID = 'city';

export interface RigOptions {
  /** Local time with offset. */
  readonly startAt: string;
  readonly quality?: ClockQuality;
  readonly withUplink?: boolean;
  readonly change?: (cabinet: Cabinet) => Cabinet;
  /** Holds the store and the file of the site. Default: one in memory. */
  readonly folder?: string;
  /** Where the console answers. Default: nowhere. */
  readonly socketPath?: string | null;
  /** Text of the file of the site, in the place of the demo's; the agent then takes revisions of it. */
  readonly siteFile?: string;
  /** What stands between the agent and the disk of its revisions. Default: nothing. */
  readonly revisionDisk?: (disk: RevisionDisk) => RevisionDisk;
  /** A broker that is there already. Default: one of its own. */
  readonly brokerUrl?: string;
  /** The uplink is the one of each configuration, unchanged; `brokerUrl` is where the platform is. Default: always the broker of the rig. */
  readonly isUplinkAsWritten?: boolean;
  /** Default: slower than a real street. */
  readonly periodsMs?: typeof PERIODS_MS;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly street: Street;
  /** The cables, by the port of their line. */
  readonly wires: ReadonlyMap<string, Wire>;
  readonly broker: TestBroker;
  readonly host: ReferenceHost;
  /** The agent of the moment; `restart` replaces it. */
  agent: Agent;
  /** The file of the site, where there is one. */
  readonly siteFile: string;
  /** Ports of lines as they were taken, the oldest first. */
  readonly opened: readonly string[];
  readonly log: { name: string; fields: Readonly<Record<string, unknown>> }[];
  status(): Promise<StatusView>;
  /** Levels of all lamps as they shine now, rounded. */
  levels(): number[];
  /** Advance step by step until it holds. Errors: throws when it does not within `withinMs` of simulated time. */
  until(what: string, holds: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  restart(): Promise<void>;
  /** Lets time pass until it is settled. */
  settled<T>(work: Promise<T>): Promise<T>;
  /** Ends the agent as SIGKILL would, and starts another on what it left. */
  kill(): Promise<void>;
}

/** Four lamps in two cabinets' worth of lines would prove no more than four on one. */
function smallSite(): LoadedSite {
  const site = loadSite(DEMO);
  const lampIds = ['L01', 'L02', 'L03', 'L04'];
  const [north] = site.cabinet.lines;
  const [zone] = site.cabinet.zones;
  if (north === undefined || zone?.presence == null) throw new Error('the demo street has changed');
  const cabinet: Cabinet = {
    ...site.cabinet,
    lines: [{ ...north, devices: north.devices.filter(({ id }) => [...lampIds, 'S01', 'M01'].includes(id)) }],
    lamps: site.cabinet.lamps.filter(({ id }) => lampIds.includes(id)),
    zones: [
      { ...zone, lamps: lampIds, presence: { ...zone.presence, sensors: zone.presence.sensors.filter(({ device }) => device === 'S01') } },
    ],
  };
  return { ...site, cabinet };
}

export async function createRig(
  t: Pick<Test, 'teardown'>,
  {
    startAt,
    quality = 'synced',
    withUplink = false,
    change = (cabinet) => cabinet,
    socketPath = null,
    periodsMs = PERIODS_MS,
    ...options
  }: RigOptions,
): Promise<Rig> {
  const { folder = memoryFolder(t) } = options;
  const siteFile = join(folder, 'cabinet.yaml');
  if (options.siteFile !== undefined) writeFileSync(siteFile, options.siteFile);
  const site = options.siteFile === undefined ? smallSite() : loadSite(siteFile);
  const clock = createManualClock(Date.parse(startAt), quality);
  const broker = createTestBroker();
  if (withUplink && options.brokerUrl === undefined) await broker.start();
  const url = options.brokerUrl ?? broker.url;
  const withOptions = (plain: Cabinet): Cabinet => {
    const own = { broker: url, protocol: 4 as const, primaryHost: HOST_ID };
    const uplink = withUplink && plain.uplink !== null ? { ...plain.uplink, ...(options.isUplinkAsWritten === true ? {} : own) } : null;
    return change({ ...plain, uplink, store: { ...plain.store, dir: join(folder, 'data') } });
  };
  const cabinet = withOptions(site.cabinet);
  const { uplink } = cabinet;
  const host = createReferenceHost({
    url,
    protocolVersion: 4,
    group: uplink?.group ?? '',
    node: uplink?.node ?? '',
    hostId: HOST_ID,
    nowMs: () => clock.wallMs(),
  });
  if (withUplink) await host.start();
  const street = createStreet({ cabinet, clock, seed: 1 });
  const wires = new Map<string, Wire>();
  for (const line of cabinet.lines) {
    const sim = street.lines.get(line.id);
    if (sim === undefined) throw new Error(`no line ${line.id}`);
    const wire = createWire((bytes) => sim.receive(bytes));
    sim.end = wire.end;
    wires.set(line.port, wire);
  }
  const lines: Rig['log'] = [];
  const opened: string[] = [];
  const log: Log = { event: (name, fields = {}) => lines.push({ name, fields }) };
  let world = createMortalWorld(clock, createMqttDoor());
  const disk = createDiskWatch();
  const begun = async () => {
    if (options.siteFile === undefined) return { ...site, cabinet };
    const { site: first, revisions } = await beginConfiguration({
      configFile: siteFile,
      dataDir: join(folder, 'data'),
      nowMs: clock.wallMs(),
    });
    const check = async (place: RevisionFolder) => checkRevisionHere(place);
    const { revisionDisk: between = (same) => same } = options;
    const atStart = { ...revisions, disk: between(disk.watched(revisions.disk)) };
    return { ...first, cabinet: withOptions(first.cabinet), revisions: { atStart, check, withOptions } };
  };
  const build = async (): Promise<Agent> => {
    world = createMortalWorld(clock, createMqttDoor());
    return createAgent({
      ...(await begun()),
      clock: world.clock,
      log,
      version: '0.0.0-test',
      openPort: (path, serial) => {
        opened.push(path);
        // At another speed nobody understands the other.
        if (cabinet.lines.some(({ port, serial: { baud } }) => port === path && baud !== serial.baud)) return createWire(() => {}).port;
        if (path === STUCK_PORT) return { ...createWire(() => {}).port, open: () => new Promise<void>(() => {}) };
        const wire = wires.get(path);
        if (wire === undefined) throw new Error(`no wire ${path}`);
        return wire.port;
      },
      door: world.door,
      random: street.random,
      socketPath,
      openStoreLink: world.openStoreLink,
      periodsMs,
    });
  };
  const running = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const settled = work.finally(() => {
      done = true;
    });
    while (!done) await clock.advance(10);
    return settled;
  };
  const rig: Rig = {
    clock,
    street,
    wires,
    broker,
    host,
    agent: await build(),
    siteFile,
    log: lines,
    opened,
    settled: running,
    status: () => rig.agent.view.status(),
    levels: () => [...street.world.lamps.values()].map((lamp) => Math.round(street.world.levelPct(lamp))),
    async until(what, holds, withinMs = 60_000) {
      const endMono = clock.monoMs() + withinMs;
      while (!(await holds())) {
        if (clock.monoMs() >= endMono) throw new Error(`not within ${withinMs} ms: ${what}`);
        await disk.settled();
        await clock.advance(20);
      }
    },
    async kill() {
      world.kill();
      for (const { port } of wires.values()) await port.close();
      rig.agent = await build();
      await running(rig.agent.start());
    },
    async restart() {
      await running(rig.agent.stop());
      rig.agent = await build();
      await running(rig.agent.start());
    },
  };
  t.teardown(async () => {
    await running(rig.agent.stop());
    street.stop();
    await host.stop();
    await broker.stop();
  });
  street.start();
  await running(rig.agent.start());
  return rig;
}

/** A disk takes real time, of which the street's clock knows nothing: it waits. */
function createDiskWatch() {
  const pending = new Set<Promise<unknown>>();
  const seen = <T>(work: Promise<T>): Promise<T> => {
    pending.add(work);
    void work.catch(() => {}).finally(() => pending.delete(work));
    return work;
  };
  return {
    watched: (disk: RevisionDisk): RevisionDisk => ({
      ...disk,
      writeBook: (book) => seen(disk.writeBook(book)),
      writeFiles: (...args) => seen(disk.writeFiles(...args)),
      readFiles: (of) => seen(disk.readFiles(of)),
      remove: (of) => seen(disk.remove(of)),
      kept: () => seen(disk.kept()),
    }),
    async settled() {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
