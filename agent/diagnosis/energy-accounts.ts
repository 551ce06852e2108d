/** Computes what energy costs and emits from dated prices and factors. What has no price or factor is stated, never estimated. Pure. */
import type { Co2Factor, EnergyAccounts, EnergyPrice } from '../core/energy-accounts.ts';

/**
 * Energy of one night, or of a month that is kept as one sum. `day`: the day on which the night began, or the first day of the month, as
 * `2026-02-01`. `tariff`: `t1` to `t10`; null if it is not known by tariff period.
 */
export interface EnergyPart {
  readonly day: string;
  readonly tariff: string | null;
  readonly kwh: number;
}

/** The cost of some energy. Units: `currency`, kWh. */
export interface EnergyCost {
  readonly currency: string;
  /** Without the energy that has no price. */
  readonly cost: number;
  readonly unpricedKwh: number;
  /**
   * In the order in which the tariff periods first occur. `tariff` null: energy whose tariff period is not known. `kwh` includes
   * `unpricedKwh`.
   */
  readonly byTariff: readonly {
    readonly tariff: string | null;
    readonly kwh: number;
    readonly cost: number;
    readonly unpricedKwh: number;
  }[];
}

/** The emissions of some energy. `factors`: each factor that was used, with its energy. */
export interface EnergyEmissions {
  /** Without the energy that has no factor. Units: kg CO2-equivalent. */
  readonly kgCo2e: number;
  readonly withoutFactorKwh: number;
  readonly factors: readonly (Co2Factor & { readonly kwh: number })[];
}

/**
 * Returns the cost. A part has the price of its tariff period in force on its day; without one, the price for all other energy. A part with
 * neither is in `unpricedKwh`.
 */
export function energyCost(parts: readonly EnergyPart[], { currency, prices }: EnergyAccounts): EnergyCost {
  const groups = Map.groupBy(parts, ({ tariff }) => tariff);
  const byTariff = [...groups].map(([tariff, own]) => {
    const sums = { tariff, kwh: 0, cost: 0, unpricedKwh: 0 };
    for (const part of own) {
      const price = priceOf(part, prices);
      sums.kwh += part.kwh;
      if (price === undefined) sums.unpricedKwh += part.kwh;
      else sums.cost += part.kwh * price.perKwh;
    }
    return sums;
  });
  const sum = (key: 'cost' | 'unpricedKwh'): number => byTariff.reduce((total, each) => total + each[key], 0);
  return { currency, cost: sum('cost'), unpricedKwh: sum('unpricedKwh'), byTariff };
}

/** Returns the emissions. A part has the factor in force on its day; a part without one is in `withoutFactorKwh`. */
export function energyEmissions(parts: readonly EnergyPart[], { co2Factors }: EnergyAccounts): EnergyEmissions {
  const kwhOf = new Map<Co2Factor, number>();
  let withoutFactorKwh = 0;
  for (const { day, kwh } of parts) {
    const factor = inForce(co2Factors, day);
    if (factor === undefined) withoutFactorKwh += kwh;
    else kwhOf.set(factor, (kwhOf.get(factor) ?? 0) + kwh);
  }
  const factors = [...kwhOf].map(([factor, kwh]) => ({ ...factor, kwh }));
  return { kgCo2e: factors.reduce((sum, { kwh, gramsPerKwh }) => sum + (kwh * gramsPerKwh) / 1_000, 0), withoutFactorKwh, factors };
}

function priceOf({ day, tariff }: EnergyPart, prices: readonly EnergyPrice[]): EnergyPrice | undefined {
  const own = tariff === null ? [] : prices.filter((price) => price.tariff === tariff);
  return (
    inForce(own, day) ??
    inForce(
      prices.filter((price) => price.tariff === null),
      day,
    )
  );
}

/** The value with the latest first day that is not after `day`. */
function inForce<T extends { readonly from: string }>(values: readonly T[], day: string): T | undefined {
  return values
    .filter(({ from }) => from <= day)
    .reduce<T | undefined>((latest, each) => (latest === undefined || each.from > latest.from ? each : latest), undefined);
}
