/** Which points of a cabinet show the wear of its lamps. Pure. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import type { PointId } from '../../core/words.ts';
import { ownPoints } from '../watch/watch-plan.ts';

/**
 * The quantity of a point that shows wear. `derating`: the output that the driver allows, 100 % for all of it. `derating-flag`: flags that
 * are set while it limits itself. `current`: the output current, in % of the nominal one.
 */
export type WearRole =
  | 'temperature'
  | 'derating'
  | 'derating-flag'
  | 'current'
  | 'starts'
  | 'hours'
  | 'rated-hours'
  | 'rated-starts'
  | 'rated-temperature';

/**
 * A point that shows wear. `lamp`: index in the cabinet. `bits`: for a `derating-flag`, the numbers of its bits, 0 for the lowest. Null
 * stands for any value but 0. Empty for another role.
 */
export interface WearPoint {
  readonly pointId: PointId;
  readonly lamp: number;
  readonly role: WearRole;
  readonly bits: readonly (number | null)[];
}

/**
 * Roles by the names of points, the best first. Source: part 253 of IEC 62386, banks 205 to 207, as in drivers/profiles/dali-d4i-driver.yaml. Hours
 * are those of the light source: a rated life counts light. A current counts only as % of the nominal one: in A it changes with the level.
 */
const NAMED: readonly (readonly [name: string, role: WearRole])[] = [
  ['lamp_hours', 'hours'],
  ['driver_hours', 'hours'],
  ['driver_starts', 'starts'],
  ['lamp_starts', 'starts'],
  ['output_current', 'current'],
  ['rated_hours', 'rated-hours'],
  ['rated_starts', 'rated-starts'],
  ['rated_driver_temperature', 'rated-temperature'],
];
/** Flags by which drivers report derating. Source: the profiles of drivers. */
const DERATED = /derated$/;

/** Returns the polled points that show the wear of lamps: for each lamp at most one of a role, but all that show derating. */
export function wearPoints(cabinet: Pick<Cabinet, 'lamps'>, points: ReadonlyMap<PointId, CabinetPoint>): readonly WearPoint[] {
  const byDevice = Map.groupBy(points.values(), ({ device }) => device.id);
  return cabinet.lamps.flatMap((lamp, at) => {
    const isAlone = cabinet.lamps.every(({ id, device }) => id === lamp.id || device !== lamp.device);
    const own = ownPoints(lamp, byDevice.get(lamp.device) ?? [], isAlone).filter(({ profile }) => profile.poll !== 'never');
    const named = new Map<WearRole, CabinetPoint>();
    for (const [name, role] of NAMED) {
      const point = own.find(
        ({ profile: { id, unit } }) => (id === name || id.endsWith(`_${name}`)) && (role !== 'current' || unit === '%'),
      );
      if (point !== undefined && !named.has(role)) named.set(role, point);
    }
    const temperature = own.find(({ semantic, profile }) => semantic === 'temperature' && !profile.id.startsWith('rated'));
    if (temperature !== undefined) named.set('temperature', temperature);
    const roles = [...named].map(([role, { pointId }]): WearPoint => ({ pointId, lamp: at, role, bits: [] }));
    return [...roles, ...own.flatMap((point) => deratingOf(point, at))];
  });
}

function deratingOf({ pointId, semantic, profile }: CabinetPoint, lamp: number): readonly WearPoint[] {
  if (semantic === 'derating') return [{ pointId, lamp, role: 'derating', bits: [] }];
  const bits = profile.flags.filter(({ id }) => DERATED.test(id)).map(({ bit }) => bit);
  return bits.length === 0 ? [] : [{ pointId, lamp, role: 'derating-flag', bits }];
}
