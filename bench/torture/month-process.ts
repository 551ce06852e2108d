/**
 * The whole agent and its street in a process of their own, on the simulated clock, run day by day.
 *
 * The program is bundled and has the flags of the package. The store is on its thread and on the disk, the broker is a real one; only the
 * cables are simulated. The memory of the street is included; it is the same each day.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/app/agent.ts';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { DAY_MS } from '../../agent/core/durations.ts';
import { ownHeap } from '../../agent/core/heap-collector.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { UplinkStatus } from '../../agent/core/ports.ts';
import type { StatusView } from '../../agent/core/views.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../agent/store/messages.ts';
import { openWorkerLink } from '../../agent/store/worker-link.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { createStreet, type LevelSeen, type Street } from '../../test/street/street.ts';
import { createWire, type Wire } from '../../test/street/wire.ts';
import { answerParent } from '../child.ts';
import { footprintCabinet } from '../footprint/footprint-street.ts';
import { NO_LOG } from '../store/feed.ts';

export type MonthQuestion =
  | { readonly ask: 'begin'; readonly dir: string; readonly broker: string }
  | { readonly ask: 'day' }
  | { readonly ask: 'end' };

/**
 * Memory in MB: means over the day, `rssMaxMb` its maximum. `storeMb` is the size of the store now. All others are counts since the start;
 * `readingsStored` is what the store contains now.
 */
export interface MonthAnswer {
  readonly rssMb: number;
  readonly rssMaxMb: number;
  readonly heapMb: number;
  readonly polls: number;
  readonly detections: number;
  readonly lampsRaised: number;
  readonly readingsStored: number;
  readonly readingsAcked: number;
  readonly readingsLost: number;
  readonly storeMb: number;
}

/** Slower than a real street, on which a month would take days. Units: ms. */
const PERIODS_MS = { fast: 10_000, normal: 300_000, slow: 900_000 };
const PER_HOUR = { walker: 8, cyclist: 4, car: 4 };
/** Each commit takes real time. Units: s. */
const COMMIT_SECONDS = 60;
const START_MS = Date.parse('2026-12-01T12:00:00+01:00');
/** After each step the clock waits for the storage thread. Units: ms. */
const STEP_MS = 2_000;
const STEPS_A_CHECK = 30;
/** A collection may come just before or after a sample, so a day has many samples. */
const STEPS_A_SAMPLE = 450;
/** Longest wait for the broker after a step, in turns of the event loop. */
const MAX_TURNS = 20_000;
const MEGABYTE = 2 ** 20;

interface MemorySample {
  readonly rssMb: number;
  readonly heapMb: number;
}

interface Month {
  readonly clock: ManualClock;
  readonly street: Street;
  readonly agent: Agent;
}

let month: Month | null = null;
/** Requests that the storage thread has not answered. */
let openQuestions = 0;

/** The storage thread, with a count of the requests it has not answered. */
const openStoreLink: OpenLink = (setup, onLost) => {
  const link = openWorkerLink(setup, onLost);
  return {
    ...link,
    ask: <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
      openQuestions += 1;
      return link.ask(request).finally(() => {
        openQuestions -= 1;
      });
    },
  };
};

answerParent<MonthQuestion, MonthAnswer>(async (question) => {
  if (question.ask === 'begin') month = await begin(question.dir, question.broker);
  if (month === null) throw new Error('no street yet');
  const samples = question.ask === 'day' ? await pass(month) : [sampleMemory()];
  const answer = await counted(month, samples);
  if (question.ask === 'end') await settled(month.clock, month.agent.stop());
  return answer;
});

async function begin(dir: string, broker: string): Promise<Month> {
  const configFile = join(dir, 'cabinet.yaml');
  writeFileSync(configFile, footprintCabinet({ ports: {}, broker, dataDir: join(dir, 'data') }));
  const loaded = loadSite(configFile);
  const { cabinet } = loaded;
  const site = { ...loaded, cabinet: { ...cabinet, store: { ...cabinet.store, commitSeconds: COMMIT_SECONDS } } };
  const clock = createManualClock(START_MS);
  const street = createStreet({ cabinet: site.cabinet, clock, seed: 1, perHour: PER_HOUR });
  const wires = new Map<string, Wire>();
  for (const { id, port } of site.cabinet.lines) {
    const line = street.lines.get(id);
    if (line === undefined) throw new Error(`no line ${id}`);
    const wire = createWire((bytes) => line.receive(bytes));
    line.end = wire.end;
    wires.set(port, wire);
  }
  const agent = createAgent({
    ...site,
    clock,
    log: NO_LOG,
    version: 'month',
    openPort: (path) => {
      const wire = wires.get(path);
      if (wire === undefined) throw new Error(`no wire ${path}`);
      return wire.port;
    },
    door: createMqttTransport(),
    random: street.random,
    openStoreLink,
    socketPath: join(dir, 'agent.sock'),
    periodsMs: PERIODS_MS,
    heap: ownHeap(),
  });
  street.start();
  await settled(clock, agent.start());
  return { clock, street, agent };
}

/** One day. The broker needs real time, so the street's clock waits for it. */
async function pass({ clock, street, agent }: Month): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  for (let step = 1; step <= DAY_MS / STEP_MS; step++) {
    await tick(clock, STEP_MS);
    if (step % STEPS_A_SAMPLE === 0) samples.push(sampleMemory());
    if (step % STEPS_A_CHECK !== 0) continue;
    for (let turn = 0; turn < MAX_TURNS && isOwed(await settled(clock, agent.view.uplink())); turn++) await turnOfTheLoop();
  }
  // The street keeps all levels for tests; nothing reads them here.
  (street.levels as LevelSeen[]).length = 0;
  return samples;
}

function sampleMemory(): MemorySample {
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: rss / MEGABYTE, heapMb: heapUsed / MEGABYTE };
}

async function tick(clock: ManualClock, ms: number): Promise<void> {
  await clock.advance(ms);
  while (openQuestions > 0) await turnOfTheLoop();
}

function isOwed({ state, delivery }: UplinkStatus): boolean {
  return state === 'online' && delivery !== undefined && delivery.sentSeq > delivery.cursorSeq;
}

async function counted({ clock, agent }: Month, samples: readonly MemorySample[]): Promise<MonthAnswer> {
  const status: StatusView = await settled(clock, agent.view.status());
  const meanOf = (key: keyof MemorySample): number => samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  return {
    rssMb: tenth(meanOf('rssMb')),
    rssMaxMb: tenth(Math.max(...samples.map(({ rssMb }) => rssMb))),
    heapMb: tenth(meanOf('heapMb')),
    polls: status.lines.reduce((sum, { transactions }) => sum + transactions, 0),
    detections: status.detections,
    lampsRaised: status.lampsRaised,
    readingsStored: status.store.readings,
    readingsAcked: status.uplink.readingsAcked,
    readingsLost: status.store.readingsLost,
    storeMb: tenth(status.store.bytes / MEGABYTE),
  };
}

async function settled<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const watched = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await tick(clock, 1);
  return watched;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
