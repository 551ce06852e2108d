/**
 * Checks the cabinet against the device profiles. Pure.
 */
import type { DeviceConfig, LineConfig } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { type Message, msg } from '../../core/message.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { Profile } from '../../core/profile.ts';
import { byNearness, didYouMean, listNames, nearest } from '../../core/suggestions.ts';
import type { LoadedCabinet } from '../load/load.ts';
import { checkParts, type SayBelow } from './check-parts.ts';
import { checkPoints, unknownPointHint } from './check-points.ts';

/** The device profiles that can be used, and the ids that have none because their files cannot be used. */
export interface KnownProfiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  /**
   * Ids that have no profile because files for them are invalid or contradict each other, with the paths of these files. Files that come
   * with the agent are not listed.
   */
  readonly broken: ReadonlyMap<string, readonly string[]>;
  /** The searched folders of the cabinet's `profileDirs` and those that the caller adds; not the folder of a revision's own profiles. */
  readonly searched: readonly string[];
}

/** Returns problems of a cabinet with its profiles, such as an unknown profile or a missing point. Empty if there are none. */
export function checkAgainstProfiles(loaded: LoadedCabinet, known: KnownProfiles): Problem[] {
  const { file, cabinet, named } = loaded;
  const { profiles } = known;
  const say: SayBelow = (path, message) => ({ file, ...named(path), message });
  const site = { narrow: new Map<string, Profile | undefined>(), whole: new Map<string, Profile>() };
  for (const device of cabinet.lines.flatMap((line) => line.devices)) {
    const profile = profiles.get(device.profile);
    site.narrow.set(device.id, profile === undefined ? undefined : narrowed(profile, device.instances));
    if (profile !== undefined) site.whole.set(device.id, profile);
  }
  return [...checkLines(loaded, known, say), ...checkPoints(cabinet, site, say)].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Returns a warning for each lamp whose device, by its profile, has no failsafe. Lamps without a known profile get none. */
export function failsafeWarnings({ file, cabinet, named }: LoadedCabinet, profiles: ReadonlyMap<string, Profile>): Problem[] {
  const profileOf = new Map(cabinet.lines.flatMap((line) => line.devices).map(({ id, profile }) => [id, profile]));
  return cabinet.lamps.flatMap(({ id, device }, i) => {
    const profile = profiles.get(profileOf.get(device) ?? '');
    if (profile === undefined || profile.fallsBack) return [];
    const path = ['lamps', i];
    const message = msg`lamp "${id}" has no failsafe: with profile "${profile.id}" it keeps its last level while no agent writes`;
    return [{ file, ...named(path), message }];
  });
}

function checkLines(loaded: LoadedCabinet, known: KnownProfiles, say: SayBelow): Problem[] {
  return loaded.cabinet.lines.flatMap((line, i) => {
    const needsSerial = !isSerialGiven(loaded, i);
    return line.devices.flatMap((device, j) => {
      const path = ['lines', i, 'devices', j];
      const profile = known.profiles.get(device.profile);
      if (profile === undefined) return [say([...path, 'profile'], unknownProfile(device.profile, known))];
      const below: SayBelow = (rest, message) => say([...path, ...rest], message);
      const problems = [...checkRoles(device, profile, below), ...checkParts(device, profile, below)];
      if (profile.transport !== line.kind)
        problems.push(
          below(['profile'], msg`profile "${profile.id}" is for ${profile.transport}, but line "${line.id}" is of kind ${line.kind}`),
        );
      if (needsSerial) problems.push(...settingFlaws(profile, line).map((message) => below(['profile'], message)));
      return problems;
    });
  });
}

function unknownProfile(id: string, { profiles, broken, searched }: KnownProfiles): Message {
  const files = broken.get(id);
  if (files !== undefined) return msg`profile "${id}" is broken, see above: ${listNames(files)}`;
  const [guess, ...others] = byNearness(id, profiles.keys());
  const where = msg`it is none of those that come with the agent, nor in ${listNames(searched)} (profileDirs)`;
  if (nearest(id, profiles.keys()) === undefined)
    return msg`unknown profile "${id}"; ${where}; there are: ${listNames(guess === undefined ? [] : [guess, ...others])}`;
  return msg`unknown profile "${id}"${didYouMean(id, profiles.keys())} ${where}; others: ${listNames(others)}`;
}

/** Whether a line has serial settings. Modbus TCP has none; a missing value has the place of its parent, and an empty section gives nothing. */
function isSerialGiven({ cabinet, place }: LoadedCabinet, line: number): boolean {
  if (parseLinePort(cabinet.lines[line]?.port ?? '').kind === 'tcp') return true;
  const section = ['lines', line, 'serial'];
  const parent = place(section);
  return ['baud', 'parity', 'stopBits', 'dataBits'].some((key) => {
    const given = place([...section, key]);
    return given.line !== parent.line || given.column !== parent.column;
  });
}

/** The settings that would be wrong on a line without settings. One stop bit more or less does not matter. */
function settingFlaws({ id, serial }: Profile, line: LineConfig): Message[] {
  if (serial === null)
    return [msg`profile "${id}" states no factory settings: give serial: on the line, as set in the vendor's tool or on the device`];
  if (serial.baud === line.serial.baud && serial.parity === line.serial.parity) return [];
  const settings = ({ baud, parity }: Pick<LineConfig['serial'], 'baud' | 'parity'>): Message => msg`baud ${baud}, parity ${parity}`;
  const [factory, usual] = [settings(serial), settings(line.serial)];
  return [msg`profile "${id}" leaves the factory with ${factory}, a line without serial: has ${usual}: give serial: on the line`];
}

function checkRoles({ roles, instances }: DeviceConfig, profile: Profile, say: SayBelow): Problem[] {
  const { points } = narrowed(profile, instances);
  const unknown = Object.keys(roles).filter((quantity) => !points.some(({ id }) => id === quantity));
  const otherwise = msg`; there are: ${listNames(points.map((p) => p.id))}`;
  return unknown.map((quantity) => say(['roles', quantity], unknownPointHint(profile, quantity, points, otherwise)));
}
