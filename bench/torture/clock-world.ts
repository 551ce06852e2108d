/**
 * The clocks of a cabinet whose time is attacked: true time, monotonic clock, system clock, battery clock and a time server.
 *
 * Simulates their steps, rates and losses. Timers fire once a step of the simulation, so that a night takes seconds.
 */
import type { Clock, MonoMs, Timer, WallMs } from '../../agent/core/clock.ts';

export interface ClockWorld {
  /** As the agent's parts see it; its quality is never read. */
  readonly clock: Clock;
  readonly trueMs: WallMs;
  readonly monoMs: MonoMs;
  systemMs: WallMs;
  /** Time of the battery clock; null if there is none, or it does not answer. */
  batteryMs: WallMs | null;
  isSynchronised: boolean;
  /** Rate error of the system and monotonic clock together, as the kernel slews them. Units: share of true time. */
  kernelRate: number;
  /** Rate error of the system clock against the monotonic one. Units: share of true time. */
  systemRate: number;
  /** Files as the agent reads them. */
  readFact(path: string): Promise<string | null>;
  /** Advances the time and fires the timers that are due. Units: ms of true time. */
  advance(ms: number): Promise<void>;
  /** Cuts the mains for this time: timers are lost, and the monotonic clock starts again. Units: ms. */
  cutMains(ms: number): void;
}

/** Largest rate error of the crystals. Source: 20 ppm for a battery clock, 50 ppm for a board. */
const CRYSTAL = { battery: 20e-6, board: 50e-6 };

export function createClockWorld(startMs: WallMs, random: () => number): ClockWorld {
  const rateOf = (share: number): number => (random() * 2 - 1) * share;
  const rates = { battery: rateOf(CRYSTAL.battery), board: rateOf(CRYSTAL.board) };
  let [trueMs, monoMs] = [startMs, 0];
  let timers: { readonly dueMono: MonoMs; fire: () => void }[] = [];
  const after = (delayMs: number, fire: () => void): Timer => {
    const timer = { dueMono: monoMs + Math.max(0, delayMs), fire };
    timers.push(timer);
    return {
      cancel: () => {
        timers = timers.filter((each) => each !== timer);
      },
    };
  };
  const world: ClockWorld = {
    clock: {
      wallMs: () => Math.round(world.systemMs),
      monoMs: () => monoMs,
      quality: () => 'none',
      after,
      precisely: (dueMono, fire) => after(dueMono - monoMs, fire),
    },
    get trueMs() {
      return trueMs;
    },
    get monoMs() {
      return monoMs;
    },
    systemMs: startMs,
    batteryMs: null,
    isSynchronised: false,
    kernelRate: 0,
    systemRate: 0,
    readFact: async (path) => {
      if (path.includes('timesync')) return world.isSynchronised ? '' : null;
      return world.batteryMs === null ? null : `${Math.floor(world.batteryMs / 1_000)}\n`;
    },
    async advance(ms) {
      trueMs += ms;
      monoMs += ms * (1 + rates.board + world.kernelRate);
      world.systemMs += ms * (1 + rates.board + world.kernelRate + world.systemRate);
      if (world.batteryMs !== null) world.batteryMs += ms * (1 + rates.battery);
      const due = timers.filter(({ dueMono }) => dueMono <= monoMs);
      timers = timers.filter(({ dueMono }) => dueMono > monoMs);
      for (const { fire } of due) fire();
      await new Promise(setImmediate);
    },
    cutMains(ms) {
      trueMs += ms;
      if (world.batteryMs !== null) world.batteryMs += ms * (1 + rates.battery);
      timers = [];
      monoMs = 20_000;
      world.isSynchronised = false;
      [world.kernelRate, world.systemRate] = [0, 0];
      // As systemd: what the battery clock says, or else the time of the cut.
      world.systemMs = world.batteryMs ?? world.systemMs;
    },
  };
  return world;
}

const RAD = Math.PI / 180;

/**
 * Returns the altitude of the sun, negative below the horizon; computed without the agent's code. Units: degrees. Source: Astronomical
 * Almanac, low precision formulas, good to 0.01 degrees.
 */
export function trueSunDeg(latitudeDeg: number, longitudeDeg: number, atMs: WallMs): number {
  const days = atMs / 86_400_000 + 2_440_587.5 - 2_451_545;
  const anomaly = (357.528 + 0.9856003 * days) * RAD;
  const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RAD;
  const tilt = (23.439 - 0.0000004 * days) * RAD;
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude));
  const declination = Math.asin(Math.sin(tilt) * Math.sin(longitude));
  const siderealDeg = 280.46061837 + 360.98564736629 * days + longitudeDeg;
  const hourAngle = siderealDeg * RAD - ascension;
  const latitude = latitudeDeg * RAD;
  const sine = Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.asin(sine) / RAD;
}
