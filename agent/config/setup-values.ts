import type { Cabinet } from '../core/cabinet.ts';
import type { SetupValues } from '../field/units/unit.ts';
import { deviceRamps } from '../lighting/device-ramps.ts';
import { deviceFailsafePct } from '../lighting/failsafe.ts';

/** A driver that receives no write for this long goes to its failsafe level. Units: s. Source: assumed; twelve missed polls. */
const FAILSAFE_TIMEOUT_S = 60;

/** The register values of a driver when it is first reached, by the policy of its lamp's zone; the field writes them. Pure. */
export function setupValuesOf(cabinet: Cabinet, deviceId: string): SetupValues {
  const { upMs, downMs } = deviceRamps(cabinet, deviceId);
  return {
    rampUpMs: upMs,
    rampDownMs: downMs,
    failsafeTimeoutS: FAILSAFE_TIMEOUT_S,
    failsafeLevelPct: deviceFailsafePct(cabinet, deviceId),
  };
}
