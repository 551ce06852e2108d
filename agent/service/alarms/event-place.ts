/** Finds the place on the street that an event is about. Pure. */
import type { EventPlace } from '../../core/alarm-tools.ts';
import type { Cabinet, Lamp } from '../../core/cabinet.ts';
import { deviceOfSource } from '../../core/point-id.ts';

/** The parts of a cabinet from which the place of an event is found. */
export type PlacedSite = Pick<Cabinet, 'name' | 'lines' | 'lamps' | 'zones' | 'poles'>;

/**
 * Returns the place of the source of an event. A part of it is null if it is unknown or there is more than one. But `lamp` may have the
 * ids of several lamps, separated by spaces, and for lamps on several poles `pole` is that of their device, if known.
 */
export function placeOfSource({ name, lines, lamps, zones, poles }: PlacedSite, source: string): EventPlace {
  const deviceId = deviceOfSource({ lines, zones }, source);
  const found = lampsOfSource(lamps, source, deviceId);
  const device = lines.flatMap((line) => line.devices).find(({ id }) => id === deviceId);
  const poleId = onlyOne(found.map(({ pole }) => pole)) ?? device?.pole ?? null;
  const pole = poles.find(({ id }) => id === poleId);
  const ids = found.map(({ id }) => id);
  const zone =
    zones.find(({ id }) => id === source)?.id ??
    onlyOne(zones.filter((each) => ids.some((id) => each.lamps.includes(id))).map(({ id }) => id));
  return {
    lamp: ids.length === 0 ? null : ids.join(' '),
    pole: poleId,
    atM: pole?.atM ?? null,
    zone,
    street: pole === undefined ? null : (pole.branch ?? name),
  };
}

function lampsOfSource(lamps: readonly Lamp[], source: string, deviceId: string): readonly Lamp[] {
  const named = lamps.filter(({ id }) => id === source);
  if (named.length > 0) return named;
  const on = lamps.filter(({ device }) => device === deviceId);
  const ofPart = on.filter(
    ({ point }) => source.startsWith(`${deviceId}.${point.slice(0, point.lastIndexOf('_') + 1)}`) && source !== deviceId,
  );
  return ofPart.length > 0 ? ofPart : on;
}

function onlyOne(names: readonly string[]): string | null {
  const [first, ...others] = [...new Set(names)];
  return first === undefined || others.length > 0 ? null : first;
}
