/**
 * The energy figures of a night as metrics of its zone.
 *
 * Owns the choice of the metrics and their rounding.
 */
import { ZONE_METRIC } from '../core/cabinet-points.ts';
import type { WallMs } from '../core/clock.ts';
import type { Uplink } from '../core/ports.ts';
import type { EnergyRow } from '../core/views.ts';

type ZoneNight = Pick<EnergyRow, 'zone' | 'kwh' | 'baselineKwh' | 'raisedPct'> & { readonly endMs: WallMs };

/** Updates the metrics of the zone with the figures of the night that ended at `endMs`. */
export function publishZoneNight(uplink: Pick<Uplink, 'update'>, { zone, kwh, baselineKwh, raisedPct, endMs }: ZoneNight): void {
  const update = (metric: string, value: number | null): void =>
    uplink.update(zone, metric, { value: value === null ? null : Math.round(value * 1_000) / 1_000, quality: 'good', atMs: endMs });
  update(ZONE_METRIC.night, kwh);
  update(ZONE_METRIC.baseline, baselineKwh);
  update(ZONE_METRIC.boosted, raisedPct);
}
