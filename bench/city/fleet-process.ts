/**
 * Many agents in one process, each with its own session, store, lighting and configuration, on the lines of a simulated street.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/app/agent.ts';
import { type BegunWithRevisions, beginConfiguration } from '../../agent/config/load/start-revision.ts';
import type { CheckedRevision, RevisionFolder } from '../../agent/config/revisions/check-in-child.ts';
import { checkRevisionHere } from '../../agent/config/revisions/check-revision.ts';
import { createRevisionDisk } from '../../agent/config/revisions/revision-disk.ts';
import { StoreDatabase } from '../../agent/store/database.ts';
import type { Kind, OpenLink, StoreRequest } from '../../agent/store/messages.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { createRandom } from '../../test/street/random.ts';
import { createWire } from '../../test/street/wire.ts';
import { answerParent } from '../child.ts';
import { cabinetOf, type OwnSettings, writeCitySite } from './city-site.ts';
import { createFleetClock, type FleetClock } from './fleet-clock.ts';
import { residentBytes } from './process-usage.ts';
import { simulatedFieldOf } from './simulated-field.ts';
import { digestOf, readingText, type StoreDigest } from './store-digest.ts';

/** The fleet of one process. */
export interface FleetSettings extends Pick<OwnSettings, 'broker' | 'primaryHost' | 'birthJitterS'> {
  readonly nodes: readonly string[];
  /** Folder of all stores, and of the common configuration. */
  readonly folder: string;
  /** Text of the common `cabinet.yaml`. */
  readonly text: string;
  readonly pollMs: number;
  readonly passagesPerH: number;
  readonly seed: number;
}

export type FleetQuestion =
  | { readonly kind: 'start'; readonly settings: FleetSettings }
  | { readonly kind: 'scale'; readonly scale: number }
  | { readonly kind: 'figures' }
  | { readonly kind: 'cabinets' }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'digests'; readonly nodes: readonly string[] }
  | { readonly kind: 'readings'; readonly node: string }
  | { readonly kind: 'stop' };

