/** Lookups between the lamps, zones and points of a street, computed once. */
import type { LevelPct, PointId } from '../core/words.ts';
import type { LightingStreet } from '../lighting/lighting.ts';
import type { ResolvedOutput } from '../lighting/output.ts';
import { levelPointOf } from './writing/follower.ts';

export interface StreetIndex {
  /** By lamp; a lamp of no zone is absent. */
  readonly zoneOf: ReadonlyMap<string, string>;
  readonly maxPctOf: ReadonlyMap<string, LevelPct>;
  /** By lamp: the point that sets and reads its level, and the reverse. */
  readonly pointOf: ReadonlyMap<string, PointId>;
  readonly lampAt: ReadonlyMap<PointId, string>;
  /** By point: the lamp or output that sets it, as `lamp L07`. */
  readonly owners: ReadonlyMap<PointId, string>;
}

export function indexStreet({ lamps, zones }: LightingStreet, outputs: readonly ResolvedOutput[]): StreetIndex {
  const points = lamps.map((lamp) => [lamp.id, levelPointOf(lamp)] as const);
  return {
    zoneOf: new Map(zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone.id] as const))),
    maxPctOf: new Map(lamps.map(({ id, maxPct }) => [id, maxPct])),
    pointOf: new Map(points),
    lampAt: new Map(points.map(([id, pointId]) => [pointId, id])),
    owners: new Map([
      ...outputs.map(({ pointId, id }) => [pointId, `output ${id}`] as const),
      ...points.map(([id, pointId]) => [pointId, `lamp ${id}`] as const),
    ]),
  };
}
