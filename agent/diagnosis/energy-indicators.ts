/**
 * The two energy indicators of EN 13201-5: power density and annual energy consumption. Pure.
 *
 * Source: EN 13201-5:2015, formulas as in issue 22, units and sub-areas as in table D.1. The standard asks to present both together, with the
 * data from which they are computed.
 */
import type { LitArea } from '../core/cabinet.ts';
import type { EnergyPeriod } from '../core/views.ts';

/** A part of the year with one mean power of the lighting. Units: W, h. */
export interface OperatingPeriod {
  readonly powerW: number;
  readonly hours: number;
}

/**
 * Returns the power density indicator D_P = P / Σ(E·A) for full light. `powerW`: all power that the lighting of these areas takes then, drivers
 * and controls included. Units: W/(lx·m²). Null without areas.
 */
export function powerDensityWPerLxM2(powerW: number, areas: readonly LitArea[]): number | null {
  const lightLm = areas.reduce((sum, { areaM2, illuminanceLux }) => sum + areaM2 * illuminanceLux, 0);
  return lightLm > 0 ? powerW / lightLm : null;
}

/**
 * Returns the energy consumption indicator D_E = Σ(P·t) / A of the given periods. It is annual if they are those of a year: nothing is scaled.
 * Units: Wh/m². Null without areas.
 */
export function energyConsumptionWhPerM2(periods: readonly OperatingPeriod[], areas: readonly LitArea[]): number | null {
  const totalM2 = areas.reduce((sum, { areaM2 }) => sum + areaM2, 0);
  const energyWh = periods.reduce((sum, { powerW, hours }) => sum + powerW * hours, 0);
  return totalM2 > 0 ? energyWh / totalM2 : null;
}

/**
 * Returns the counted periods of a zone with their mean power. Each is weighted by its detection probability. `fullPowerW`: power of the zone at
 * 100 %. Standby by day is in none of the counted periods: add it as a period of its own.
 */
export function operatingPeriods(fullPowerW: number, periods: readonly EnergyPeriod[]): OperatingPeriod[] {
  return periods.map(({ hours, reduction, raisedReduction, detectionPct }) => {
    const detection = detectionPct / 100;
    return { powerW: fullPowerW * (detection * (raisedReduction ?? 0) + (1 - detection) * (reduction ?? 0)), hours };
  });
}
