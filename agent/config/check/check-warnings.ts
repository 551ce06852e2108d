/**
 * Warns about settings with which a cabinet can run: settings that are cut, sensors that may miss people, lamps of unknown age. Pure. A
 * warning never stops a start.
 */
import { MAX_WINDOW_MIN } from '../../lighting/photocell.ts';
import { given, type Index, type Placed, placed, type ZoneDraft } from './draft.ts';
import { type Finding, listNames } from './finding.ts';
import { waveMode } from './zone-facts.ts';

/** Warnings that need only the document. */
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

/** The age of a lamp is unknown until the file gives it. */
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
