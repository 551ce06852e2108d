import type { FeederConfig, WatchConfig } from '../../core/watch-config.ts';
import type { PointId } from '../../core/words.ts';
import { type WatchDocument, watchSchema } from './schema-watch.ts';

/** Converts the checked section `watch` into the form of the agent; without one, or for null, all defaults. Pure. */
export function completeWatch(watch: WatchDocument | null | undefined): WatchConfig {
  const { feeders = [], loadMeters, loadLampW, ratedHours, ...limits } = watch ?? watchSchema.parse({});
  const point = (id: string | null | undefined): PointId | null => (id ?? null) as PointId | null;
  return {
    ...limits,
    ...{ loadMeters: loadMeters ?? null, loadLampW: loadLampW ?? null, ratedHours: ratedHours ?? null },
    feeders: feeders.map(
      ({ id, zones, output, supply, breaker, leakage, phase }): FeederConfig => ({
        ...{ id, zones, output: output ?? null, phase: phase ?? null },
        ...{ supply: point(supply), breaker: point(breaker), leakage: point(leakage) },
      }),
    ),
  };
}
