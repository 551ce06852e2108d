import type { Cabinet } from '../core/cabinet.ts';
import type { SetupValues } from '../field/units/unit.ts';
import { deviceRamps } from '../lighting/device-ramps.ts';
import { deviceFailsafePct } from '../lighting/failsafe.ts';

/**
 * A driver that receives no write for this long switches to its failsafe level. Units: s. Source: assumed; twelve missed polls. Confirmed by: the
 * longest gaps between writes in a week of logs of a full line.
 */
const FAILSAFE_TIMEOUT_S = 60;

/**
 * What a meter may measure beyond the lamps of the cabinet: a factor on their power and a fixed load. Source: assumed; drivers lose up to 15 %, and
 * the gateway, a heater and a socket take less than 1 kW. Confirmed by: meter readings of a cabinet by day and at full light.
 */
const BEYOND_LAMPS = { factor: 2, kw: 1 };

/**
 * Returns the largest plausible power at a meter of this cabinet, from the power of its lamps. Infinite for a cabinet
 * without lamps; other limits of a meter may apply.
 * Units: kW.
 */
export function maxMeterKw({ lamps }: Pick<Cabinet, 'lamps'>): number {
  const installedW = lamps.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
  return installedW === 0 ? Number.POSITIVE_INFINITY : (BEYOND_LAMPS.factor * installedW) / 1_000 + BEYOND_LAMPS.kw;
}

/**
 * Returns the set-up values for a device: its ramps, its failsafe level, and after which time without a write that level applies. A device
 * without lamps gets default values.
 */
export function setupValuesOf(cabinet: Cabinet, deviceId: string): SetupValues {
  const { upMs, downMs } = deviceRamps(cabinet, deviceId);
  return {
    rampUpMs: upMs,
    rampDownMs: downMs,
    failsafeTimeoutS: FAILSAFE_TIMEOUT_S,
    failsafeLevelPct: deviceFailsafePct(cabinet, deviceId),
  };
}
