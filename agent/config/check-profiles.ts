/**
 * Does the cabinet fit the device profiles at hand?
 *
 * Owns that check. Pure. Called by `app.ts` once both cabinet and profiles are loaded.
 */
import type { Problem } from '../core/errors.ts';
import type { PointProfile, Profile } from '../core/profile.ts';
import { formatPath, listNames, type Path } from './finding.ts';
import type { LoadedCabinet } from './load.ts';
import { didYouMean } from './suggestions.ts';

type Say = (path: Path, message: string) => Problem;

/** Unknown profiles, profiles on the wrong kind of line, points that are not there or cannot do what they are for. */
export function checkAgainstProfiles(loaded: LoadedCabinet, profiles: ReadonlyMap<string, Profile>): Problem[] {
  const { file, cabinet, place } = loaded;
  const say: Say = (path, message) => ({ file, ...place(path), path: formatPath(path), message });
  const profileOf = new Map<string, Profile>();
  for (const device of cabinet.lines.flatMap((line) => line.devices)) {
    const profile = profiles.get(device.profile);
    if (profile !== undefined) profileOf.set(device.id, profile);
  }
  const points = cabinet.lamps.flatMap((lamp, i) =>
    checkLevelPoint(profileOf.get(lamp.device), lamp.point, (message) => say(['lamps', i, 'point'], message)),
  );
  const sensors = cabinet.zones.flatMap((zone, i) =>
    (zone.presence?.sensors ?? []).flatMap((sensor, j) =>
      checkSensorPoint(profileOf.get(sensor.device), sensor.point, (message) =>
        say(['zones', i, 'presence', 'sensors', j, 'point'], message),
      ),
    ),
  );
  return [...checkDevices(loaded, profiles, say), ...points, ...sensors].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function checkDevices({ cabinet }: LoadedCabinet, profiles: ReadonlyMap<string, Profile>, say: Say): Problem[] {
  return cabinet.lines.flatMap((line, i) =>
    line.devices.flatMap((device, j) => {
      const path = ['lines', i, 'devices', j, 'profile'];
      const profile = profiles.get(device.profile);
      if (profile === undefined) {
        return [
          say(
            path,
            `unknown profile "${device.profile}"${didYouMean(device.profile, profiles.keys(), `; there are: ${listNames(profiles.keys())}`)}`,
          ),
        ];
      }
      const roles = Object.keys(device.roles).filter((quantity) => !profile.points.some(({ id }) => id === quantity));
      const points = `; there are: ${listNames(profile.points.map((p) => p.id))}`;
      const unknown = roles.map((quantity) =>
        say(['lines', i, 'devices', j, 'roles', quantity], unknownPoint(profile, quantity, profile.points, points)),
      );
      if (profile.transport === line.kind) return unknown;
      return [...unknown, say(path, `profile "${profile.id}" speaks ${profile.transport}, but line "${line.id}" is of kind ${line.kind}`)];
    }),
  );
}

function checkLevelPoint(profile: Profile | undefined, pointId: string, say: (message: string) => Problem): Problem[] {
  if (profile === undefined) return [];
  const levels = profile.points.filter((p) => p.semantic === 'level' && p.write !== null);
  const allowed = `; points that set a level: ${listNames(levels.map((p) => p.id))}`;
  const point = profile.points.find((p) => p.id === pointId);
  if (point === undefined) return [say(unknownPoint(profile, pointId, levels, allowed))];
  if (point.write === null) return [say(`"${pointId}" of profile "${profile.id}" cannot be written${allowed}`)];
  return point.semantic === 'level' ? [] : [say(`"${pointId}" of profile "${profile.id}" does not set a level${allowed}`)];
}

function checkSensorPoint(profile: Profile | undefined, pointId: string, say: (message: string) => Problem): Problem[] {
  if (profile === undefined) return [];
  const point = profile.points.find((p) => p.id === pointId);
  if (point === undefined)
    return [say(unknownPoint(profile, pointId, profile.points, `; there are: ${listNames(profile.points.map((p) => p.id))}`))];
  return point.poll === 'never' ? [say(`"${pointId}" of profile "${profile.id}" is never polled, so it cannot be a sensor`)] : [];
}

function unknownPoint(profile: Profile, pointId: string, candidates: readonly PointProfile[], otherwise: string): string {
  const hint = didYouMean(
    pointId,
    candidates.map((p) => p.id),
    otherwise,
  );
  return `profile "${profile.id}" has no point "${pointId}"${hint}`;
}
