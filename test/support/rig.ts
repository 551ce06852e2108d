/**
 * The whole agent on a simulated street, on the manual clock: real frames, real databases and a real broker without waiting.
 *
 * For scenario tests. Only the cable is simulated, so that every byte arrives at its exact time.
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
import type { OpenBytePort } from '../../agent/core/driver.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Log } from '../../agent/core/ports.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { createFileReader } from '../../agent/sync/mqtt/secret-files.ts';
import { createTestBroker, type TestBroker } from '../platform/broker.ts';
import { ReferenceHost } from '../platform/host.ts';
import { createStreet, type Street } from '../street/street.ts';
import { createWire, type Wire } from '../street/wire.ts';
import { createKillableAgent } from './killable-agent.ts';
import { memoryFolder } from './memory-folder.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
/** Slower than a real street, so that a night stays a matter of seconds. Units: ms. */
const READ_FILE = createFileReader(null);
const PERIODS_MS = { fast: 1_000, normal: 10_000, slow: 60_000 };
/** Name of a port for `change`: opening it never ends, as with a hung adapter. */
export const STUCK_PORT = 'stuck';
/** The platform's own name in these tests. */
const HOST_ID = 'city';

export interface RigOptions {
  /** Start time, as local time with offset. */
  readonly startAt: string;
  readonly quality?: ClockQuality;
  readonly withUplink?: boolean;
  readonly change?: (cabinet: Cabinet) => Cabinet;
  /** Holds the store and the file of the site. Default: one in memory. */
  readonly folder?: string;
  /** Path of the console's socket. Default: no console. */
  readonly socketPath?: string | null;
  /** Text of the site file, instead of the demo's; the agent then accepts revisions of it. */
  readonly siteFile?: string;
  /** Wraps the disk of the revisions. Default: no wrapper. */
  readonly revisionDisk?: (disk: RevisionDisk) => RevisionDisk;
  /** A broker that runs already. Default: one of the rig's own. */
  readonly brokerUrl?: string;
  /** Each configuration's own uplink stays unchanged; `brokerUrl` is for the platform. Default: the uplink uses the broker of the rig. */
  readonly isUplinkAsWritten?: boolean;
  /** Default: slower than a real street. */
  readonly periodsMs?: typeof PERIODS_MS;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly street: Street;
  /** By the port of the line. */
  readonly wires: ReadonlyMap<string, Wire>;
  readonly broker: TestBroker;
  readonly host: ReferenceHost;
  /** The running agent; `restart` and `kill` replace it. */
  agent: Agent;
  /** Exists only where the options give its text. */
  readonly siteFile: string;
  /** Ports of lines in the order they were opened. */
  readonly opened: readonly string[];
  readonly log: { name: string; fields: Readonly<Record<string, unknown>> }[];
  status(): Promise<StatusView>;
  /** Present levels of all lamps, rounded. Units: %. */
  levels(): number[];
  /** Advance step by step until it holds. Errors: throws when it does not within `withinMs` of simulated time. */
  until(what: string, holds: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  /** Ends the agent in order, and starts another one on the same files, or on those that `meanwhile` leaves. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Resolves once the disk of the revisions has done what was requested so far. */
  diskSettled(): Promise<void>;
  /** Lets time pass until the work is settled. */
  settled<T>(work: Promise<T>): Promise<T>;
  /** Ends the agent as SIGKILL would, and starts another one on the same files. */
  kill(): Promise<void>;
}

/** Four lamps on one line of the demo: more lines would prove nothing more. */
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

/** Resolves once street and agent run; they end with the test. Time advances only in the methods of the rig and by its `clock`. */
export async function createRig(t: Pick<Test, 'teardown'>, options: RigOptions): Promise<Rig> {
  const { withUplink = false } = options;
  const clock = createManualClock(Date.parse(options.startAt), options.quality ?? 'synced');
  const broker = createTestBroker();
  if (withUplink && options.brokerUrl === undefined) await broker.start();
  const plan = planOf(options.folder ?? memoryFolder(t), options.brokerUrl ?? broker.url, options);
  const { cabinet, siteFile } = plan;
  const { group = '', node = '' } = cabinet.uplink ?? {};
  const host = new ReferenceHost({ url: plan.url, protocolVersion: 4, group, node, hostId: HOST_ID, nowMs: () => clock.wallMs() });
  if (withUplink) await host.start();
  const street = createStreet({ cabinet, clock, seed: 1 });
  const wires = wiresOf(cabinet, street);
  const lines: Rig['log'] = [];
  const opened: string[] = [];
  const disk = createDiskWatch();
  let killable = createKillableAgent(clock, createMqttTransport());
  const build = async (): Promise<Agent> => {
    killable = createKillableAgent(clock, createMqttTransport());
    const { clock: agentClock, door, openStoreLink } = killable;
    const log: Log = { event: (name, fields = {}) => lines.push({ name, fields }) };
    const openPort = openPortOn(cabinet, wires, opened);
    const { socketPath = null, periodsMs = PERIODS_MS } = options;
    return createAgent({
      ...(await beginningOf(plan, clock, disk.watched)),
      ...{ clock: agentClock, log, version: '0.0.0-test', openPort, door, random: street.random, socketPath, openStoreLink, periodsMs },
      readFile: (path, kind) => disk.seen(READ_FILE(path, kind)),
    });
  };
  const settled = <T>(work: Promise<T>): Promise<T> => advanceUntilSettled({ clock, disk, work });
  const rig: Rig = {
    ...{ clock, street, wires, broker, host, siteFile, opened, settled },
    agent: await build(),
    log: lines,
    status: () => rig.agent.view.status(),
    diskSettled: () => disk.settled(),
    levels: () => [...street.world.lamps.values()].map((lamp) => Math.round(street.world.levelPct(lamp))),
    until: (what, holds, withinMs = 60_000) => advanceUntil({ clock, disk, what, withinMs, isOnline: withUplink }, holds),
    async kill() {
      killable.kill();
      for (const { port } of wires.values()) await port.close();
      rig.agent = await build();
      await settled(rig.agent.start());
    },
    async restart(meanwhile = async () => {}) {
      await settled(rig.agent.stop());
      await meanwhile();
      rig.agent = await build();
      await settled(rig.agent.start());
    },
  };
  t.teardown(async () => {
    await settled(rig.agent.stop());
    street.stop();
    await host.stop();
    await broker.stop();
  });
  street.start();
  await settled(rig.agent.start());
  return rig;
}

/** Common inputs of all agents of one rig. */
interface Plan {
  readonly options: RigOptions;
  readonly site: LoadedSite;
  readonly cabinet: Cabinet;
  readonly url: string;
  readonly siteFile: string;
  readonly dataDir: string;
  /** Any cabinet of the site as it runs in the rig. */
  readonly withOptions: (plain: Cabinet) => Cabinet;
}

function planOf(folder: string, url: string, options: RigOptions): Plan {
  const { withUplink = false, change = (cabinet: Cabinet) => cabinet, isUplinkAsWritten = false } = options;
  const siteFile = join(folder, 'cabinet.yaml');
  const dataDir = join(folder, 'data');
  if (options.siteFile !== undefined) writeFileSync(siteFile, options.siteFile);
  const site = options.siteFile === undefined ? smallSite() : loadSite(siteFile);
  const withOptions = (plain: Cabinet): Cabinet => {
    const own = { broker: url, protocol: 4 as const, primaryHost: HOST_ID };
    const uplink = withUplink && plain.uplink !== null ? { ...plain.uplink, ...(isUplinkAsWritten ? {} : own) } : null;
    return change({ ...plain, uplink, store: { ...plain.store, dir: dataDir } });
  };
  return { options, site, cabinet: withOptions(site.cabinet), url, siteFile, dataDir, withOptions };
}

/** The site of the rig; one with a file begins with the revision that is in force. */
async function beginningOf(plan: Plan, clock: ManualClock, watched: (disk: RevisionDisk) => RevisionDisk) {
  const { options, site, cabinet, siteFile, dataDir, withOptions } = plan;
  if (options.siteFile === undefined) return { ...site, cabinet };
  const { site: first, revisions } = await beginConfiguration({ configFile: siteFile, dataDir, nowMs: clock.wallMs() });
  const check = async (place: RevisionFolder) => checkRevisionHere(place);
  const { revisionDisk: between = (same) => same } = options;
  const atStart = { ...revisions, disk: between(watched(revisions.disk)) };
  return { ...first, cabinet: withOptions(first.cabinet), revisions: { atStart, check, withOptions } };
}

/** A wire to each line of the street, by the port of the line. */
function wiresOf({ lines }: Cabinet, street: Street): Map<string, Wire> {
  return new Map(
    lines.map(({ id, port }) => {
      const sim = street.lines.get(id);
      if (sim === undefined) throw new Error(`no line ${id}`);
      const wire = createWire((bytes) => sim.receive(bytes));
      sim.end = wire.end;
      return [port, wire] as const;
    }),
  );
}

function openPortOn({ lines }: Cabinet, wires: ReadonlyMap<string, Wire>, opened: string[]): OpenBytePort {
  return (path, serial) => {
    opened.push(path);
    // At another speed the units receive no valid frame.
    if (lines.some((line) => line.port === path && line.serial.baud !== serial.baud)) return createWire(() => {}).port;
    if (path === STUCK_PORT) return { ...createWire(() => {}).port, open: () => new Promise<void>(() => {}) };
    const wire = wires.get(path);
    if (wire === undefined) throw new Error(`no wire ${path}`);
    return wire.port;
  };
}

interface Wait {
  readonly clock: ManualClock;
  readonly disk: ReturnType<typeof createDiskWatch>;
  readonly what: string;
  readonly withinMs: number;
  /** Gives messages time to pass through a real socket. */
  readonly isOnline: boolean;
}

/** Simulated seconds are short, and a message needs real time to arrive: without it a busy machine would let a minute pass before one does. Units: ms. */
const REAL_MS_A_STEP = 1;

async function advanceUntil({ clock, disk, what, withinMs, isOnline }: Wait, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMono = clock.monoMs() + withinMs;
  while (!(await holds())) {
    if (clock.monoMs() >= endMono) throw new Error(`not within ${withinMs} ms: ${what}`);
    await disk.settled();
    await clock.advance(20);
    if (isOnline) await new Promise((resolve) => setTimeout(resolve, REAL_MS_A_STEP));
  }
}

async function advanceUntilSettled<T>({ clock, disk, work }: Pick<Wait, 'clock' | 'disk'> & { work: Promise<T> }): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await disk.settled();
    await clock.advance(10);
  }
  return settled;
}

/** A disk takes real time, which does not advance the manual clock: `settled` waits for it. */
function createDiskWatch() {
  const pending = new Set<Promise<unknown>>();
  const seen = <T>(work: Promise<T>): Promise<T> => {
    pending.add(work);
    void work.catch(() => {}).finally(() => pending.delete(work));
    return work;
  };
  return {
    seen,
    watched: (disk: RevisionDisk): RevisionDisk => ({
      ...disk,
      writeHistory: (history) => seen(disk.writeHistory(history)),
      writeFiles: (...args) => seen(disk.writeFiles(...args)),
      readFiles: (of) => seen(disk.readFiles(of)),
      remove: (of) => seen(disk.remove(of)),
      markTrial: (number) => seen(disk.markTrial(number)),
      unmarkTrial: (number) => seen(disk.unmarkTrial(number)),
      isMarked: (number) => seen(disk.isMarked(number)),
      kept: () => seen(disk.kept()),
      candidates: () => seen(disk.candidates()),
    }),
    async settled() {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
