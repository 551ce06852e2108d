/**
 * Steps, drifts and losses of the clock over nights at twelve places: never dark at night, and no saving that is not true.
 *
 * Time quality, steady clock, control and energy as shipped; lamps are plain values. Power-ups get a true first time: a forged one without a
 * battery clock cannot be detected by anything on the machine.
 */

import { join } from 'node:path';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { msg } from '../../agent/core/message.ts';
import type { Field } from '../../agent/core/ports.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { powerW } from '../../agent/diagnosis/energy.ts';
import { makeStreet, RESIDENTIAL, step, ZONE } from '../../test/agent/lighting/street.ts';
import { createRandom, type Random } from '../../test/street/random.ts';
import { startTimedLighting, type TimedLighting, type TimedLightingParts } from '../../test/support/timed-lighting.ts';
import { type ClockWorld, createClockWorld, trueSunDeg } from './clock-world.ts';
import type { TortureOptions } from './torture.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
type Site = readonly [name: string, latitudeDeg: number, longitudeDeg: number, timezone: string];

const SITES: readonly Site[] = [
  ['Angers', 47.4736, -0.5541, 'Europe/Paris'],
  ['Tromso', 69.65, 18.96, 'Europe/Oslo'],
  ['Singapore', 1.35, 103.82, 'Asia/Singapore'],
  ['Auckland', -36.85, 174.76, 'Pacific/Auckland'],
  ['Quito', -0.18, -78.47, 'America/Guayaquil'],
  ['Reykjavik', 64.15, -21.94, 'Atlantic/Reykjavik'],
  ['Kashgar', 39.47, 75.99, 'Asia/Shanghai'],
  ['Kathmandu', 27.72, 85.32, 'Asia/Kathmandu'],
  ['Lord Howe', -31.55, 159.08, 'Australia/Lord_Howe'],
  ['Ushuaia', -54.8, -68.3, 'America/Argentina/Ushuaia'],
  ['Apia', -13.83, -171.76, 'Pacific/Apia'],
  ['Longyearbyen', 78.22, 15.65, 'Arctic/Longyearbyen'],
];
/** Units: ms. */
const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const STEP_MS = 20 * SECOND;
/** The street must be lit below this. Source: civil twilight. Units: degrees. */
const NIGHT_DEG = -6;
/** One zone is always lit, one may go dark by its programme. */
const LIT = ['L1', 'L2', 'L3'];
const WATTS = { lamp: 50, before: 150 };
/** What six lamps took before, in a step of the simulation. Units: Wh. */
const STEP_WH = (6 * WATTS.before * STEP_MS) / HOUR;
/** What the held time may follow a clock that is wrong. Source: `core/held-time`, 100 ppm. */
const FOLLOW_SHARE = 1e-4;

/** Faults of the clocks; true if the next fault may start while it lasts. */
const FAULTS: Readonly<Record<string, (world: ClockWorld, random: Random) => void>> = {
  stepBack: (world, random) => {
    world.systemMs -= sizeOf(random, SECOND, 40 * HOUR);
  },
  stepForward: (world, random) => {
    world.systemMs += sizeOf(random, SECOND, 40 * HOUR);
  },
  tenHoursBack: (world) => {
    world.systemMs -= 10 * HOUR;
  },
  yearsOff: (world, random) => {
    world.systemMs += (random() < 0.5 ? -1 : 1) * sizeOf(random, 30 * DAY, 3_000 * DAY);
  },
  neverSet: (world) => {
    world.systemMs = 0;
  },
  slew: (world, random) => {
    world.systemRate = (random() < 0.5 ? -1 : 1) * sizeOf(random, 1e-5, 0.5);
  },
  slewByKernel: (world, random) => {
    // Above what a plain time server slews only a battery clock can tell. Source: adjtimex(2), 500 ppm and 10 %.
    world.kernelRate = (random() < 0.5 ? -1 : 1) * sizeOf(random, 1e-5, world.batteryMs === null ? 500e-6 : 0.1);
  },
  syncLost: (world) => {
    world.isSynchronised = false;
  },
  batterySet: (world) => {
    if (world.batteryMs !== null) world.batteryMs = world.systemMs;
  },
  batterySilent: (world) => {
    world.batteryMs = null;
  },
};

