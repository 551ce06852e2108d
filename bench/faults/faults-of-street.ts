/**
 * The faults that the bench puts into the simulated street: what each does to lamps, mains and contacts, and by which events it counts as found.
 *
 * The sizes come from how lamps and cabinets fail, not from the limits of the watch.
 */
import type { EventCode } from '../../agent/core/words.ts';
import type { Draws } from './random.ts';

/** Where a fault acts. */
type Place = 'lamp' | 'lamps' | 'cabinet';

/** One kind of fault. `codes`: an event with one of these codes reports it. `when`: the time of the day at which it begins. */
export interface FaultKind {
  readonly place: Place;
  readonly codes: readonly EventCode[];
  readonly when: 'lit' | 'dusk' | 'dawn' | 'day' | 'any';
  /** How long it lasts. Units: min. */
  readonly lastsMin: readonly [number, number];
  /** Only in a cabinet with a contactor, or only in one without. Absent: in both. */
  readonly contactor?: boolean;
  /** Draws its size, in the unit of the fault. */
  readonly size?: (draws: Draws) => number;
}

const pick = <T>(draws: Draws, all: readonly [T, ...T[]]): T => all[Math.floor(draws.uniform() * all.length)] ?? all[0];
const HOURS = 60;

/** All kinds. A lamp with one fault or lit by several strings loses a half, a third or a quarter of its power. */
export const FAULT_KINDS = {
  lampOut: { place: 'lamp', codes: ['lamp-out'], when: 'lit', lastsMin: [10 * HOURS, 40 * HOURS] },
  stringLost: {
    place: 'lamp',
    codes: ['lamp-power-low'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => pick(draws, [1 / 2, 1 / 3, 1 / 4]),
  },
  stuckBright: { place: 'lamp', codes: ['lamp-power-high'], when: 'lit', lastsMin: [30 * HOURS, 40 * HOURS] },
  dayBurner: {
    place: 'lamp',
    codes: ['lamp-day-burner'],
    when: 'dawn',
    lastsMin: [20 * HOURS, 40 * HOURS],
    contactor: false,
    size: (draws) => draws.between(40, 100),
  },
  cyclingSlow: {
    place: 'lamp',
    codes: ['lamp-cycling'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => draws.between(5, 14),
  },
  cyclingFast: {
    place: 'lamp',
    codes: ['lamp-cycling'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => draws.between(0.8, 3),
  },
  overVoltage: {
    place: 'cabinet',
    codes: ['supply-voltage-high'],
    when: 'any',
    lastsMin: [20, 300],
    size: (draws) => draws.between(44, 80),
  },
  underVoltage: {
    place: 'cabinet',
    codes: ['supply-voltage-low'],
    when: 'any',
    lastsMin: [20, 300],
    size: (draws) => -draws.between(46, 80),
  },
  powerFactor: {
    place: 'lamp',
    codes: ['power-factor-low'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => draws.between(0.55, 0.78),
  },
  overheated: {
    place: 'lamp',
    codes: ['temperature-high'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => draws.between(50, 75),
  },
  driverReset: { place: 'lamp', codes: ['driver-reset'], when: 'lit', lastsMin: [1, 1] },
  silentLamp: { place: 'lamp', codes: ['unit-silent'], when: 'lit', lastsMin: [2 * HOURS, 30 * HOURS] },
  breaker: { place: 'cabinet', codes: ['breaker-tripped'], when: 'lit', lastsMin: [HOURS, 8 * HOURS] },
  cableCut: {
    place: 'lamps',
    codes: ['supply-lost'],
    when: 'lit',
    lastsMin: [2 * HOURS, 20 * HOURS],
    size: (draws) => draws.between(0.3, 0.8),
  },
  contactorOn: { place: 'cabinet', codes: ['contactor-stuck-on'], when: 'dusk', lastsMin: [20 * HOURS, 40 * HOURS], contactor: true },
  contactorOff: { place: 'cabinet', codes: ['contactor-stuck-off'], when: 'dusk', lastsMin: [4 * HOURS, 30 * HOURS], contactor: true },
  phaseLost: { place: 'cabinet', codes: ['phase-lost'], when: 'any', lastsMin: [20, 8 * HOURS], size: (draws) => draws.between(0, 60) },
  leakage: { place: 'cabinet', codes: ['earth-leakage'], when: 'any', lastsMin: [10, 8 * HOURS] },
  dayLoad: { place: 'cabinet', codes: ['unexpected-load'], when: 'day', lastsMin: [35, 240], size: (draws) => draws.between(0.065, 0.2) },
  meterShare: {
    place: 'cabinet',
    codes: ['meter-differs'],
    when: 'lit',
    lastsMin: [20 * HOURS, 40 * HOURS],
    size: (draws) => pick(draws, [-1 / 3, 0.15, 0.25]),
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

/** Name of a kind of fault. */
export type FaultName = keyof typeof FAULT_KINDS;

/** One fault in a record. Units: minutes of the record; `size` as drawn. */
export interface InjectedFault {
  readonly name: FaultName;
  readonly fromMin: number;
  readonly toMin: number;
  /** The lamps that it affects; empty for the cabinet. */
  readonly lamps: readonly number[];
  readonly size: number;
}
