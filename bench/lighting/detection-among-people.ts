/**
 * How soon the street is lit after a detection while people work on its line: overrides of its zone and of its neighbour, lamp tests and
 * bus scans, all at once.
 *
 * Runs the whole agent with real frames and bus time on the manual clock: the figure is the line's and does not depend on the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/app/agent.ts';
import type { LoadedSite } from '../../agent/config/load/load-site.ts';
import { testTarget } from '../../agent/console/commands/light/test-job.ts';
import type { Caller } from '../../agent/core/access.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { quantile } from '../../agent/core/quantile.ts';
import type { Target } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { createStreet, type Street } from '../../test/street/street.ts';
import { createWire } from '../../test/street/wire.ts';
import type { WorldLamp } from '../../test/street/world.ts';
import { against, type BenchOptions, type BenchResult, round } from '../result.ts';
import { NIGHT_MS, SENSORS, STREET_BAUD, streetSite } from '../street-cabinet.ts';

const LAMPS = [12, 35] as const;
const DETECTIONS = { full: 200, quick: 10 };
/** Units: ms. Source: the goal set for this figure. */
const GOAL_MS = 150;
/** No other level of this street is as high as that of presence, so that a raised lamp is known by its level. Units: %. */
const BOOST_PCT = 90;
/** Levels of overrides. Units: %. */
const OVERRIDE_PCT = { least: 10, most: 80 };
/** Value of the motion register. Source: Wiren Board: 0 to several thousand. */
const MOTION = { moving: 380, still: 6 };
/** The agent has met all lamps and set them up. Units: ms. */
const START_MS = 90_000;
/** From the override of the zone to its release, from there to the detection, and from the detection to the next override. Units: ms. */
const OVERRIDE_MS = 1_500;
const RELEASED_MS = 500;
const REST_MS = 1_500;
/** An override of the neighbour zone lasts this long, and so does the time between two. Units: ms. */
const NEIGHBOUR_MS = 2_000;
/** Longest visit in the neighbour zone, and longest time between two. Units: ms. */
const VISIT_MS = 1_000;
const AWAY_MS = 2_000;
/** Lamps so near to a walker in the neighbour zone rise. Units: m. */
const NEAR_M = 30;
/** A detection without light after this long is counted as that. Units: ms. */
const LIMIT_MS = 10_000;

const SOURCE = 'console:bench';

export async function detectionAmongPeopleBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  for (const lamps of LAMPS) {
    const scene = await startScene(lamps);
    try {
      const waitsMs = await detections(scene, quick ? DETECTIONS.quick : DETECTIONS.full);
      report(scene, waitsMs, emit);
      progress(`lighting: detection among people, ${lamps} lamps: ${JSON.stringify(scene.done)}`);
    } finally {
      await scene.end();
    }
  }
}

interface Scene {
  readonly lamps: number;
  readonly agent: Agent;
  readonly clock: ManualClock;
  readonly street: Street;
  /** What the people have finished. */
  readonly done: { overrides: number; tests: number; scans: number; failed: number };
  end(): Promise<void>;
}

/** Half of the lamps are the zone that is measured, the others its neighbour; each has one of the sensors. */
function twoZones(site: LoadedSite): LoadedSite {
  const [zone] = site.cabinet.zones;
  if (zone?.presence == null) throw new Error('the street has changed');
  const half = Math.ceil(zone.lamps.length / 2);
  const { presence } = zone;
  const sensorsOf = (id: string) => presence.sensors.filter(({ device }) => device === id);
  const path = {
    ...zone,
    id: 'path',
    lamps: zone.lamps.slice(0, half),
    presence: { ...presence, sensors: sensorsOf(SENSORS[0]), boostPct: BOOST_PCT },
  };
  // Only the lamps near the walker rise: the levels of a whole zone would be a queue of their own.
  const near = { ...presence, sensors: sensorsOf(SENSORS[1]), boostPct: BOOST_PCT, reachM: NEAR_M };
  const square = { ...zone, id: 'square', lamps: zone.lamps.slice(half), presence: near };
  return { ...site, cabinet: { ...site.cabinet, zones: [path, square] } };
}

