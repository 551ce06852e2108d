/**
 * A simulated street on a pseudo-terminal that measures the agent: `street-process.ts`.
 *
 * It records when a mover came into a sensor's range, and when each lamp received its level.
 */
import type { SetupParameter } from '../agent/core/profile.ts';
import { createSystemClock } from '../agent/core/system-clock.ts';
import { createPtyCable } from '../test/street/pty.ts';
import { createStreet, type Street } from '../test/street/street.ts';
import type { SimUnit } from '../test/street/units/sim-unit.ts';
import { answerParent } from './child.ts';
import { LAMPS, LEVELS_PCT, NIGHT_MS, SENSORS, streetSite } from './street-cabinet.ts';

export type StreetQuestion =
  | { readonly ask: 'build'; readonly broadcast: boolean }
  /** Resolves when the agent has met every lamp and all are at base. */
  | { readonly ask: 'ready' }
  /** A person is detected, all lamps follow; then the street falls back. */
  | { readonly ask: 'detect' };

export interface StreetAnswer {
  /** Where the agent finds the line. */
  readonly path: string;
  /** From the sensor's sight to the first byte of the first level, and to the end of the last lamp's. Units: ms. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Value of the motion register. Source: Wiren Board: 0 to several thousand. */
const MOTION = { moving: 380, still: 6 };
/** The lamps were commissioned long ago: what the agent would set up is set up. */
const SET_UP: Partial<Record<SetupParameter, number>> = {
  rampUpMs: 0,
  rampDownMs: 0,
  daliFadeTime: 0,
  failsafeTimeoutS: 60,
  failsafeLevelPct: LEVELS_PCT.base,
};
/** The last register of a lamp's set-up. Source: profile `wirenboard-wb-led`. */
const LAST_SET_UP = 672;
/** Nothing on this street takes longer, also with several streets on a busy machine. Units: ms. */
const LIMIT_MS = 180_000;
/** Read-backs of the last levels come to an end: two reads of each of 35 lamps among presence polls. Units: ms. Source: measured, 48 a lamp. */
const REST_MS = 2_500;
/** A detection meets polls and ticks at any phase. Units: ms. */
const PHASE_MS = 300;

const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: NIGHT_MS - Date.now() });
let street: Street | undefined;
let path = '';
/** Lamps whose set-up the agent has looked through. */
let met = new Set<string>();

answerParent<StreetQuestion, StreetAnswer>(async (question) => {
  const nothing = { path, firstMs: 0, lastMs: 0 };
  if (question.ask === 'build') return { ...nothing, path: build(question.broadcast) };
  if (street === undefined) throw new TypeError('no street is built yet');
  if (question.ask === 'ready') await ready(street);
  return question.ask === 'detect' ? { ...nothing, ...(await detect(street)) } : nothing;
});

function build(broadcast: boolean): string {
  street?.stop();
  const { cabinet, profiles } = streetSite({ port: '', broadcast, dir: '' });
  const built = createStreet({ cabinet, clock, seed: 1 });
  const [line] = built.lines.values();
  if (line === undefined) throw new TypeError('the street has no line');
  const cable = createPtyCable((bytes) => line.receive(bytes));
  line.end = cable.end;
  see(built, MOTION.still);
  met = new Set();
  for (const { id, profile } of cabinet.lines.flatMap(({ devices }) => devices)) {
    const unit = built.units.get(id);
    for (const { table, address, value } of profiles.get(profile)?.setup ?? [])
      unit?.write(table, address, [typeof value === 'number' ? value : (SET_UP[value] ?? 0)]);
    if (unit !== undefined && built.world.lamps.has(id)) watchSetUp(id, unit);
  }
  street = built;
  path = cable.path;
  return path;
}

function watchSetUp(id: string, unit: SimUnit): void {
  const { read } = unit;
  unit.read = (table, address, count) => {
    if (table === 'holding' && address <= LAST_SET_UP && LAST_SET_UP < address + count) met.add(id);
    return read.call(unit, table, address, count);
  };
}

async function ready(on: Street): Promise<void> {
  await until('every lamp is met', () => met.size === LAMPS);
  await until('every lamp is at base', () => areAll(on, LEVELS_PCT.base));
}

async function detect(on: Street): Promise<Pick<StreetAnswer, 'firstMs' | 'lastMs'>> {
  await sleepMs(REST_MS + Math.random() * PHASE_MS);
  const from = on.levels.length;
  const sightMono = clock.monoMs();
  see(on, MOTION.moving);
  const raised = () => on.levels.slice(from).filter(({ levelPct }) => levelPct === LEVELS_PCT.boost);
  await until('every lamp is raised', () => new Set(raised().map(({ lamp }) => lamp.id)).size === LAMPS);
  const seen = raised();
  const firstOf = new Map(seen.toReversed().map(({ lamp, atMono }) => [lamp.id, atMono]));
  await sleepMs(REST_MS);
  see(on, MOTION.still);
  await until('every lamp is back at base', () => areAll(on, LEVELS_PCT.base));
  return {
    firstMs: Math.min(...seen.map(({ arrivedMono }) => arrivedMono)) - sightMono,
    lastMs: Math.max(...firstOf.values()) - sightMono,
  };
}

function see(on: Street, motion: number): void {
  // Each sensor has the same chance to detect; all others see no movement.
  const lucky = SENSORS[Math.floor(Math.random() * SENSORS.length)];
  for (const [id, sensor] of on.world.sensors) sensor.stuck = id === lucky ? motion : MOTION.still;
}

function areAll({ world }: Street, levelPct: number): boolean {
  return [...world.lamps.values()].every(({ fade }) => fade.toPct === levelPct);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMono = clock.monoMs() + LIMIT_MS;
  while (!holds()) {
    if (clock.monoMs() > endMono) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await sleepMs(20);
  }
}

function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
