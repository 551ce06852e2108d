/**
 * Compares the sensors that light depends on. In a zone that may be dark, people have light only while the same sensors report them; a photocell that
 * is read differently may keep a street dark. Pure.
 */

import { type Circuits, wireUnit } from '../../../drivers/light-circuits.ts';
import type { Cabinet, PhotocellConfig, PresenceSensor, Zone } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import { sensorReaches } from '../../lighting/presence.ts';
import { type FloorFlaw, pollSlowness } from './floor-circuits.ts';

/** A configuration, and in `circuits` its devices, lamps, outputs and contacts as they are wired. */
export interface Sensing {
  readonly cabinet: Cabinet;
  readonly circuits: Circuits;
}

/** Three configurations to compare: the one to check (`after`), the running one, and that of the file of the site. */
export interface SensingQuestion {
  readonly after: Sensing;
  readonly running: Sensing;
  readonly site: Sensing;
}

/**
 * Returns changes of sensors, photocells included, or of the times of presence, that could leave people in the dark. Compares with the
 * running configuration; does not compare the levels of lamps, nor which lamps of its own zone a sensor reaches. Empty if there are none.
 */
export function sensorFlaws(after: Sensing, running: Sensing): FloorFlaw[] {
  const pair = { after, running };
  return running.cabinet.zones.flatMap((zone) => {
    const next = after.cabinet.zones.filter(({ lamps }) => sharesLamp({ lamps }, zone, pair));
    const own = next.length === 0 ? [] : [...(zone.dark === null ? [] : presenceFlaws(zone, next, pair)), ...cellFlaws(zone, next, pair)];
    return [...own, ...crossingFlaws(zone, pair)];
  });
}

/** A lamp of a zone that may be dark, which the sensors of another zone also raise. */
function crossingFlaws(zone: Zone, pair: Pair): FloorFlaw[] {
  const { after, running } = pair;
  return (zone.presence?.alsoLamps ?? []).flatMap((lampId) => {
    const isDark = running.cabinet.zones.some(({ dark, lamps }) => dark !== null && lamps.includes(lampId));
    const place = [...running.circuits.lamps].find(([, { lamp }]) => lamp.id === lampId)?.[0];
    const next = place === undefined ? undefined : after.circuits.lamps.get(place)?.lamp.id;
    if (!isDark || next === undefined) return [];
    return presenceFlaws(
      zone,
      after.cabinet.zones.map((each) => onlyReaching(each, next, after.cabinet)),
      pair,
    );
  });
}

/** The zone, with only those of its sensors that raise a lamp. */
function onlyReaching(zone: Zone, lampId: string, cabinet: Cabinet): Zone {
  const sensors = sensorReaches(cabinet, zone).flatMap(({ sensor, distanceM }) => (distanceM.has(lampId) ? [sensor] : []));
  return zone.presence === null ? zone : { ...zone, presence: { ...zone.presence, sensors } };
}

interface Pair {
  readonly after: Sensing;
  readonly running: Sensing;
}

/** Compares zones by the registers of their lamps: a lamp may have another name. */
function sharesLamp({ lamps }: Pick<Zone, 'lamps'>, before: Zone, { after, running }: Pair): boolean {
  const places = [...running.circuits.lamps].filter(([, { lamp }]) => before.lamps.includes(lamp.id)).map(([place]) => place);
  return places.some((place) => lamps.includes(after.circuits.lamps.get(place)?.lamp.id ?? ''));
}

function presenceFlaws({ presence }: Zone, next: readonly Zone[], pair: Pair): FloorFlaw[] {
  if (presence === null) return [];
  const kept = next.flatMap((zone) => zone.presence?.sensors ?? []);
  const path = `zones[${next[0]?.id ?? ''}].presence`;
  const lost = presence.sensors
    .filter((sensor) => sensor.listen === 'own' && !kept.some((each) => sensesAsMuch(each, sensor) && isSamePoint(each, sensor, pair)))
    .map(({ device, point }) => ({ path, message: msg`${device}.${point} no longer gives light in a zone that may be dark` }));
  const kepts = next.flatMap((zone) => zone.presence ?? []);
  const shorter = (['maxBoostS', 'holdS'] as const).filter((key) => kepts.some((each) => each[key] < presence[key]));
  const later = kepts.some(({ rampUpS }) => rampUpS > presence.rampUpS);
  return [
    ...lost,
    ...shorter.map((key) => ({
      path: `${path}.${key}`,
      message: msg`presence would give light for a shorter time in a zone that may be dark`,
    })),
    ...(later ? [{ path: `${path}.rampUpS`, message: msg`light would come later in a zone that may be dark` }] : []),
  ];
}

function sensesAsMuch(after: PresenceSensor, before: PresenceSensor): boolean {
  return (
    after.kind === before.kind &&
    after.listen === 'own' &&
    after.threshold <= before.threshold &&
    after.minPulseS <= before.minPulseS &&
    // It is subtracted from the hold.
    after.ownHoldS <= before.ownHoldS &&
    // Longer pauses within one spell make a busy sensor count as stuck.
    after.offDelayS <= before.offDelayS &&
    after.blankS <= before.blankS &&
    after.maxPerH >= before.maxPerH &&
    after.stuckS >= before.stuckS
  );
}

function cellFlaws({ photocell: before }: Zone, next: readonly Zone[], pair: Pair): FloorFlaw[] {
  if (before === null) return [];
  return next.flatMap(({ id, photocell }) => {
    if (photocell === null || (lightsAsEarly(photocell, before) && isSamePoint(photocell, before, pair))) return [];
    return [
      { path: `zones[${id}].photocell`, message: msg`it would light later, or hold a wrong value for longer, than the one that runs` },
    ];
  });
}

function lightsAsEarly(after: PhotocellConfig, before: PhotocellConfig): boolean {
  return (
    after.onBelowLux >= before.onBelowLux &&
    after.offAboveLux >= before.offAboveLux &&
    after.dwellS <= before.dwellS &&
    after.staleS <= before.staleS &&
    after.seesOwnLight === before.seesOwnLight
  );
}

interface PointName {
  readonly device: string;
  readonly point: string;
}

/** Whether both are the same register of the same unit, read in the same way. */
function isSamePoint(after: PointName, before: PointName, pair: Pair): boolean {
  const [now, then] = [readingOf(after, pair.after), readingOf(before, pair.running)];
  return now !== null && then !== null && now.face === then.face && now.slowness <= then.slowness;
}

function readingOf({ device, point }: PointName, { circuits }: Sensing): { readonly face: string; readonly slowness: number } | null {
  const wired = [...circuits.units.values()].find((each) => each.device.id === device);
  const found = wired?.profile.points.find(({ id }) => id === point);
  if (wired === undefined || found === undefined) return null;
  const { id: _id, unit: _unit, flags: _flags, deadband: _deadband, enum: _enum, poll, ...read } = found;
  return { face: JSON.stringify([wireUnit(wired), read]), slowness: pollSlowness({ poll }) };
}
