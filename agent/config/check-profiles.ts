/**
 * Does the cabinet fit the device profiles at hand?
 *
 * Owns that check. Pure. Called by `app.ts` once both cabinet and profiles are loaded.
 */
import type { DeviceConfig, LineConfig, PresenceSensor } from '../core/cabinet.ts';
import type { Problem } from '../core/errors.ts';
import { parseLinePort } from '../core/line-port.ts';
import { narrowed } from '../core/narrowed.ts';
import type { PointProfile, Profile } from '../core/profile.ts';
import { byNearness, didYouMean } from '../core/suggestions.ts';
import { absentPart, checkParts, type SayBelow } from './check-parts.ts';
import { formatPath, listNames, type Path } from './finding.ts';
import type { LoadedCabinet } from './load.ts';

/** Profiles by device: as the cabinet has it, and with all its repeated parts. */
interface Site {
  readonly narrow: Map<string, Profile>;
  readonly whole: Map<string, Profile>;
}

type Say = (path: Path, message: string) => Problem;

/** The device types at hand, for the messages of one that is not. */
export interface SiteShelf {
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Files of the site that cannot be used, by the id they claim. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
  /** The folders that were looked through besides the agent's own. */
  readonly searched: readonly string[];
}

/** Unknown and broken profiles, profiles on the wrong kind of line, points that are not there or cannot do what they are for. */
export function checkAgainstProfiles(loaded: LoadedCabinet, shelf: SiteShelf): Problem[] {
  const { file, cabinet, place } = loaded;
  const { profiles } = shelf;
  const say: Say = (path, message) => ({ file, ...place(path), path: formatPath(path), message });
  const site: Site = { narrow: new Map(), whole: new Map() };
  for (const device of cabinet.lines.flatMap((line) => line.devices)) {
    const profile = profiles.get(device.profile);
    if (profile === undefined) continue;
    site.whole.set(device.id, profile);
    site.narrow.set(device.id, narrowed(profile, device.instances));
  }
  const points = cabinet.lamps.flatMap((lamp, i) =>
    checkLevelPoint(site, lamp.device, lamp.point, (message) => say(['lamps', i, 'point'], message)),
  );
  const sensors = cabinet.zones.flatMap((zone, i) =>
    (zone.presence?.sensors ?? []).flatMap((sensor, j) =>
      checkSensorPoint(site, sensor, (rest, message) => say(['zones', i, 'presence', 'sensors', j, ...rest], message)),
    ),
  );
  return [...checkLines(loaded, shelf, say), ...points, ...sensors].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function checkLines(loaded: LoadedCabinet, shelf: SiteShelf, say: Say): Problem[] {
  return loaded.cabinet.lines.flatMap((line, i) => {
    const needsSerial = !isSerialGiven(loaded, i);
    return line.devices.flatMap((device, j) => {
      const path = ['lines', i, 'devices', j];
      const profile = shelf.profiles.get(device.profile);
      if (profile === undefined) return [say([...path, 'profile'], unknownProfile(device.profile, shelf))];
      const below: SayBelow = (rest, message) => say([...path, ...rest], message);
      const problems = [...checkRoles(device, profile, below), ...checkParts(device, profile, below)];
      if (profile.transport !== line.kind)
        problems.push(
          below(['profile'], `profile "${profile.id}" speaks ${profile.transport}, but line "${line.id}" is of kind ${line.kind}`),
        );
      if (needsSerial) problems.push(...settingFlaws(profile, line).map((message) => below(['profile'], message)));
      return problems;
    });
  });
}

function unknownProfile(id: string, { profiles, broken, searched }: SiteShelf): string {
  const files = broken.get(id);
  if (files !== undefined) return `profile "${id}" is broken, see above: ${listNames(files)}`;
  const [nearest, ...others] = byNearness(id, profiles.keys());
  const hint = didYouMean(id, profiles.keys());
  const names = hint === '' && nearest !== undefined ? [nearest, ...others] : others;
  const where = `it is none of those that come with the agent, nor in ${listNames(searched)} (profileDirs)`;
  return `unknown profile "${id}"${hint === '' ? ';' : hint} ${where}; ${hint === '' ? 'there are' : 'others'}: ${listNames(names)}`;
}

/** Modbus TCP has none; a value that was left out is placed where its parent stands, and a section that says nothing gives nothing. */
function isSerialGiven({ cabinet, place }: LoadedCabinet, line: number): boolean {
  if (parseLinePort(cabinet.lines[line]?.port ?? '').kind === 'tcp') return true;
  const section = ['lines', line, 'serial'];
  const parent = place(section);
  return ['baud', 'parity', 'stopBits', 'dataBits'].some((key) => {
    const given = place([...section, key]);
    return given.line !== parent.line || given.column !== parent.column;
  });
}

/** What a line without settings of its own would get wrong; a stop bit more or less does not keep a unit from hearing. */
function settingFlaws({ id, serial }: Profile, line: LineConfig): string[] {
  if (serial === null)
    return [`profile "${id}" states no factory settings: give serial: on the line, as set in the vendor's tool or on the device`];
  if (serial.baud === line.serial.baud && serial.parity === line.serial.parity) return [];
  const [factory, usual] = [serial, line.serial].map(({ baud, parity }) => `baud ${baud}, parity ${parity}`);
  return [`profile "${id}" leaves the factory with ${factory}, a line without serial: has ${usual}: give serial: on the line`];
}

function checkRoles({ roles, instances }: DeviceConfig, profile: Profile, say: SayBelow): Problem[] {
  const { points } = narrowed(profile, instances);
  const unknown = Object.keys(roles).filter((quantity) => !points.some(({ id }) => id === quantity));
  const otherwise = `; there are: ${listNames(points.map((p) => p.id))}`;
  return unknown.map((quantity) => say(['roles', quantity], unknownPoint(profile, quantity, points, otherwise)));
}

function checkLevelPoint(site: Site, deviceId: string, pointId: string, say: (message: string) => Problem): Problem[] {
  const profile = site.narrow.get(deviceId);
  if (profile === undefined) return [];
  const levels = profile.points.filter((p) => p.semantic === 'level' && p.write !== null);
  const allowed = `; points that set a level: ${listNames(levels.map((p) => p.id))}`;
  const point = profile.points.find((p) => p.id === pointId);
  if (point === undefined)
    return [say(absentPart(site.whole.get(deviceId) ?? profile, pointId) ?? unknownPoint(profile, pointId, levels, allowed))];
  if (point.write === null) return [say(`"${pointId}" of profile "${profile.id}" cannot be written${allowed}`)];
  return point.semantic === 'level' ? [] : [say(`"${pointId}" of profile "${profile.id}" does not set a level${allowed}`)];
}

function checkSensorPoint(site: Site, { device, point: pointId, threshold }: PresenceSensor, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  if (profile === undefined) return [];
  const point = profile.points.find((p) => p.id === pointId);
  if (point === undefined) {
    const allowed = `; there are: ${listNames(profile.points.map((p) => p.id))}`;
    return [say(['point'], unknownPoint(profile, pointId, profile.points, allowed))];
  }
  if (point.poll === 'never') return [say(['point'], `"${pointId}" of profile "${profile.id}" is never polled, so it cannot be a sensor`)];
  const highest = point.type === 'bit' || point.bit !== null ? 1 : (point.range?.[1] ?? Number.POSITIVE_INFINITY);
  if (threshold <= highest) return [];
  return [
    say(
      ['threshold'],
      `found ${threshold}, but "${pointId}" of profile "${profile.id}" never goes above ${highest}; give threshold: ${highest} or less`,
    ),
  ];
}

function unknownPoint(profile: Profile, pointId: string, candidates: readonly PointProfile[], otherwise: string): string {
  const hint = didYouMean(
    pointId,
    candidates.map((p) => p.id),
    otherwise,
  );
  return `profile "${profile.id}" has no point "${pointId}"${hint}`;
}
