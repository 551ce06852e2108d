/**
 * What could darken a street behind the decision: a lamp that is no longer driven, another meaning of its register, other set-up values of its
 * device, registers that others may write, and circuits that feed lamps.
 *
 * Owns these comparisons. Pure. Part of `app.ts`; the levels of the plan are judged in `app-floor.ts`.
 */

import { broadcastUnitOf, type Circuits, type FeedCircuit, type LampCircuit, unitOf } from '../drivers/light-circuits.ts';
import type { Place, SetupRegister } from '../drivers/light-path.ts';
import type { FloorFlaw } from './app-floor.ts';
import type { LevelPct } from './core/words.ts';

/** The least level of each lamp while it is lit, by its register. */
export type FloorLevels = ReadonlyMap<Place, LevelPct>;

export interface CircuitQuestion {
  readonly after: Circuits;
  readonly running: Circuits;
  readonly site: Circuits;
  readonly levels: FloorLevels;
}

export function circuitFlaws(question: CircuitQuestion): FloorFlaw[] {
  return [
    ...lampsLost(question),
    ...lampsRemapped(question),
    ...lampsYounger(question),
    ...setupFlaws(question),
    ...openFlaws(question),
    ...feedFlaws(question),
    ...strangeOutputs(question),
  ];
}

function lampsLost({ after, running }: CircuitQuestion): FloorFlaw[] {
  const lost = [...running.lamps].filter(([place]) => !after.lamps.has(place));
  return [
    ...lost.map(([, { lamp, wired }]) => ({
      path: `lamps[${lamp.id}]`,
      message: `nothing drives it any more at unit ${wired.device.unit} of ${wired.line.port}`,
    })),
    ...after.doubled.map(({ id }) => ({ path: `lamps[${id}]`, message: 'it has the register of another lamp' })),
  ];
}

/** Another register for a level must mean no less light than the floor, for each level that a lit lamp can have. */
function lampsRemapped({ after, running, site, levels }: CircuitQuestion): FloorFlaw[] {
  return [...after.lamps].flatMap(([place, circuit]): FloorFlaw[] => {
    const [before, floorPct] = [running.lamps.get(place), levels.get(place)];
    if (before === undefined || floorPct === undefined) return [];
    const wrongPct = LEVELS.find((levelPct) => levelPct >= floorPct && isUnlike(circuit, before) && !reaches(levelPct));
    if (wrongPct === undefined) return [];
    return [{ path: `lamps[${circuit.lamp.id}]`, message: `its register at ${wrongPct} % means less than the floor of ${floorPct} %` }];

    function reaches(levelPct: LevelPct): boolean {
      const register = circuit.path.registerOf(levelPct);
      if (register !== null && register === before?.path.registerOf(levelPct)) return true;
      const reference = (site.lamps.get(place) ?? before)?.path;
      const owed = reference?.registerOf(floorPct ?? 0) ?? null;
      const [light, least] = [register === null ? null : reference?.valueOf(register), owed === null ? null : reference?.valueOf(owed)];
      return light != null && least != null && light >= least;
    }
  });
}

/** Fewer burning hours than stated before, or hours where none were known, make the constant light of a lamp less. */
function lampsYounger({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  return [...after.lamps].flatMap(([place, { lamp }]) => {
    const known = [running.lamps.get(place), site.lamps.get(place)].flatMap((each) =>
      each === undefined ? [] : [each.lamp.burned ?? null],
    );
    const stated = lamp.burned ?? null;
    const isKnown = known.length === 0 || stated === null || known.some((each) => each !== null && isNoYounger(stated, each));
    if (isKnown) return [];
    return [
      {
        path: `lamps[${lamp.id}].burned`,
        message: 'its burning hours would make its constant light less: state them at the cabinet, luciole hours',
      },
    ];
  });
}

type Burned = NonNullable<LampCircuit['lamp']['burned']>;

/** At every later instant it has burned as long at least. */
function isNoYounger(after: Burned, before: Burned): boolean {
  return after.hours >= before.hours && after.on <= before.on;
}

const LEVELS: readonly LevelPct[] = Array.from({ length: 100 }, (_, i) => i + 1);

function isUnlike({ path }: LampCircuit, before: LampCircuit): boolean {
  return LEVELS.some((levelPct) => path.registerOf(levelPct) !== before.path.registerOf(levelPct));
}

/** Without an agent the driver alone keeps the street lit: its failsafe registers must hold no less than before, or than the floor. */
function setupFlaws({ after, running, site, levels }: CircuitQuestion): FloorFlaw[] {
  const leastOf = new Map([...levels].map(([place, levelPct]) => [unitOf(place), levelPct]));
  const known = new Set([...levels.keys(), ...running.feeds.keys()].map(unitOf));
  const driven = new Set([...after.lamps.keys(), ...after.feeds.keys()].map(unitOf));
  const gone = [...running.setup.values()].filter(({ place }) => driven.has(unitOf(place)) && !after.setup.has(place));
  const changed = [...after.setup.values()].filter((each) => {
    const before = [running.setup.get(each.place), site.setup.get(each.place)].filter((one) => one !== undefined);
    return known.has(unitOf(each.place)) && !before.some((one) => isAsSafe(each, one, leastOf.get(unitOf(each.place)) ?? 100));
  });
  return [...gone, ...changed].map(({ place }) => ({
    path: 'lines',
    message: `the set-up of ${inWords(place)} is no longer what keeps the lamps lit`,
  }));
}

function isAsSafe(after: SetupRegister, before: SetupRegister, leastPct: LevelPct): boolean {
  if (after.register === before.register) return true;
  if (before.parameter === 'rampUpMs' || before.parameter === 'rampDownMs') return after.parameter === before.parameter;
  return before.parameter === 'failsafeLevelPct' && after.register >= leastPct;
}

/** A register of a lamp's or a circuit's device that the platform could set by itself, or a broadcast that it would obey. */
function openFlaws({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  const lamps = [...running.lamps.values()];
  const guarded = new Set([
    ...lamps.map(({ path }) => unitOf(path.place)),
    ...lamps.map(broadcastUnitOf),
    ...[...running.feeds.keys()].map(unitOf),
  ]);
  return [...after.open]
    .filter((place) => guarded.has(unitOf(place)) && !running.open.has(place) && !site.open.has(place))
    .map((place) => ({ path: 'lines', message: `${inWords(place)} could be written by others than the light` }));
}

function feedFlaws({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  return [...running.feeds].flatMap(([place, before]) => {
    const next = after.feeds.get(place);
    const restS = Math.max(before.output.minOffS, site.feeds.get(place)?.output.minOffS ?? 0);
    const isKept = next !== undefined && isFedAsBefore(next, before) && next.output.minOffS <= restS;
    return isKept
      ? []
      : [{ path: `outputs[${before.output.id}]`, message: 'its circuit would not be closed as before when its lamps are lit' }];
  });
}

function isFedAsBefore(after: FeedCircuit, before: FeedCircuit): boolean {
  return after.litRegister === before.litRegister && [...before.lampPlaces].every((place) => after.lampPlaces.has(place));
}

/** An output on a point that the site does not switch may be the circuit of lamps. */
function strangeOutputs({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  return [...after.outputs]
    .filter(([place]) => !running.outputs.has(place) && !site.outputs.has(place))
    .map(([, { id }]) => ({ path: `outputs[${id}]`, message: 'the file of the site switches no such point, and lamps may hang on it' }));
}

function inWords(place: Place): string {
  const [port, unit, table, address] = place.split('|');
  return `${table} ${address} of unit ${unit} on ${port}`;
}
