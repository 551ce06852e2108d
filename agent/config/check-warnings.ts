/**
 * What a cabinet can run with and a person should know: settings that are cut, sensors that may miss people, lamps without a failsafe.
 *
 * Owns these checks. Pure. A warning never keeps a cabinet from starting.
 */
import type { Problem } from '../core/errors.ts';
import type { Profile } from '../core/profile.ts';
import { given, type Index, type Placed, placed, type ZoneDraft } from './draft.ts';
import { type Finding, formatPath, listNames } from './finding.ts';
import type { LoadedCabinet } from './load.ts';
import { waveMode } from './zone-facts.ts';

/**
 * Longest window of a photocell. Units: min.
 * Source: two hours from sunset the sun stands above 10° at 47° north all year round, 10,000 lx under a clear sky; a storm leaves more than the
 * 70 lx of the upper threshold, so what a cell calls dark there is its own fault.
 */
export const MAX_WINDOW_MIN = 120;

/** Of the document alone. */
export function checkWarnings(index: Index): Finding[] {
  return index.zones.flatMap((zone) => [...checkWindow(zone), ...checkBlanking(zone), ...checkHours(zone, index)]);
}

function checkWindow({ value: { photocell }, path }: Placed<ZoneDraft>): Finding[] {
  const windowMin = photocell?.windowMin;
  if (windowMin === undefined || windowMin <= MAX_WINDOW_MIN) return [];
  const message = `windowMin ${windowMin} counts as ${MAX_WINDOW_MIN}: farther from dusk and dawn no sky is dark; write ${MAX_WINDOW_MIN} or less`;
  return [{ path: [...path, 'photocell', 'windowMin'], message }];
}

/** The wave changes the light around a sensor just before the person comes for whom it does so. */
function checkBlanking({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  if (typeof waveMode(zone) !== 'string') return [];
  const lookAheadS = given(zone.presence?.wave ?? {}, 'lookAheadS', 4) ?? 4;
  return placed(zone.presence?.sensors, [...path, 'presence', 'sensors'])
    .filter(({ value: { blankS, kind } }) => kind !== 'counter' && blankS !== undefined && blankS > 0)
    .map((sensor) => {
      const message = `blankS ${sensor.value.blankS} with wave counts as ${lookAheadS / 2} at most, because light rises ahead of people; leave it out, or shield the sensor from the lamp`;
      return { path: [...sensor.path, 'blankS'], message };
    });
}

/** Nothing is known of a lamp until someone says it. */
function checkHours({ value: zone, path }: Placed<ZoneDraft>, { lamps }: Index): Finding[] {
  if (zone.constantLight === undefined || zone.constantLight === null) return [];
  const unknown = lamps.filter(
    ({ value }) => value.id !== undefined && zone.lamps?.includes(value.id) && given(value, 'burned', null) === null,
  );
  if (unknown.length === 0) return [];
  const names = listNames(unknown.map(({ value }) => value.id ?? ''));
  const message = `the burning hours of ${names} are not in this file; constantLight reduces no lamp before they are known: write burned, or use luciole hours`;
  return [{ path: [...path, 'constantLight'], message }];
}

/** Lamps that keep their last level when no agent writes, by day 0 %. */
export function failsafeWarnings({ file, cabinet, place }: LoadedCabinet, profiles: ReadonlyMap<string, Profile>): Problem[] {
  const profileOf = new Map(cabinet.lines.flatMap((line) => line.devices).map(({ id, profile }) => [id, profile]));
  return cabinet.lamps.flatMap(({ id, device }, i) => {
    const profile = profiles.get(profileOf.get(device) ?? '');
    if (profile === undefined || profile.fallsBack) return [];
    const path = ['lamps', i];
    const message = `lamp "${id}" has no failsafe: with profile "${profile.id}" it keeps its last level while no agent writes`;
    return [{ file, ...place(path), path: formatPath(path), message }];
  });
}
