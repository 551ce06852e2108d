/**
 * Finds what could darken a street after the decision: a lamp without a driver, another device type on a known unit, another failsafe level,
 * registers that others may write, sensors that are read differently, and circuits that feed lamps. Pure.
 *
 * A device type is compared, not interpreted: everything that affects a write must be as in the running configuration or in the file of the site.
 * `floor-check.ts` checks the planned levels.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  type Circuits,
  type LampCircuit,
  type OutputCircuit,
  portOf,
  type WiredDevice,
  type WireRegister,
  wireUnit,
  writeFace,
} from '../../../drivers/light-circuits.ts';
import type { Problem } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { PointProfile } from '../../core/profile.ts';
import type { LevelPct } from '../../core/words.ts';

/** One place where a configuration needs a permission, for example because it could give too little light. `path`: for people. */
export interface FloorFlaw extends Pick<Problem, 'path' | 'message'> {
  /** Any user who may commit at the cabinet may also do this. */
  readonly isAllowedAtCabinet?: true;
}

/**
 * The lowest allowed level of each lamp of the running configuration while it is lit, by the register that sets it. If that configuration
 * and the file of the site differ, the lower level counts. Units: % of full light.
 */
export type FloorLevels = ReadonlyMap<WireRegister, LevelPct>;

/**
 * The devices and registers of three configurations: the one to check (`after`), the running one, and that of the file of the site.
 * `levels`: the floor of each lamp of the running one.
 */
export interface CircuitQuestion {
  readonly after: Circuits;
  readonly running: Circuits;
  readonly site: Circuits;
  readonly levels: FloorLevels;
}

/**
 * Returns flaws of circuits and devices: changes that could darken a lamp whose planned level is sufficient, such as another device type.
 * Empty if there are none.
 */
export function circuitFlaws(question: CircuitQuestion): FloorFlaw[] {
  return [
    ...lampsLost(question),
    ...lampsYounger(question),
    ...failsafeFlaws(question),
    ...unitFlaws(question),
    ...broadcastFlaws(question),
    ...feedFlaws(question),
    ...strangeOutputs(question),
  ];
}

function lampsLost({ after, running }: CircuitQuestion): FloorFlaw[] {
  const lost = [...running.lamps].filter(([place]) => !after.lamps.has(place));
  return [
    ...lost.map(([, { lamp, wired }]) => ({
      path: `lamps[${lamp.id}]`,
      message: msg`nothing drives it any more at unit ${wired.device.unit} of ${wired.line.port}`,
    })),
    ...after.doubled.map(({ id }) => ({ path: `lamps[${id}]`, message: msg`it has the register of another lamp` })),
  ];
}

/** Fewer burning hours than stated before, or hours where none were known, reduce the constant light of a lamp. */
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
        message: msg`its burning hours would reduce its constant light output: enter them at the cabinet with \`luciole hours\``,
      },
    ];
  });
}

type Burned = NonNullable<LampCircuit['lamp']['burned']>;

/** Whether it has at every later instant burned at least as long. */
function isNoYounger(after: Burned, before: Burned): boolean {
  return after.hours >= before.hours && after.on <= before.on;
}

/** Without an agent only the driver keeps its lamp lit. */
function failsafeFlaws({ after, running, levels }: CircuitQuestion): FloorFlaw[] {
  return [...after.lamps].flatMap(([place, { lamp, failsafePct }]) => {
    const leastPct = Math.min(levels.get(place) ?? 0, running.lamps.get(place)?.failsafePct ?? 100);
    if (failsafePct >= leastPct) return [];
    return [{ path: `lamps[${lamp.id}]`, message: msg`without an agent it has ${failsafePct} %; the floor of the site is ${leastPct} %` }];
  });
}

const BEHIND_TCP = msg`a device behind tcp:// may ignore its unit number and be one of those that are lit`;

const OTHER_WIRE = msg`other serial settings could leave a device without a failsafe unreached`;