async function startScene(lamps: number): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-bench-'));
  const site = twoZones(streetSite({ port: 'street', broadcast: false, dir, lamps }));
  const clock = createManualClock(NIGHT_MS);
  const street = createStreet({ cabinet: site.cabinet, clock, seed: lamps });
  const sim = street.lines.get('street');
  if (sim === undefined) throw new Error('no line');
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  for (const id of SENSORS) see(street, id, false);
  const agent = createAgent({
    ...site,
    clock,
    log: { event: () => {} },
    version: 'bench',
    openPort: () => wire.port,
    door: createMqttTransport(),
    random: street.random,
    socketPath: null,
    openStoreLink: openInProcessLink,
  });
  street.start();
  await settle(clock, agent.start());
  await clock.advance(START_MS);
  const leaving = new AbortController();
  const scene: Scene = {
    ...{ lamps, agent, clock, street },
    done: { overrides: 0, tests: 0, scans: 0, failed: 0 },
    async end() {
      leaving.abort();
      await settle(clock, agent.stop());
      street.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  for (const act of [overrideNeighbour, walkNextDoor, testLamps, scanLine]) void act(scene, leaving.signal);
  return scene;
}

// ── the people ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The neighbour zone is under an override half of the time, and follows its sensor the other half. */
function overrideNeighbour(scene: Scene, signal: AbortSignal): void {
  const { agent, clock } = scene;
  const target: Target = { kind: 'zone', id: 'square' };
  if (signal.aborted) return;
  void override(scene, target);
  clock.after(NEIGHBOUR_MS, () => {
    if (!signal.aborted) void agent.view.release({ target, source: SOURCE, rank: 'override' });
    clock.after(NEIGHBOUR_MS, () => overrideNeighbour(scene, signal));
  });
}

/** A person walks in and out of the neighbour zone. */
function walkNextDoor(scene: Scene, signal: AbortSignal, isThere = true): void {
  const { clock, street } = scene;
  if (signal.aborted) return;
  see(street, SENSORS[1], isThere);
  clock.after(street.random() * (isThere ? VISIT_MS : AWAY_MS), () => walkNextDoor(scene, signal, !isThere));
}

async function testLamps({ agent, clock, street, lamps, done }: Scene, signal: AbortSignal): Promise<void> {
  const caller: Caller = { user: 'bench', role: 'technician', socketKind: 'agent' };
  while (!signal.aborted) {
    const id = `L${String(1 + Math.floor(street.random() * lamps)).padStart(2, '0')}`;
    const job = { source: SOURCE, caller, report: () => true, signal, clock, timezone: 'Europe/Paris' };
    const { verdicts } = await testTarget(agent.view, { kind: 'lamp', id }, job);
    done.tests++;
    if (verdicts.some(({ verdict }) => verdict !== 'ok')) done.failed++;
  }
}

async function scanLine({ agent, done }: Scene, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const scan = { line: 'street', from: 1, to: 247, autoBaud: false, waitMs: null, signal };
    const found = await agent.view.bus.scan(scan, () => {}).catch(() => null);
    if (found !== null) done.scans++;
  }
}

async function override({ agent, street, done }: Scene, target: Target): Promise<void> {
  const levelPct = Math.round(OVERRIDE_PCT.least + street.random() * (OVERRIDE_PCT.most - OVERRIDE_PCT.least));
  const { state } = await agent.view.override({ target, levelPct, rank: 'override', minutes: 60, reason: 'a bench', source: SOURCE });
  done.overrides++;
  if (state === 'refused') done.failed++;
}

// ── the street ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function detections(scene: Scene, count: number): Promise<number[]> {
  const { agent, clock, street } = scene;
  const waitsMs: number[] = [];
  const zone: Target = { kind: 'zone', id: 'path' };
  for (let i = 0; i < count; i++) {
    void override(scene, zone);
    await clock.advance(street.random() * OVERRIDE_MS);
    void agent.view.release({ target: zone, source: SOURCE, rank: 'override' });
    await clock.advance(street.random() * RELEASED_MS);
    // Lamps that are still raised from the last time would not be written.
    while (ownLamps(scene).some(({ fade }) => fade.toPct === BOOST_PCT)) await clock.advance(1);
    waitsMs.push(await detect(scene));
    await clock.advance(street.random() * REST_MS);
  }
  return waitsMs;
}

/** From the sensor's sight to the first byte of the first level in its zone. Units: ms. */
async function detect(scene: Scene): Promise<number> {
  const { clock, street } = scene;
  const own = new Set(ownLamps(scene));
  const from = street.levels.length;
  const sightMono = clock.monoMs();
  see(street, SENSORS[0], true);
  const raised = () => street.levels.slice(from).find(({ lamp, levelPct }) => levelPct === BOOST_PCT && own.has(lamp));
  while (raised() === undefined && clock.monoMs() < sightMono + LIMIT_MS) await clock.advance(1);
  see(street, SENSORS[0], false);
  return (raised()?.arrivedMono ?? clock.monoMs()) - sightMono;
}

function ownLamps({ street, lamps }: Scene): WorldLamp[] {
  return [...street.world.lamps.values()].slice(0, Math.ceil(lamps / 2));
}

function see({ world }: Street, id: string, isMoving: boolean): void {
  const sensor = world.sensors.get(id);
  if (sensor !== undefined) sensor.stuck = isMoving ? MOTION.moving : MOTION.still;
}

async function settle<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(10);
  return settled;
}

function report({ lamps, done }: Scene, waitsMs: readonly number[], emit: BenchOptions['emit']): void {
  const line = (spread: string, share: number): BenchResult => ({
    bench: 'lighting',
    metric: `detection-among-people-${lamps}-lamps-${spread}`,
    baud: STREET_BAUD,
    value: round(quantile(waitsMs, share), 0),
    unit: 'ms',
    note: `to the first level; ${waitsMs.length} detections among ${done.overrides} overrides of both zones, ${done.tests} lamp tests and ${done.scans} scans; whole agent, bus time, simulated clock`,
  });
  emit(line('p50', 0.5));
  emit(against(line('p99', 0.99), '<=', GOAL_MS));
  emit(line('max', 1));
}
