/** Lists what other settings change that a record cannot show, because it has the result of the recorded settings only. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { PresenceConfig, Zone } from '../../core/cabinet.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';

/**
 * A change that the replay cannot follow. `new-sensor`: the record has no values of the sensor. `lamp-missing`: the other settings do not
 * have the lamp, so its energy and its dark moments are left out. `lamp-new`: the record does not have the lamp, but its energy is added.
 * `zone-missing`: what was requested for the zone is not applied. Any other kind: only the result of the recorded settings is used, if the
 * record has one.
 */
export interface ReplayLimit {
  readonly kind:
    | 'photocell'
    | 'traffic'
    | 'rule'
    | 'sensor-filter'
    | 'max-boost'
    | 'new-sensor'
    | 'lamp-missing'
    | 'lamp-new'
    | 'zone-missing';
  /** Zone, rule, sensor or lamp. */
  readonly id: string;
}

/** Returns the changes from `own` to `other` that a replay of a record of `own` is known not to follow; empty if none is known. */
export function replayLimits(own: LightingStreet, other: LightingStreet): readonly ReplayLimit[] {
  const owns = new Map(own.zones.map((zone) => [zone.id, zone]));
  const known = new Map(own.zones.flatMap(({ presence }) => presence?.sensors ?? []).map((sensor) => [sensorPointOf(sensor), sensor]));
  const limits = other.zones.flatMap((zone) => zoneLimits(zone, owns.get(zone.id)));
  const rules = other.rules.filter((rule) => !isDeepStrictEqual(own.rules.find(({ id }) => id === rule.id)?.when, rule.when));
  const sensors = other.zones
    .flatMap(({ presence }) => presence?.sensors ?? [])
    .flatMap((sensor): ReplayLimit[] => {
      const before = known.get(sensorPointOf(sensor));
      if (before === undefined) return [{ kind: 'new-sensor', id: sensorPointOf(sensor) }];
      return isDeepStrictEqual(filterOf(before), filterOf(sensor)) ? [] : [{ kind: 'sensor-filter', id: sensorPointOf(sensor) }];
    });
  const ids = <T extends { readonly id: string }>(all: readonly T[]): ReadonlySet<string> => new Set(all.map(({ id }) => id));
  const missing = (kind: ReplayLimit['kind'], from: ReadonlySet<string>, to: ReadonlySet<string>): readonly ReplayLimit[] =>
    [...from].filter((id) => !to.has(id)).map((id) => ({ kind, id }));
  const [ownLamps, lamps] = [ids(own.lamps), ids(other.lamps)];
  const parts = [
    ...missing('zone-missing', ids(own.zones), ids(other.zones)),
    ...missing('lamp-missing', ownLamps, lamps),
    ...missing('lamp-new', lamps, ownLamps),
  ];
  return [...parts, ...limits, ...rules.map(({ id }): ReplayLimit => ({ kind: 'rule', id })), ...sensors];
}

function zoneLimits(zone: Zone, before: Zone | undefined): ReplayLimit[] {
  const limits: ReplayLimit[] = [];
  if (zone.photocell !== null && !isDeepStrictEqual(zone.photocell, before?.photocell)) limits.push({ kind: 'photocell', id: zone.id });
  if (zone.traffic !== null && !isDeepStrictEqual(trafficOf(zone), before && trafficOf(before)))
    limits.push({ kind: 'traffic', id: zone.id });
  if (zone.presence !== null && zone.presence.maxBoostS !== before?.presence?.maxBoostS) limits.push({ kind: 'max-boost', id: zone.id });
  return limits;
}

/** What selects the step; the level of a step may differ. */
function trafficOf({ traffic }: Zone): unknown {
  return traffic === null
    ? null
    : { counters: traffic.counters, flow: traffic.designFlowPerH, limits: traffic.steps.map(({ belowPct }) => belowPct) };
}

/** What decides whether a value is a detection; hold and `listen` are applied in the replay. */
function filterOf({ kind, threshold, minPulseS, offDelayS, blankS, stuckS, maxPerH }: PresenceConfig['sensors'][number]): unknown {
  return { kind, threshold, minPulseS, offDelayS, blankS, stuckS, maxPerH };
}