function sizeOf(random: Random, least: number, most: number): number {
  return least * (most / least) ** random();
}

interface Tally {
  faults: number;
  restarts: number;
  powerUps: number;
  nightH: number;
  darkMin: number;
  disputedH: number;
  litByDayH: number;
  trueWh: number;
  reportedWh: number;
  baselineWh: number;
  /** The simulation notices that a night begins or ends, or that an agent starts, up to a step late. */
  roundingWh: number;
}

export async function clockTorture({ rounds, seed, quick, emit, progress }: TortureOptions): Promise<boolean> {
  const perSite = Math.ceil((quick ? Math.min(rounds, 120) : rounds) / SITES.length);
  const faultsByKind: Record<string, number> = {};
  const darkMinBySite: Record<string, number> = {};
  const overclaimWhBySite: Record<string, number> = {};
  const sum: Tally = emptyTally();
  for (const [index, site] of SITES.entries()) {
    const random = createRandom(seed * SITES.length + index);
    const tally = await new Torment({ site, faults: perSite, random, faultsByKind }).run();
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
    if (tally.darkMin > 0) darkMinBySite[site[0]] = round(tally.darkMin);
    const overWh = tally.reportedWh - tally.trueWh;
    if (overWh > tally.roundingWh + FOLLOW_SHARE * tally.baselineWh) overclaimWhBySite[site[0]] = round(overWh);
    progress(`clock: ${site[0]} ${JSON.stringify(tally, (_, value) => (typeof value === 'number' ? round(value) : value))}`);
  }
  const ok = Object.keys(darkMinBySite).length === 0 && Object.keys(overclaimWhBySite).length === 0;
  const figures = Object.fromEntries(Object.entries(sum).map(([key, value]) => [key, round(value)]));
  emit({ torture: 'clock', ok, seed, sites: SITES.length, ...figures, faultsByKind, darkMinBySite, overclaimWhBySite });
  return ok;
}

