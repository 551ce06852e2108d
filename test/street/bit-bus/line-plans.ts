/**
 * Lines with one physical cause of trouble each, in varied strength, and healthy ones.
 *
 * Pure. The causes are written from physics and manuals; nothing here comes from the doctor.
 */
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { createRandom, type Random } from '../random.ts';
import type { BusAdapter, BusWires } from './bit-bus.ts';
import type { BitUnitOptions } from './bit-unit.ts';

/** The physical causes. `none`: a healthy line. */
export const CAUSES = [
  'none',
  'no-supply-of-line',
  'wires-swapped',
  'wires-swapped-biased',
  'other-speed',
  'other-parity',
  'no-termination',
  'no-bias',
  'two-units-one-address',
  'second-master',
  'echoing-adapter',
  'noisy-unit',
  'dead-unit',
  'unit-wires-swapped',
  'unit-other-speed',
  'noise-at-dusk',
  'sleeping-driver',
  'slow-unit',
  'adapter-steps',
] as const;
export type LineCause = (typeof CAUSES)[number];

/** What one line is made of. */
export interface LinePlan {
  readonly cause: LineCause;
  readonly seed: number;
  readonly serial: SerialSettings;
  /** Addresses in the cabinet: 1 to this. */
  readonly addresses: number;
  readonly units: readonly BitUnitOptions[];
  readonly wires: BusWires;
  readonly adapter: BusAdapter;
  readonly master: { readonly addresses: readonly number[]; readonly periodMs: number; readonly count: number } | null;
  /** Bursts of noise: from, to. Units: ms after the start. */
  readonly bursts: readonly (readonly [number, number])[];
  readonly burstSigma: number;
  readonly hasPresence: boolean;
  readonly periodsMs: { readonly fast: number; readonly normal: number; readonly slow: number };
  readonly registers: number;
  /** What happens before the examination. Units: ms. */
  readonly warmUpMs: number;
  readonly startAt: string;
}

/** Times of a bit at which a reflection matters: 5 ns per metre. Source: propagation in twisted pair, 0.66 c. */
const NS_PER_M = 5;

const between = (random: Random, least: number, most: number): number => least + (most - least) * random();
const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

type Change = (plan: LinePlan, random: Random) => LinePlan;

/** Replaces one unit. */
function withUnit(plan: LinePlan, random: Random, change: (unit: BitUnitOptions) => BitUnitOptions): LinePlan {
  const at = Math.floor(random() * plan.units.length);
  return { ...plan, units: plan.units.map((unit, i) => (i === at ? change(unit) : unit)) };
}

function otherSerial({ serial }: LinePlan, random: Random, what: 'speed' | 'parity'): SerialSettings {
  if (what === 'speed')
    return {
      ...serial,
      baud: pick(
        random,
        [4_800, 9_600, 19_200, 38_400, 57_600, 115_200].filter((baud) => baud !== serial.baud),
      ),
    };
  return serial.parity === 'none' ? { ...serial, parity: 'even', stopBits: 1 } : { ...serial, parity: 'none', stopBits: 2 };
}

function eachUnit(plan: LinePlan, change: Partial<BitUnitOptions>): LinePlan {
  return { ...plan, units: plan.units.map((unit) => ({ ...unit, ...change })) };
}

/** Ringing that makes 3 to 25 % of the longest replies of the far units wrong; it grows along the cable. */
const noTermination: Change = (plan, random) => {
  const lengthM = between(random, 500, 1_200);
  const roundTripMs = (2 * lengthM * NS_PER_M) / 1e6;
  const halfBitMs = 500 / plan.serial.baud;
  const longBits = 10 * (2 * plan.registers + 5);
  const wanted = between(random, 0.06, 0.4) / longBits;
  // The amplitude at which a sample half a bit after an edge is wrong that often; about half of the bits follow an edge.
  let amplitude = 0;
  const rho = 0.45;
  while (amplitude < 40 && flipShareAt(amplitude * rho ** (halfBitMs / roundTripMs), plan.wires.sigma) < 2 * wanted) amplitude += 0.01;
  const far = plan.units.length;
  return {
    ...plan,
    wires: { ...plan.wires, reflection: { roundTripMs, rho } },
    units: plan.units.map((unit, i) => ({ ...unit, ringing: amplitude * (0.85 + (0.2 * (i + 1)) / far) })),
  };
};

function flipShareAt(rest: number, sigma: number): number {
  // The same normal distribution as the receiver's, by series: only the order of magnitude matters here.
  const z = (1 - 2 * rest) / sigma;
  return z <= 0 ? 0.5 : (0.4 * Math.exp((-z * z) / 2)) / Math.sqrt(1 + z * z);
}

