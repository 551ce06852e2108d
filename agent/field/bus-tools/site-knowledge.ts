/**
 * What the tools of a line take from the site's configuration: the bytes of a read, which lamps a written register sets, and what speaks
 * against a write.
 *
 * Owns nothing.
 */
import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import { readFrames } from '../../../drivers/modbus/read-frames.ts';
import type { BusTools, BusWrite } from '../../core/bus-tools.ts';
import type { Cabinet, DeviceConfig } from '../../core/cabinet.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { Profile, Table } from '../../core/profile.ts';
import { isWritten, writeWarnings } from './write-warnings.ts';

/** The tools with that added to their answers. */
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

interface Place {
  readonly table: Table;
  readonly address: number;
}

/** The lamps whose level, or whose group's level, stands in a register that is written. */
function lampsSet(write: BusWrite, { lines, lamps }: Cabinet, profiles: ReadonlyMap<string, Profile>): string[] {
  const devices = lines.find(({ id }) => id === write.line)?.devices ?? [];
  const reached = devices.filter(({ unit }) => write.unit === 0 || unit === write.unit);
  return lamps.flatMap(({ id, device: deviceId, point }) => {
    const device = reached.find((each) => each.id === deviceId);
    const places = device === undefined ? [] : levelPlaces(device, point, profiles.get(device.profile));
    return places.some((place) => isWritten(place, write)) ? [id] : [];
  });
}

function levelPlaces({ instances, groups: chosen }: DeviceConfig, pointId: string, profile: Profile | undefined): Place[] {
  if (profile === undefined) return [];
  const { points, groups } = narrowed(profile, instances);
  const own = points.filter(({ id, write }) => id === pointId && write !== null).map(writePlace);
  const shared = groups.filter(({ id, sets }) => (sets ?? chosen[id] ?? []).includes(pointId));
  return [...own, ...shared];
}
