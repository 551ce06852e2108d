/** Prices of energy and emission factors, each from a day on, as a person entered them. The program ships none. */

/**
 * The price of a kWh from the day `from` on, until a later one of the same tariff. A night counts by the day on which it begins. `tariff`:
 * a period of the utility's meter, `t1` to `t10`; null for energy without a price of its own period. Shape: `from` as `2026-02-01`.
 */
export interface EnergyPrice {
  readonly from: string;
  readonly tariff: string | null;
  /** Units: currency per kWh, with the taxes and shares that its author chose. */
  readonly perKwh: number;
}

/**
 * Emissions of a consumed kWh from the day `from` on, until a later factor. A night counts by the day on which it begins. Units: g
 * CO2-equivalent. `source`: publication and year.
 */
export interface Co2Factor {
  readonly from: string;
  readonly gramsPerKwh: number;
  readonly source: string;
}

/** What kWh cost and emit. Shape: days as `2026-02-01`; lists in the order of the file. */
export interface EnergyAccounts {
  /** Source: ISO 4217, three letters. */
  readonly currency: string;
  readonly prices: readonly EnergyPrice[];
  readonly co2Factors: readonly Co2Factor[];
}