const CHANGES: Readonly<Record<LineCause, Change>> = {
  none: (plan) => plan,
  'no-supply-of-line': (plan) => ({ ...plan, units: [] }),
  'wires-swapped': (plan) => eachUnit(plan, { isSwapped: true }),
  'wires-swapped-biased': (plan) => ({ ...eachUnit(plan, { isSwapped: true }), wires: { ...plan.wires, idlesInverted: true } }),
  'other-speed': (plan, random) => eachUnit(plan, { serial: otherSerial(plan, random, 'speed') }),
  'other-parity': (plan, random) => eachUnit(plan, { serial: otherSerial(plan, random, 'parity') }),
  'no-termination': noTermination,
  'no-bias': (plan, random) => ({
    ...plan,
    wires: {
      ...plan.wires,
      floating: {
        pulsesPerS: between(random, 0.5, 15),
        pulseMs: between(random, 0.5, 4) * (1_000 / plan.serial.baud),
        releaseShare: between(random, 0, 0.3),
      },
    },
  }),
  'two-units-one-address': (plan, random) => {
    const twin = pick(random, plan.units);
    const slowness = pick(random, [0.02, 0.4, 3]);
    const turnaroundMs = twin.turnaroundMs * (1 + between(random, -0.1, slowness));
    return { ...plan, units: [...plan.units, { ...twin, name: 'twin', salt: 77, turnaroundMs, jitterMs: twin.jitterMs + 0.3 }] };
  },
  'second-master': (plan, random) => ({
    ...plan,
    master: {
      addresses: random() < 0.5 ? [1, 2] : [101, 102, 103],
      periodMs: between(random, 150, 4_000),
      count: Math.round(between(random, 1, 10)),
    },
  }),
  'echoing-adapter': (plan) => ({ ...plan, adapter: { ...plan.adapter, hasEcho: true } }),
  'noisy-unit': (plan, random) =>
    withUnit(plan, random, (unit) => ({
      ...unit,
      flipShare: between(random, 0.06, 0.8) / (10 * (2 * plan.registers + 5)),
      missShare: pick(random, [0, 0, 0.1]),
    })),
  'dead-unit': (plan) => ({ ...plan, units: plan.units.filter((_, i) => i !== plan.seed % plan.units.length) }),
  'unit-wires-swapped': (plan, random) => withUnit(plan, random, (unit) => ({ ...unit, isSwapped: true })),
  'unit-other-speed': (plan, random) =>
    withUnit(plan, random, (unit) => ({ ...unit, serial: otherSerial(plan, random, random() < 0.7 ? 'speed' : 'parity') })),
  'noise-at-dusk': (plan, random) => {
    // Civil dusk at the site is about 16:40 UTC on this day; lamps start around it.
    const startMs = between(random, 55, 75) * 60_000;
    const lengthMs = between(random, 4, 12) * 60_000;
    return {
      ...plan,
      hasPresence: false,
      periodsMs: { fast: 1_000, normal: 20_000, slow: 60_000 },
      startAt: '2026-11-28T15:30:00Z',
      warmUpMs: 130 * 60_000,
      bursts: [[startMs, startMs + lengthMs]],
      burstSigma: between(random, 0.3, 0.45),
    };
  },
  // Polled rarely: a driver that is polled more often than it falls asleep never sleeps.
  'sleeping-driver': (plan, random) => ({
    ...withUnit(plan, random, (unit) => ({ ...unit, sleepsAfterMs: between(random, 600, 3_000) })),
    periodsMs: { fast: 250, normal: 10_000, slow: 30_000 },
    hasPresence: false,
  }),
  // The profile allows 200 ms; the agent learns up to a second.
  'slow-unit': (plan, random) =>
    withUnit(plan, random, (unit) => ({ ...unit, turnaroundMs: between(random, 1_100, 2_500), jitterMs: between(random, 10, 200) })),
  'adapter-steps': (plan, random) => ({ ...plan, adapter: { ...plan.adapter, stepMs: pick(random, [16, 16, 16, 10, 8, 20]) } }),
};

/** A line with this cause; the seed chooses speed, number of units, cable and severity. */
export function planLine(cause: LineCause, seed: number): LinePlan {
  const random = createRandom(seed * 7_919 + [...cause].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7));
  const baud = cause === 'no-termination' ? pick(random, [57_600, 115_200]) : pick(random, [9_600, 19_200, 38_400, 115_200]);
  const parity = pick(random, ['none', 'none', 'even'] as const);
  const serial: SerialSettings = { baud, parity, stopBits: parity === 'none' ? 2 : 1, dataBits: 8 };
  const count = Math.round(between(random, 3, 10));
  const registers = Math.round(between(random, 8, 32));
  const slowness = pick(random, [3, 8, 25, 60]);
  const base: LinePlan = {
    cause,
    seed,
    serial,
    addresses: count,
    units: Array.from({ length: count }, (_, i) => ({
      address: i + 1,
      serial,
      turnaroundMs: slowness * between(random, 0.8, 1.3),
      jitterMs: Math.max(0.4, slowness * between(random, 0.05, 0.4)),
      registers: registers + 4,
      salt: i + 1,
      isLenient: random() < 0.3,
    })),
    wires: {
      seed,
      sigma: 0.18,
      reflection: null,
      floating: null,
      idlesInverted: false,
      contention: pick(random, ['stronger', 'mixed'] as const),
    },
    adapter: { hasEcho: false, stepMs: null, packetBytes: 62, fifoBytes: pick(random, [1, 8, 14]) },
    master: null,
    bursts: [],
    burstSigma: 0,
    hasPresence: random() < 0.3,
    periodsMs: { fast: 250, normal: 5_000, slow: 30_000 },
    registers,
    warmUpMs: 60_000,
    startAt: '2026-11-28T14:00:00Z',
  };
  return CHANGES[cause](base, random);
}
