/**
 * Adds to the answers of the bus tools: the frames of a read, the lamps that a write sets, and warnings about a write.
 */
import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import { readFrames } from '../../../drivers/modbus/read-frames.ts';
import type { BusTools, BusWrite } from '../../core/bus-tools.ts';
import type { Cabinet, DeviceConfig } from '../../core/cabinet.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { Profile } from '../../core/profile.ts';
import { isWritten, type RegisterAddress, writeWarnings } from './write-warnings.ts';

export function withSiteKnowledge(bus: BusTools, cabinet: Cabinet, profiles: ReadonlyMap<string, Profile>): BusTools {
  return {
    ...bus,
    async read(request) {
      const result = await bus.read(request);
      return { ...result, ...readFrames(request, result.words) };
    },
    warnings: (request) => writeWarnings(request, cabinet, profiles),
    async write(request) {
      const result = await bus.write(request);
      return { ...result, lamps: lampsSet(request, cabinet, profiles), warnings: writeWarnings(request, cabinet, profiles) };
    },
  };
}

/** The lamps whose level, or whose group's level, is in a register that is written. */
function lampsSet(write: BusWrite, { lines, lamps }: Cabinet, profiles: ReadonlyMap<string, Profile>): string[] {
  const devices = lines.find(({ id }) => id === write.line)?.devices ?? [];
  const reached = devices.filter(({ unit }) => write.unit === 0 || unit === write.unit);
  return lamps.flatMap(({ id, device: deviceId, point }) => {
    const device = reached.find((each) => each.id === deviceId);
    const places = device === undefined ? [] : levelPlaces(device, point, profiles.get(device.profile));
    return places.some((place) => isWritten(place, write)) ? [id] : [];
  });
}

function levelPlaces({ instances, groups: chosen }: DeviceConfig, pointId: string, profile: Profile | undefined): RegisterAddress[] {
  if (profile === undefined) return [];
  const { points, groups } = narrowed(profile, instances);
  const own = points.filter(({ id, write }) => id === pointId && write !== null).map(writePlace);
  const shared = groups.filter(({ id, sets }) => (sets ?? chosen[id] ?? []).includes(pointId));
  return [...own, ...shared];
}
