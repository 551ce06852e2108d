/** Checks that the points of lamps, sensors, photocells, counters, rules, panels and outputs exist in the profiles and have the required features. Pure. */
import type { Cabinet, PhotocellConfig, PresenceSensor, Rule } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import { outputProblems } from '../../core/output-values.ts';
import { splitPointId } from '../../core/point-id.ts';
import type { PointProfile, Profile } from '../../core/profile.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { FeederConfig } from '../../core/watch-config.ts';
import { checkPanelPoints } from './check-panel-points.ts';
import { absentPart, type SayBelow } from './check-parts.ts';
import { checkSoundPoints } from './check-sound-points.ts';

/**
 * The profiles of the devices, by device id. `whole`: as in the profile's file, as far as they are known. `narrow`: of each repeated part
 * that `instances` of the device names, only the numbers listed there; other parts stay complete. It has all devices; undefined for one
 * whose profile is not known.
 */
export interface ProfiledCabinet {
  readonly narrow: ReadonlyMap<string, Profile | undefined>;
  readonly whole: ReadonlyMap<string, Profile>;
}

/**
 * Returns problems with the use of points, for example of a point that the profile does not have. Points of devices without a known profile
 * give none. `say`: receives paths from the root.
 */
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
        checkReadPoint(site, { device, point, unfit: cannotCount }, below('zones', i, 'traffic', 'counters', j)),
      ),
    ]),
    ...cabinet.rules.flatMap((rule, i) => checkRule(site, rule, below('rules', i))),
    ...cabinet.panels.flatMap((panel, i) => checkPanelPoints(site.narrow, panel, below('panels', i))),
    ...outputProblems(cabinet.outputs, cabinet.lamps, (device) => site.narrow.get(device)).map(({ path, message }) =>
      say(['outputs', ...path], message),
    ),
    ...(cabinet.watch?.feeders ?? []).flatMap((feeder, i) => checkFeeder(site, feeder, below('watch', 'feeders', i))),
    ...checkSoundPoints(cabinet, (device) => site.narrow.get(device), say),
  ];
}

function checkLevelPoint(site: ProfiledCabinet, device: string, pointId: string, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  if (profile === undefined) return [];
  const levels = profile.points.filter((p) => p.semantic === 'level' && p.write !== null);
  const allowed = msg`; points that set a level: ${listNames(levels.map((p) => p.id))}`;
  const point = profile.points.find((p) => p.id === pointId);
  const found = (message: Message): Problem[] => [say(['point'], message)];
  if (point === undefined) return found(absentHere(site, device, pointId) ?? unknownPointHint(profile, pointId, levels, allowed));
  if (point.write === null) return found(msg`"${pointId}" of profile "${profile.id}" cannot be written${allowed}`);
  return point.semantic === 'level' ? [] : found(msg`"${pointId}" of profile "${profile.id}" does not set a level${allowed}`);
}

interface Use {
  readonly device: string;
  readonly point: string;
  /** The message about a point that is never polled. */
  readonly unfit: (pointId: string, profileId: string) => Message;
}

function cannotCount(pointId: string, profileId: string): Message {
  return msg`"${pointId}" of profile "${profileId}" is never polled, so it cannot count vehicles`;
}

function cannotSense(pointId: string, profileId: string): Message {
  return msg`"${pointId}" of profile "${profileId}" is never polled, so it cannot be a sensor`;
}

/** The contacts of a feeder must exist and be polled. */
function checkFeeder(site: ProfiledCabinet, feeder: FeederConfig, say: SayBelow): Problem[] {
  return (['supply', 'breaker', 'leakage'] as const).flatMap((contact) => {
    const pointId = feeder[contact];
    if (pointId === null) return [];
    const { deviceId: device, quantity: point } = splitPointId(pointId);
    return checkReadPoint(site, { device, point, unfit: cannotWatch }, (_, message) => say([contact], message));
  });
}

function cannotWatch(pointId: string, profileId: string): Message {
  return msg`"${pointId}" of profile "${profileId}" is never polled, so it cannot be watched`;
}

function cannotBePhotocell(pointId: string, profileId: string): Message {
  return msg`"${pointId}" of profile "${profileId}" is never polled, so it cannot be a photocell`;
}

function cannotServeRule(pointId: string, profileId: string): Message {
  return msg`"${pointId}" of profile "${profileId}" is never polled, so no rule can use it`;
}