/** A known unit must behave as before: its type writes the same values in the same way, and at the same speed if it has no failsafe. */
function unitFlaws({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  return [...after.units].flatMap(([unit, wired]): FloorFlaw[] => {
    const path = `lines[${wired.line.id}].devices[${wired.device.id}]`;
    const before = [running.units.get(unit), site.units.get(unit)].filter((each) => each !== undefined);
    if (before.length === 0) return isBehindTcp(wired, running) ? [{ path, message: BEHIND_TCP }] : [];
    const isAlike = before.some((each) => writeFace(each.profile) === writeFace(wired.profile));
    const isGrouped = before.some((each) => isDeepStrictEqual(each.device.groups, wired.device.groups));
    return [
      ...(isAlike ? [] : [{ path, message: msg`its profile writes to the device differently from the active one` }]),
      ...(isGrouped ? [] : [{ path: `${path}.groups`, message: msg`its groups would reach other lamps` }]),
      ...([running, site].some((each) => each.units.has(unit) && keepsContacts(unit, after, each))
        ? []
        : [
            {
              path: `${path}.roles`,
              message: msg`its emergency or lights-on contact would be gone, or light fewer lamps, or be read otherwise`,
            },
          ]),
      ...(before.some((each) => isSameWire(wired, each)) ? [] : [{ path: `lines[${wired.line.id}]`, message: OTHER_WIRE }]),
    ];
  });
}

/** Whether the unit is new to both configurations, at an endpoint with lamps. */
function isBehindTcp(wired: WiredDevice, running: Circuits): boolean {
  const port = portOf(wired.line);
  return port.startsWith('tcp://') && [...running.lamps.values()].some((circuit) => portOf(circuit.wired.line) === port);
}

/** Each contact of a unit that requests light must still do so, for at least the same lamps. */
function keepsContacts(unit: string, after: Circuits, before: Circuits): boolean {
  const kept = after.contacts.get(unit);
  return [...(before.contacts.get(unit) ?? [])].every(([point, { role, lampPlaces }]) => {
    const next = kept?.get(point);
    return (
      next?.role === role &&
      isReadAsBefore(point, after.units.get(unit), before.units.get(unit)) &&
      [...lampPlaces].every((place) => next.lampPlaces.has(place) || !after.lamps.has(place))
    );
  });
}

/** A contact that is read at another register or more slowly lights late or never. */
function isReadAsBefore(pointId: string, after: WiredDevice | undefined, before: WiredDevice | undefined): boolean {
  const [now, then] = [after, before].map((wired) => wired?.profile.points.find(({ id }) => id === pointId));
  if (now === undefined || then === undefined) return now === then;
  const face = ({ table, address, type, bit }: PointProfile): unknown => [table, address, type, bit];
  return isDeepStrictEqual(face(now), face(then)) && pollSlowness(now) <= pollSlowness(then);
}

const POLLS: readonly PointProfile['poll'][] = ['fast', 'normal', 'slow', 'never'];

/** 0 for a point that is polled fast, 1 for normal, 2 for slow, 3 for one that is never polled. Only for comparison. */
export function pollSlowness({ poll }: Pick<PointProfile, 'poll'>): number {
  return POLLS.indexOf(poll);
}

/** A driver with a failsafe lights its lamp when no request arrives; any other device keeps the last written value. */
function isSameWire(after: WiredDevice, before: WiredDevice): boolean {
  if (before.profile.fallsBack || !before.profile.points.some(({ write }) => write !== null)) return true;
  const facts = ({ line: { kind, serial, rs485 } }: WiredDevice): unknown => [kind, serial, rs485];
  return isDeepStrictEqual(facts(after), facts(before));
}

/** A broadcast that no running type sends could affect the lamps of its port in any way. */
function broadcastFlaws({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  const ports = new Set([...running.units.values()].map(({ line }) => portOf(line)));
  return [...after.broadcasts]
    .filter((each) => ports.has(each.split('|')[0] ?? '') && !running.broadcasts.has(each) && !site.broadcasts.has(each))
    .map((each) => {
      const [port = '', , table = '', address = ''] = each.split('|');
      return { path: 'lines', message: msg`broadcast to ${table} ${address} on ${port}: no active profile sends it` };
    });
}

function feedFlaws({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  return [...running.outputs].flatMap(([place, before]) => {
    if (!before.isRelay) return [];
    const next = after.outputs.get(place);
    const restS = Math.max(before.output.minOffS, site.outputs.get(place)?.output.minOffS ?? 0);
    const isKept = next !== undefined && isFedAsBefore(next, before) && next.output.minOffS <= restS;
    return isKept
      ? []
      : [{ path: `outputs[${before.output.id}]`, message: msg`its circuit would no longer be supplied as before while its lamps are lit` }];
  });
}

/** An output that follows no lamps may still feed some: then it must stay as it is. */
function isFedAsBefore(after: OutputCircuit, before: OutputCircuit): boolean {
  if (before.output.litWith === null) {
    const facts = ({ idleRegisters, output: { litWith, rules } }: OutputCircuit): unknown => [idleRegisters, litWith, rules];
    return isDeepStrictEqual(facts(after), facts(before));
  }
  return after.litRegisters === before.litRegisters && [...before.lampPlaces].every((place) => after.lampPlaces.has(place));
}

/** A contact of a known device that the site does not switch may be the circuit of lamps. */
function strangeOutputs({ after, running, site }: CircuitQuestion): FloorFlaw[] {
  const isKnown = ({ wired }: OutputCircuit): boolean => running.units.has(wireUnit(wired)) || site.units.has(wireUnit(wired));
  return [...after.outputs]
    .filter(([place, circuit]) => circuit.isRelay && isKnown(circuit) && !running.outputs.has(place) && !site.outputs.has(place))
    .map(([, { output }]) => ({
      path: `outputs[${output.id}]`,
      message: msg`the site file does not switch this point; lamps may be connected to it`,
    }));
}
