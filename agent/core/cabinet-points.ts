/**
 * The points of this cabinet, each with its device, its profile and its meaning at this site. Pure.
 */
import type { Cabinet, ContactRole, DeviceConfig } from './cabinet.ts';
import { narrowed } from './narrowed.ts';
import type { PointProfile, Profile, Semantic } from './profile.ts';
import type { PointId } from './words.ts';

/** One point of the cabinet with its device, its part of the profile, and its meaning at this site. */
export interface CabinetPoint {
  readonly pointId: PointId;
  readonly device: DeviceConfig;
  readonly profile: PointProfile;
  /** The meaning from the profile, or from the role that the site gives a contact. */
  readonly semantic: Semantic;
}

/**
 * Returns the points of the devices by id, in the order of the configuration, also points that are never polled. Points of parts that
 * `instances` leaves out are absent. A device whose profile is unknown has none.
 */
export function cabinetPoints({ lines }: Cabinet, profiles: ReadonlyMap<string, Profile>): ReadonlyMap<PointId, CabinetPoint> {
  const points = lines
    .flatMap((line) => line.devices)
    .flatMap((device) =>
      pointsOf(device, profiles).map(
        (profile): CabinetPoint => ({
          pointId: `${device.id}.${profile.id}`,
          device,
          profile,
          semantic: semanticOf(device.roles[profile.id], profile.semantic),
        }),
      ),
    );
  return new Map(points.map((point) => [point.pointId, point]));
}

/** A contact that requests light is not a fault. */
function semanticOf(role: ContactRole | undefined, own: Semantic): Semantic {
  return role === undefined ? own : role === 'door' || role === 'fault' ? role : 'input';
}

function pointsOf({ profile: id, instances }: DeviceConfig, profiles: ReadonlyMap<string, Profile>): readonly PointProfile[] {
  const profile = profiles.get(id);
  return profile === undefined ? [] : narrowed(profile, instances).points;
}