/** A point that is read must exist and be polled. */
function checkReadPoint(site: ProfiledCabinet, { device, point: pointId, unfit }: Use, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  if (profile === undefined) return [];
  const point = profile.points.find((p) => p.id === pointId);
  const allowed = msg`; there are: ${listNames(profile.points.map((p) => p.id))}`;
  if (point === undefined) {
    return [say(['point'], absentHere(site, device, pointId) ?? unknownPointHint(profile, pointId, profile.points, allowed))];
  }
  if (point.poll !== 'never') return [];
  return [say(['point'], unfit(pointId, profile.id))];
}

function checkSensor(site: ProfiledCabinet, { device, point: pointId, threshold, kind }: PresenceSensor, say: SayBelow): Problem[] {
  const problems = checkReadPoint(site, { device, point: pointId, unfit: cannotSense }, say);
  // A counter counts when it rises, whatever its value.
  if (problems.length > 0 || kind === 'counter') return problems;
  return checkBounds(site, { device, point: pointId, key: 'threshold', value: threshold, side: 'above' }, say);
}

function checkPhotocell(site: ProfiledCabinet, { device, point: pointId, offAboveLux }: PhotocellConfig, say: SayBelow): Problem[] {
  const problems = checkReadPoint(site, { device, point: pointId, unfit: cannotBePhotocell }, say);
  const profile = site.narrow.get(device);
  const point = profile?.points.find((p) => p.id === pointId);
  if (problems.length > 0 || profile === undefined || point === undefined) return problems;
  const light = profile.points.filter(isDaylight).map((p) => p.id);
  if (isDaylight(point)) return checkBounds(site, { device, point: pointId, key: 'offAboveLux', value: offAboveLux, side: 'above' }, say);
  return [say(['point'], msg`"${pointId}" of profile "${profile.id}" measures no light; points that do, in lux: ${listNames(light)}`)];
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

/** Reports a threshold that the point never reaches. */
function checkBounds(site: ProfiledCabinet, { device, point: pointId, key, value, side }: Bound, say: SayBelow): Problem[] {
  const profile = site.narrow.get(device);
  const point = profile?.points.find((p) => p.id === pointId);
  if (profile === undefined || point === undefined) return [];
  const [least, most] = point.type === 'bit' || point.bit !== null ? [0, 1] : (point.range ?? [-Infinity, Infinity]);
  const [end, isBeyond] = side === 'above' ? [most, value > most] : [least, value < least];
  if (!isBeyond) return [];
  const message =
    side === 'above'
      ? msg`found ${value}, but "${pointId}" of profile "${profile.id}" never goes above ${end}; give ${key}: ${end} or less`
      : msg`found ${value}, but "${pointId}" of profile "${profile.id}" never goes below ${end}; give ${key}: ${end} or more`;
  return [say([key], message)];
}

function checkRule(site: ProfiledCabinet, { when }: Rule, say: SayBelow): Problem[] {
  // The point of a draft may be missing.
  if ((when.kind !== 'above' && when.kind !== 'below') || typeof when.point !== 'string') return [];
  // Ids may contain a dot, so the longest matching device id is used.
  const devices = [...site.narrow.keys()].filter((id) => when.point.startsWith(`${id}.`)).sort((a, b) => b.length - a.length);
  const [device] = devices;
  if (device === undefined) return [];
  const point = when.point.slice(device.length + 1);
  const problems = checkReadPoint(site, { device, point, unfit: cannotServeRule }, say);
  return problems.length > 0 ? problems : checkBounds(site, { device, point, key: when.kind, value: when.value, side: when.kind }, say);
}

function absentHere(site: ProfiledCabinet, device: string, pointId: string): Message | null {
  const whole = site.whole.get(device);
  return whole === undefined ? null : absentPart(whole, pointId);
}

/**
 * The message for a point that the profile does not have. It suggests a similar one of `candidates`, or ends with `otherwise` if none is
 * similar.
 */
export function unknownPointHint(profile: Profile, pointId: string, candidates: readonly PointProfile[], otherwise: Message): Message {
  const hint = didYouMean(
    pointId,
    candidates.map((p) => p.id),
    otherwise,
  );
  return msg`profile "${profile.id}" has no point "${pointId}"${hint}`;
}
