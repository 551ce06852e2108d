/**
 * A profile reduced to the repeated parts that one device of the cabinet has. Pure.
 */
import type { DeviceConfig } from './cabinet.ts';
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

function absentPoints({ id, count, points }: Profile['repeats'][number], present: readonly number[] | undefined): string[] {
  if (present === undefined) return [];
  const absent = Array.from({ length: count }, (_, n) => n).filter((n) => !present.includes(n));
  return absent.flatMap((n) => points.map((pointId) => partPointId(id, n, pointId)));
}
