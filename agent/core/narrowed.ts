/**
 * A profile as one device of the cabinet has it: its repeated parts, its quirks. Pure.
 */
import type { DeviceConfig, DeviceQuirks } from './cabinet.ts';
import type { Profile } from './profile.ts';

/** Full name of a point of a repeated part: `ecg5_level`. */
export function partPointId(partId: string, n: number, pointId: string): string {
  return `${partId}${n}_${pointId}`;
}

/**
 * The profile without the repeated parts that the cabinet does not name: a gateway with three ballasts is not asked for 64.
 *
 * Shape: parts that `instances` says nothing about stay whole; a profile without repeated parts is returned as it is.
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

/** The profile with what the cabinet says otherwise of one device; the profile itself where it says nothing. */
export function withQuirks(profile: Profile, quirks: DeviceQuirks): Profile {
  return Object.keys(quirks).length === 0 ? profile : { ...profile, quirks: { ...profile.quirks, ...quirks } };
}

function absentPoints({ id, count, points }: Profile['repeats'][number], present: readonly number[] | undefined): string[] {
  if (present === undefined) return [];
  const absent = Array.from({ length: count }, (_, n) => n).filter((n) => !present.includes(n));
  return absent.flatMap((n) => points.map((pointId) => partPointId(id, n, pointId)));
}
