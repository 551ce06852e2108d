/**
 * Checks that the points of lamps, sensors, photocells, counters, rules and outputs exist in the profiles and have the needed abilities.
 * Pure.
 */
import type { Cabinet, PhotocellConfig, PresenceSensor, Rule } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { outputProblems } from '../../core/output-values.ts';
import type { PointProfile, Profile } from '../../core/profile.ts';
import { didYouMean } from '../../core/suggestions.ts';
import { absentPart, type SayBelow } from './check-parts.ts';
import { listNames } from './finding.ts';

/** Profiles by device: as the cabinet has it, and with all its repeated parts. */
export interface ProfiledCabinet {
  readonly narrow: ReadonlyMap<string, Profile>;
  readonly whole: ReadonlyMap<string, Profile>;
}

/** Checks all points that the cabinet names. */
export function checkPoints(cabinet: Cabinet, site: ProfiledCabinet, say: SayBelow): Problem[] {
  const below =
    (...path: (string | number)[]): SayBelow =>
    (rest, message) =>
      say([...path, ...rest], message);
  return [
    ...cabinet.lamps.flatMap(({ device, point }, i) => checkLevelPoint(site, device, point, below('lamps', i))),
    ...cabinet.zones.flatMap(({ presence, photocell, traffic }, i) => [
      ...(presence?.sensors ?? []).flatMap((sensor, j) => checkSensor(site, sensor, below('zones', i, 'presence', 'sensors', j))),
      ...(photocell === null ? [] : checkPhotocell(site, photocell, below('zones', i, 'photocell'))),
      ...(traffic?.counters ?? []).flatMap(({ device, point }, j) =>
        checkReadPoint(site, { device, point, role: 'count vehicles' }, below('zones', i, 'traffic', 'counters', j)),
      ),
    ]),
    ...cabinet.rules.flatMap((rule, i) => checkRule(site, rule, below('rules', i))),
    ...outputProblems(cabinet.outputs, cabinet.lamps, (device) => site.narrow.get(device)).map(({ path, message }) =>
      say(['outputs', ...path], message),
    ),
  ];
}

function checkLevelPoint(site: ProfiledCabinet, device: string, pointId: string, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  if (profile === undefined) return [];
  const levels = profile.points.filter((p) => p.semantic === 'level' && p.write !== null);
  const allowed = `; points that set a level: ${listNames(levels.map((p) => p.id))}`;
  const point = profile.points.find((p) => p.id === pointId);
  const found = (message: string): Problem[] => [say(['point'], message)];
  if (point === undefined) return found(absentHere(site, device, pointId) ?? unknownPointHint(profile, pointId, levels, allowed));
  if (point.write === null) return found(`"${pointId}" of profile "${profile.id}" cannot be written${allowed}`);
  return point.semantic === 'level' ? [] : found(`"${pointId}" of profile "${profile.id}" does not set a level${allowed}`);
}

interface Use {
  readonly device: string;
  readonly point: string;
  /** The purpose of the point, after "so it cannot". */
  readonly role: string;
}

/** A point that is read must exist and be polled. */
function checkReadPoint(site: ProfiledCabinet, { device, point: pointId, role }: Use, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  if (profile === undefined) return [];
  const point = profile.points.find((p) => p.id === pointId);
  const allowed = `; there are: ${listNames(profile.points.map((p) => p.id))}`;
  if (point === undefined) {
    return [say(['point'], absentHere(site, device, pointId) ?? unknownPointHint(profile, pointId, profile.points, allowed))];
  }
  if (point.poll !== 'never') return [];
  return [say(['point'], `"${pointId}" of profile "${profile.id}" is never polled, so it cannot ${role}`)];
}

function checkSensor(site: ProfiledCabinet, { device, point: pointId, threshold, kind }: PresenceSensor, say: SayBelow): Problem[] {
  const problems = checkReadPoint(site, { device, point: pointId, role: 'be a sensor' }, say);
  // A counter counts when it rises, whatever its value.
  if (problems.length > 0 || kind === 'counter') return problems;
  return checkBounds(site, { device, point: pointId, key: 'threshold', value: threshold, side: 'above' }, say);
}

function checkPhotocell(site: ProfiledCabinet, { device, point: pointId, offAboveLux }: PhotocellConfig, say: SayBelow): Problem[] {
  const problems = checkReadPoint(site, { device, point: pointId, role: 'be a photocell' }, say);
  const profile = site.narrow.get(device);
  const point = profile?.points.find((p) => p.id === pointId);
  if (problems.length > 0 || profile === undefined || point === undefined) return problems;
  const light = profile.points.filter(isDaylight).map((p) => p.id);
  if (isDaylight(point)) return checkBounds(site, { device, point: pointId, key: 'offAboveLux', value: offAboveLux, side: 'above' }, say);
  return [say(['point'], `"${pointId}" of profile "${profile.id}" measures no light; points that do, in lux: ${listNames(light)}`)];
}

function isDaylight({ semantic, unit }: PointProfile): boolean {
  return semantic === 'illuminance' || unit === 'lx' || unit === 'lux';
}

interface Bound {
  readonly device: string;
  readonly point: string;
  readonly key: string;
  readonly value: number;
  readonly side: 'above' | 'below';
}

/** A threshold that the point never reaches. */
function checkBounds(site: ProfiledCabinet, { device, point: pointId, key, value, side }: Bound, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  const point = profile?.points.find((p) => p.id === pointId);
  if (profile === undefined || point === undefined) return [];
  const [least, most] = point.type === 'bit' || point.bit !== null ? [0, 1] : (point.range ?? [-Infinity, Infinity]);
  const [end, isBeyond, less] = side === 'above' ? [most, value > most, 'less'] : [least, value < least, 'more'];
  if (!isBeyond) return [];
  const message = `found ${value}, but "${pointId}" of profile "${profile.id}" never goes ${side} ${end}; give ${key}: ${end} or ${less}`;
  return [say([key], message)];
}

function checkRule(site: ProfiledCabinet, { when }: Rule, say: SayBelow): Problem[] {
  if (when.kind !== 'above' && when.kind !== 'below') return [];
  // Ids may hold a dot, so the longest device that fits is meant.
  const devices = [...site.narrow.keys()].filter((id) => when.point.startsWith(`${id}.`)).sort((a, b) => b.length - a.length);
  const [device] = devices;
  if (device === undefined) return [];
  const point = when.point.slice(device.length + 1);
  const problems = checkReadPoint(site, { device, point, role: 'be looked at by a rule' }, say);
  return problems.length > 0 ? problems : checkBounds(site, { device, point, key: when.kind, value: when.value, side: when.kind }, say);
}

function absentHere(site: ProfiledCabinet, device: string, pointId: string): string | null {
  const whole = site.whole.get(device);
  return whole === undefined ? null : absentPart(whole, pointId);
}

/** The message for a point that the profile has not. */
export function unknownPointHint(profile: Profile, pointId: string, candidates: readonly PointProfile[], otherwise: string): string {
  const hint = didYouMean(
    pointId,
    candidates.map((p) => p.id),
    otherwise,
  );
  return `profile "${profile.id}" has no point "${pointId}"${hint}`;
}
