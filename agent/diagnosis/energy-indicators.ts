/**
 * The two energy indicators of EN 13201-5: power density and annual energy consumption. Pure.
 *
 * Source: EN 13201-5:2015, formulas as in issue 22, units and sub-areas as in table D.1. The standard asks to present both together, with the
 * data from which they are computed.
 */
import type { LitArea } from '../core/cabinet.ts';
import type { EnergyPeriod } from '../core/views.ts';

/** Hours with one mean power of the lighting. Units: W, h. */
export interface OperatingPeriod {
  readonly powerW: number;
  readonly hours: number;
}

/**
 * Returns the power density indicator D_P = P / Σ(E·A) for full light. `powerW`: all power that the lighting of these areas takes then, drivers
 * and controls included. Units: W/(lx·m²). Null if the sum in the denominator is not above 0, as without areas.
 */
export function powerDensityWPerLxM2(powerW: number, areas: readonly LitArea[]): number | null {
  const lightLm = areas.reduce((sum, { areaM2, illuminanceLux }) => sum + areaM2 * illuminanceLux, 0);
  return lightLm > 0 ? powerW / lightLm : null;
}

/**
 * Returns the energy consumption indicator D_E = Σ(P·t) / A of the given periods. It is annual if they are those of a year: nothing is scaled.
 * Units: Wh/m². Null if the sum of the areas is not above 0.
 */
export function energyConsumptionWhPerM2(periods: readonly OperatingPeriod[], areas: readonly LitArea[]): number | null {
  const totalM2 = areas.reduce((sum, { areaM2 }) => sum + areaM2, 0);
  const energyWh = periods.reduce((sum, { powerW, hours }) => sum + powerW * hours, 0);
  return totalM2 > 0 ? energyWh / totalM2 : null;
}

/**
 * Returns the hours and the mean power of each counted period of a zone. The mean is of the powers with and without a raise, weighted by
 * the detection probability. `fullPowerW`: power of the zone at 100 %. Standby by day is not in the counted periods. Units: W, h.
 */
export function operatingPeriods(fullPowerW: number, periods: readonly EnergyPeriod[]): OperatingPeriod[] {
  return periods.map(({ hours, reduction, raisedReduction, detectionPct }) => {
    const detection = detectionPct / 100;
    return { powerW: fullPowerW * (detection * (raisedReduction ?? 0) + (1 - detection) * (reduction ?? 0)), hours };
  });
}
