/**
 * Checks that the parts and groups of a device exist in its profile. Pure.
 */
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { type Argument, type Message, msg } from '../../core/message.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { Profile } from '../../core/profile.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { Path } from './finding.ts';

/** Creates a problem from a message and a path, which is relative to the checked item, such as a device or the whole cabinet. */
export type SayBelow = (path: Path, message: Message) => Problem;

/**
 * Returns problems with the parts, groups and quirks of a device, such as an unknown part; empty if there are none. `profile`: with all
 * parts. `say`: receives paths below the device.
 */
export function checkParts(device: DeviceConfig, profile: Profile, say: SayBelow): Problem[] {
  return [...checkInstances(device, profile, say), ...checkGroups(device, profile, say), ...checkQuirks(device, profile, say)];
}

function checkQuirks({ quirks }: DeviceConfig, { id, transport }: Profile, say: SayBelow): Problem[] {
  if (transport !== 'uart' || Object.keys(quirks).length === 0) return [];
  return [say(['quirks'], msg`a device of profile "${id}" sends by itself and receives no requests; leave quirks out`)];
}

function checkInstances({ instances }: DeviceConfig, profile: Profile, say: SayBelow): Problem[] {
  const known = profile.repeats.map(({ id }) => id);
  return Object.entries(instances).flatMap(([name, numbers]) => {
    const part = profile.repeats.find(({ id }) => id === name);
    if (part === undefined)
      return [say(['instances', name], msg`profile "${profile.id}" has no repeated part "${name}"${otherwise(name, known)}`)];
    return numbers.flatMap((n, i) => {
      const path = ['instances', name, i];
      if (n >= part.count) return [say(path, msg`profile "${profile.id}" numbers ${name} from 0 to ${part.count - 1}, found ${n}`)];
      return numbers.indexOf(n) === i ? [] : [say(path, msg`${n} is listed twice`)];
    });
  });
}

function checkGroups({ groups, instances }: DeviceConfig, profile: Profile, say: SayBelow): Problem[] {
  const free = profile.groups.filter(({ sets }) => sets === null).map(({ id }) => id);
  const present = narrowed(profile, instances).points.filter(({ semantic, write }) => semantic === 'level' && write !== null);
  const levels = present.map(({ id }) => id);
  return Object.entries(groups).flatMap(([name, members]) => {
    const path = ['groups', name];
    const group = profile.groups.find(({ id }) => id === name);
    if (group === undefined) return [say(path, msg`profile "${profile.id}" has no group "${name}"${otherwise(name, free)}`)];
    if (group.sets !== null) return [say(path, msg`group "${name}" of profile "${profile.id}" has fixed members; leave it out`)];
    return members.flatMap((member, i) => {
      if (levels.includes(member)) return [];
      const absent = absentPart(profile, member);
      return [
        say([...path, i], absent ?? msg`profile "${profile.id}" has no point that sets a level "${member}"${otherwise(member, levels)}`),
      ];
    });
  });
}

/**
 * Returns the message for a point that a device lacks because of its `instances`. Null if the point is not in the profile, or belongs to no
 * repeated part. `profile`: with all parts. Call it only if the device lacks the point.
 */
export function absentPart(profile: Profile, pointId: string): Message | null {
  if (!profile.points.some(({ id }) => id === pointId)) return null;
  const part = profile.repeats.find(({ id }) => new RegExp(`^${id}\\d+_`).test(pointId));
  return part === undefined ? null : msg`"${pointId}" is not among the ${part.id} of this device; add its number to instances.${part.id}`;
}

function otherwise(name: string, known: readonly string[]): Argument {
  return didYouMean(name, known, msg`; there are: ${listNames(known)}`);
}
