/**
 * What the registers of a driver are set to when it is met: its ramps, and what it does when it hears no agent.
 *
 * Pure. Part of `app.ts`; the field writes it.
 */

import type { Cabinet } from '../core/cabinet.ts';
import { failsafeLevelPct, zoneOfDevice } from '../core/cabinet-points.ts';
import type { SetupValues } from '../field/units/unit.ts';

/** A driver that hears no agent for this long goes to its failsafe level. Units: s. Source: assumed; twelve missed polls. */
const FAILSAFE_TIMEOUT_S = 60;
/** Ramps of a zone without presence. Units: s. Source: reference values of street-lighting practice, 1 to 2 s up, 8 to 10 s down. */
const RAMP_S = { up: 1, down: 10 };

/** By the policy of the zone that its lamp is in. */
export function setupValuesOf(cabinet: Cabinet, deviceId: string): SetupValues {
  const zone = zoneOfDevice(cabinet, deviceId);
  return {
    rampUpMs: (zone?.presence?.rampUpS ?? RAMP_S.up) * 1_000,
    rampDownMs: (zone?.presence?.rampDownS ?? RAMP_S.down) * 1_000,
    failsafeTimeoutS: FAILSAFE_TIMEOUT_S,
    failsafeLevelPct: deviceFailsafePct(cabinet, deviceId),
  };
}

/** The registers of a device take one level for all its lamps: the highest, none above the maximum of its own lamp. Full light without a lamp. */
function deviceFailsafePct(cabinet: Cabinet, deviceId: string): number {
  const levels = cabinet.lamps
    .filter(({ device }) => device === deviceId)
    .map(({ id, maxPct }) => {
      const zone = cabinet.zones.find(({ lamps }) => lamps.includes(id));
      return Math.min(maxPct, failsafeLevelPct(cabinet, zone));
    });
  return levels.length === 0 ? failsafeLevelPct(cabinet, undefined) : Math.max(1, ...levels);
}