function emptyTally(): Tally {
  const zero = { nightH: 0, darkMin: 0, disputedH: 0, litByDayH: 0, trueWh: 0, reportedWh: 0, baselineWh: 0, roundingWh: STEP_WH };
  return { faults: 0, restarts: 0, powerUps: 0, ...zero };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

interface TormentParts {
  readonly site: Site;
  readonly faults: number;
  readonly random: Random;
  readonly faultsByKind: Record<string, number>;
}

/** One cabinet under faults of its clocks: does them, lets time pass between them, and examines light and energy at each step. */
class Torment {
  readonly #parts: TormentParts;
  readonly #world: ClockWorld;
  readonly #street: AgentStreet;
  readonly #hasBattery: boolean;
  readonly #tally = emptyTally();
  /** When the time server is reachable again; infinite while it is, or stays away until healed. */
  #syncAtMs = Number.POSITIVE_INFINITY;
  #wasNight = false;

  constructor(parts: TormentParts) {
    const { site, random } = parts;
    this.#parts = parts;
    this.#world = createClockWorld(Date.parse('2026-06-01T12:00:00Z') + random() * 365 * DAY, random);
    this.#hasBattery = random() < 0.5;
    if (this.#hasBattery) this.#world.batteryMs = this.#world.trueMs;
    this.#world.isSynchronised = random() < 0.5 || !this.#hasBattery;
    this.#street = createAgentStreet(cabinetAt(site), this.#world);
  }

  async run(): Promise<Tally> {
    const { faults, random } = this.#parts;
    await this.#street.start();
    for (; this.#tally.faults < faults; this.#tally.faults++) {
      await this.#doFault();
      await this.#pass(sizeOf(random, MINUTE, 3 * HOUR));
      if (random() < 0.4 && this.#syncAtMs === Number.POSITIVE_INFINITY) this.#heal();
    }
    this.#tally.reportedWh = await this.#street.savedWh();
    this.#street.kill();
    return this.#tally;
  }

  async #doFault(): Promise<void> {
    const { random, faultsByKind } = this.#parts;
    const kinds = [...Object.keys(FAULTS), 'smallSteps', 'restart', 'powerUp'];
    const kind = kinds[Math.floor(random() * kinds.length)] ?? '';
    faultsByKind[kind] = (faultsByKind[kind] ?? 0) + 1;
    if (kind === 'smallSteps') await this.#smallSteps();
    else if (kind === 'powerUp') await this.#powerUp();
    else if (kind === 'restart') await this.#restart();
    else FAULTS[kind]?.(this.#world, random);
  }

  async #pass(ms: number): Promise<void> {
    const world = this.#world;
    for (const untilMs = world.trueMs + ms; world.trueMs < untilMs; ) {
      if (world.trueMs >= this.#syncAtMs) this.#heal();
      const beforeMono = world.monoMs;
      await world.advance(STEP_MS);
      this.#street.poll();
      this.#examine((world.monoMs - beforeMono) / HOUR);
    }
  }

  /** Hours by the monotonic clock, which is what the agent can count. */
  #examine(hours: number): void {
    const [, latitudeDeg, longitudeDeg] = this.#parts.site;
    const tally = this.#tally;
    const { levels } = this.#street;
    const sunDeg = trueSunDeg(latitudeDeg, longitudeDeg, this.#world.trueMs);
    const isNight = sunDeg < ZONE.sunBelowDeg;
    if (isNight !== this.#wasNight) tally.roundingWh += STEP_WH;
    this.#wasNight = isNight;
    const baselineWh = isNight ? levels.size * WATTS.before * hours : 0;
    tally.baselineWh += baselineWh;
    tally.trueWh += baselineWh - [...levels.values()].reduce((wh, pct) => wh + powerW(WATTS.lamp, pct) * hours, 0);
    if (this.#street.clock().step() !== null) tally.disputedH += hours;
    const areLit = LIT.every((id) => (levels.get(id) ?? 0) > 0);
    if (sunDeg > 0 && areLit) tally.litByDayH += hours;
    if (sunDeg >= NIGHT_DEG) return;
    tally.nightH += hours;
    if (!areLit) tally.darkMin += hours * 60;
  }

  #heal(): void {
    const world = this.#world;
    this.#syncAtMs = Number.POSITIVE_INFINITY;
    [world.kernelRate, world.systemRate] = [0, 0];
    world.systemMs = world.trueMs;
    world.isSynchronised = true;
    if (this.#hasBattery) world.batteryMs = world.trueMs;
  }

  async #restart(): Promise<void> {
    this.#tally.restarts++;
    this.#tally.roundingWh += STEP_WH;
    await this.#street.restart();
  }

  async #powerUp(): Promise<void> {
    const world = this.#world;
    const { random } = this.#parts;
    this.#tally.powerUps++;
    this.#tally.roundingWh += STEP_WH;
    this.#street.kill();
    // A battery clock that was set wrong has been found by then, and a forged first time cannot be distinguished from a true one.
    if (this.#hasBattery) world.batteryMs = world.trueMs;
    else world.systemMs = Math.min(world.systemMs, world.trueMs);
    world.cutMains(sizeOf(random, MINUTE, 14 * HOUR));
    this.#syncAtMs = world.trueMs + sizeOf(random, 10 * SECOND, 2 * HOUR);
    for (const id of this.#street.levels.keys()) this.#street.levels.set(id, 100);
    await this.#street.start();
  }

  async #smallSteps(): Promise<void> {
    const { random } = this.#parts;
    const byMs = (random() < 0.5 ? -1 : 1) * sizeOf(random, SECOND, 9.5 * MINUTE);
    const everyMs = sizeOf(random, 30 * SECOND, 20 * MINUTE);
    for (let times = 5 + Math.floor(random() * 25); times > 0; times--) {
      this.#world.systemMs += byMs;
      await this.#pass(everyMs);
    }
  }
}

function cabinetAt([, latitudeDeg, longitudeDeg, timezone]: Site): Cabinet {
  const baseline = { levelPct: 100, lampPowerW: WATTS.before };
  const dark = { warnPct: 20, warnS: 30 };
  const street = makeStreet();
  const lamps = street.lamps.map((lamp) => ({ ...lamp, ratedPowerW: WATTS.lamp }));
  const others = lamps.map(({ id }) => id).filter((id) => !LIT.includes(id));
  const zones = [
    { ...ZONE, id: 'lit', lamps: LIT, presence: null, baseline },
    { ...ZONE, id: 'dark', lamps: others, programme: 'park', minPct: 0, dark, presence: null, baseline },
  ];
  const park = { id: 'park', steps: [step('dusk', 60), step({ hour: 22, minute: 0 }, 0), step({ hour: 5, minute: 0 }, 60)] };
  const { cabinet } = loadSite(DEMO);
  return { ...cabinet, ...street, lines: [], lamps, zones, programmes: [RESIDENTIAL, park], latitudeDeg, longitudeDeg, timezone };
}

type AgentStreet = ReturnType<typeof createAgentStreet>;

/** The agent's parts on a street of plain values, and its ends and starts. */
function createAgentStreet(cabinet: Cabinet, world: ClockWorld) {
  const levels = new Map(cabinet.lamps.map(({ id }) => [id, 100]));
  const disk = new Map<string, unknown>();
  const store = {
    save: async (key: string, value: unknown) => disk.set(key, structuredClone(value)) !== undefined,
    load: async (key: string) => disk.get(key),
  };
  const memory: TimedLightingParts['memory'] = { held: null };
  let parts: TimedLighting | null = null;
  const reading = (lampId: string): Reading => {
    const pointId: PointId = `${lampId}.level`;
    return { pointId, value: levels.get(lampId) ?? null, quality: 'good', atMono: world.monoMs, atMs: world.systemMs };
  };
  const field: Pick<Field, 'write' | 'writePoint' | 'latest'> = {
    latest: (pointId) => reading(pointId.split('.')[0] ?? ''),
    writePoint: async () => ({ state: 'failed', reason: msg`no such point here`, sentMono: null }),
    write: async ({ lampId, levelPct }) => {
      levels.set(lampId, levelPct);
      return { state: 'verified', sentMono: world.monoMs };
    },
  };
  async function start(): Promise<void> {
    parts = await startTimedLighting({ system: world.clock, readFact: world.readFact, memory, cabinet, field, store });
  }

  return {
    levels,
    start,
    clock: () => running().clock,
    poll: () => running().control.onReadings(cabinet.lamps.map(({ id }) => reading(id))),
    async restart() {
      await running().control.stop();
      running().energy.stop();
      await new Promise(setImmediate);
      await start();
    },
    /** The mains are cut: what was not saved is lost, and with it the held time. */
    kill() {
      running().energy.stop();
      void running().control.stop();
      memory.held = null;
    },
    async savedWh(): Promise<number> {
      const view = await running().energy.view({ fromMs: Date.UTC(1969, 0), toMs: Date.UTC(2045, 0), by: null, zone: null });
      return (view?.rows ?? []).reduce((wh, { savedKwh }) => wh + savedKwh * 1_000, 0);
    },
  };

  function running(): NonNullable<typeof parts> {
    if (parts === null) throw new Error('the agent does not run');
    return parts;
  }
}
