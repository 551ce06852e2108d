/** The ramps of a driver, by the zones of its lamps. Pure. */
import type { LightingStreet } from './lighting.ts';

/** Ramps of a zone without presence. Units: s. Source: reference values of street-lighting practice, 1 to 2 s up, 8 to 10 s down. */
const RAMP_S = { up: 1, down: 10 };

/**
 * Returns how long the driver of a device should take to dim up and down, from the zones of its lamps; fixed times without a zone that
 * has presence. If they differ: the shortest time up and the longest down. Units: ms.
 */
export function deviceRamps(
  { lamps, zones }: Pick<LightingStreet, 'lamps' | 'zones'>,
  deviceId: string,
): { readonly upMs: number; readonly downMs: number } {
  const own = lamps.filter(({ device }) => device === deviceId).map(({ id }) => zones.find((zone) => zone.lamps.includes(id)));
  const ofLamps = (own.length === 0 ? [undefined] : own).map((zone) => zone?.presence ?? null);
  return {
    upMs: Math.min(...ofLamps.map((presence) => presence?.rampUpS ?? RAMP_S.up)) * 1_000,
    downMs: Math.max(...ofLamps.map((presence) => presence?.rampDownS ?? RAMP_S.down)) * 1_000,
  };
}