/** What the process has used and counted since it started. Times are of the machine. */
export interface FleetFigures {
  readonly cabinets: number;
  readonly online: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** The longest delay of a timer since this was last asked for. */
  readonly lateMs: number;
  /** Time on the clock of the agents since their start. */
  readonly monoMs: number;
  readonly recorded: number;
  readonly messages: number;
  readonly bytes: number;
  /** Attempts to connect, and births. */
  readonly attempts: number;
  readonly births: number;
  /** Log lines of severity warning and alarm, by name. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** One cabinet, as its agent reports it. */
export interface CabinetFigures {
  readonly node: string;
  readonly state: string;
  readonly lastSeq: number;
  readonly cursorSeq: number;
  readonly epoch: string;
  /** Readings that the recorder produced in this run. */
  readonly recorded: number;
  readonly gaps: number;
  readonly lost: number;
  readonly births: number;
}

export type FleetAnswer = FleetFigures | readonly CabinetFigures[] | readonly StoreDigest[] | readonly string[] | null;

interface RunningCabinet {
  readonly node: string;
  /** Null before its agent opens it. */
  readonly store: { database: StoreDatabase | null };
  readonly agent: Agent;
  readonly counts: { attempts: number; births: number };
}

interface Fleet {
  readonly clock: FleetClock;
  readonly street: { isQuiet: boolean };
  readonly cabinets: readonly RunningCabinet[];
  readonly warnings: Record<string, number>;
}

/** Free space that is reported to the stores. Units: bytes. Source: below what makes a store reserve 8 MB: 1,450 reserves would be 12 GB. */
const FREE_BYTES = 36 * 2 ** 20;

/** Frames that are read at a time. */
const PAGE_FRAMES = 500;

/** The database on this thread: 1,450 threads do not fit on two cores. */
const storeHere =
  (opened: RunningCabinet['store']): OpenLink =>
  (setup) => {
    const database = new StoreDatabase(setup, () => FREE_BYTES);
    opened.database = database;
    return { ask: async <K extends Kind>(request: StoreRequest<K>) => database.handle(request), close: async () => {} };
  };

let fleet: Fleet | null = null;

answerParent<FleetQuestion, FleetAnswer>(async (question) => {
  if (question.kind === 'start') {
    fleet = await startFleet(question.settings);
    return null;
  }
  if (fleet === null) throw new Error('the fleet does not run');
  if (question.kind === 'scale') fleet.clock.setScale(question.scale);
  else if (question.kind === 'figures') return figuresOf(fleet);
  else if (question.kind === 'cabinets') return Promise.all(fleet.cabinets.map(cabinetFigures));
  else if (question.kind === 'digests') return digestsOf(fleet, new Set(question.nodes));
  else if (question.kind === 'readings')
    return fleet.cabinets.filter(({ node }) => node === question.node).flatMap((one) => [...readingTexts(one)]);
  else if (question.kind === 'quiet') fleet.street.isQuiet = true;
  else await Promise.all(fleet.cabinets.map(({ agent }) => agent.stop()));
  return null;
});

async function startFleet(settings: FleetSettings): Promise<Fleet> {
  const { nodes, folder, text } = settings;
  mkdirSync(folder, { recursive: true });
  const clock = createFleetClock();
  const configFile = writeCitySite(folder, text);
  const common = await beginConfiguration({ configFile, dataDir: join(folder, 'common'), nowMs: clock.wallMs() });
  const warnings: Record<string, number> = {};
  const street = { isQuiet: false };
  const check = createSharedCheck();
  const cabinets: RunningCabinet[] = [];
  const starts: Promise<void>[] = [];
  for (const [index, node] of nodes.entries()) {
    const cabinet = buildCabinet({ settings, common, clock, street, check, warnings }, node, index);
    cabinets.push(cabinet);
    starts.push(cabinet.agent.start());
    // The agents that run already have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(starts);
  return { clock, street, cabinets, warnings };
}

interface FleetParts {
  readonly settings: FleetSettings;
  readonly common: BegunWithRevisions;
  readonly clock: FleetClock;
  readonly street: Fleet['street'];
  readonly check: (folder: RevisionFolder) => Promise<CheckedRevision>;
  readonly warnings: Record<string, number>;
}

function buildCabinet({ settings, common, clock, street, check, warnings }: FleetParts, node: string, index: number): RunningCabinet {
  const { folder, broker, primaryHost, birthJitterS, pollMs, passagesPerH, seed } = settings;
  const dir = join(folder, node);
  cpSync(join(folder, 'common', 'config'), join(dir, 'config'), { recursive: true });
  const own: OwnSettings = { node, dir, broker, primaryHost, birthJitterS };
  const random = createRandom(seed + index);
  const counts = { attempts: 0, births: 0 };
  const store: RunningCabinet['store'] = { database: null };
  const atStart = { ...common.revisions, disk: createRevisionDisk(join(dir, 'config'), () => {}) };
  const agent = createAgent({
    ...common.site,
    cabinet: cabinetOf(common.site.cabinet, own),
    clock,
    log: {
      event(name, fields, severity) {
        if (name === 'uplink-phase' && fields?.['phase'] === 'connecting') counts.attempts += 1;
        if (name === 'uplink-phase' && fields?.['phase'] === 'live') counts.births += 1;
        if (severity === 'warning' || severity === 'alarm') warnings[name] = (warnings[name] ?? 0) + 1;
      },
    },
    version: 'city',
    openPort: () => createWire(() => {}).port,
    createField: simulatedFieldOf({ pollMs, passagesPerH, random, street }),
    door: createMqttTransport(),
    random,
    socketPath: null,
    openStoreLink: storeHere(store),
    revisions: { atStart, check, withOptions: (cabinet) => cabinetOf(cabinet, own) },
  });
  return { node, agent, counts, store };
}

/** Checks each text once. In a city each gateway checks it on its own processor. */
function createSharedCheck(): FleetParts['check'] {
  const known = new Map<string, CheckedRevision>();
  return async (folder) => {
    const texts = [folder.dir, folder.runningDir, folder.site.dir].map((dir) => readFileSync(join(dir, 'cabinet.yaml')));
    const key = `${folder.checkedFor} ${texts.map((text) => createHash('sha256').update(text).digest('hex')).join(' ')}`;
    const checked = known.get(key) ?? checkRevisionHere(folder);
    known.set(key, checked);
    return checked;
  };
}

/** One cabinet after the other, so that the sessions continue meanwhile. */
async function digestsOf({ cabinets }: Fleet, nodes: ReadonlySet<string>): Promise<StoreDigest[]> {
  const digests: StoreDigest[] = [];
  for (const cabinet of cabinets) {
    if (nodes.has(cabinet.node)) digests.push(digestOf(cabinet.node, readingTexts(cabinet)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return digests;
}

function* readingTexts({ store: { database } }: RunningCabinet): Generator<string> {
  if (database === null) return;
  for (let seq = 0; ; ) {
    const { answer } = database.handle<'readAfter'>({ kind: 'readAfter', atMs: Date.now(), seq, maxFrames: PAGE_FRAMES });
    if (!answer.ok) throw new Error(`a store cannot be read: ${answer.code}`);
    for (const { readings } of answer.value) yield* readings.map(readingText);
    const last = answer.value.at(-1);
    if (last === undefined) return;
    seq = last.seq;
  }
}

async function figuresOf({ clock, cabinets, warnings }: Fleet): Promise<FleetFigures> {
  const statuses = await Promise.all(cabinets.map(({ agent }) => agent.view.uplink()));
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
  const { user, system } = process.cpuUsage();
  return {
    cabinets: cabinets.length,
    online: statuses.filter(({ state }) => state === 'online').length,
    cpuMs: (user + system) / 1_000,
    rssBytes: residentBytes(process.pid),
    lateMs: clock.takeLateMs(),
    monoMs: clock.monoMs(),
    recorded: total(cabinets.map(({ agent }) => agent.recorded())),
    messages: total(statuses.map(({ messagesSent }) => messagesSent)),
    bytes: total(statuses.map(({ bytesSent }) => bytesSent)),
    attempts: total(cabinets.map(({ counts }) => counts.attempts)),
    births: total(cabinets.map(({ counts }) => counts.births)),
    warnings,
  };
}

async function cabinetFigures({ node, agent, counts }: RunningCabinet): Promise<CabinetFigures> {
  const { state, delivery, store } = await agent.view.uplink();
  return {
    ...{ node, state, lastSeq: delivery?.headSeq ?? 0, cursorSeq: delivery?.cursorSeq ?? 0, epoch: store.epoch },
    ...{ recorded: agent.recorded(), gaps: store.gaps, lost: store.readingsLost, births: counts.births },
  };
}
