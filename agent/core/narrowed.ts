/**
 * A profile as it applies to one device of the cabinet: only its own repeated parts, and its quirks. Pure.
 */
import type { DeviceConfig, DeviceQuirks } from './cabinet.ts';
import type { Profile } from './profile.ts';

/** Returns the full name of a point of a repeated part: `ecg5_level`. `n`: which of the parts, from 0, here 5. */
export function partPointId(partId: string, n: number, pointId: string): string {
  return `${partId}${n}_${pointId}`;
}

/**
 * Returns the profile without the points of repeated parts that the device does not have, also in the `sets` of groups.
 *
 * Shape: `instances` lists the numbers that exist, from 0, by part. A part without an entry stays complete.
 */
export function narrowed(profile: Profile, instances: DeviceConfig['instances']): Profile {
  const gone = new Set(profile.repeats.flatMap((part) => absentPoints(part, instances[part.id])));
  if (gone.size === 0) return profile;
  return {
    ...profile,
    points: profile.points.filter(({ id }) => !gone.has(id)),
    groups: profile.groups.map((group) => ({ ...group, sets: group.sets?.filter((id) => !gone.has(id)) ?? null })),
  };
}

/** Returns the profile with the properties that the cabinet file overrides for one device; the profile itself if it overrides none. */
export function withQuirks(profile: Profile, quirks: DeviceQuirks): Profile {
  return Object.keys(quirks).length === 0 ? profile : { ...profile, quirks: { ...profile.quirks, ...quirks } };
}

function absentPoints({ id, count, points }: Profile['repeats'][number], present: readonly number[] | undefined): string[] {
  if (present === undefined) return [];
  const absent = Array.from({ length: count }, (_, n) => n).filter((n) => !present.includes(n));
  return absent.flatMap((n) => points.map((pointId) => partPointId(id, n, pointId)));
}
