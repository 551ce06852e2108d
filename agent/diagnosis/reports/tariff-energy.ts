/** Divides the energy of the nights into tariff periods, from the totals of the meter of the invoice at each noon. Pure. */
import type { WallMs } from '../../core/clock.ts';
import type { SavingsDate } from '../../core/savings-view.ts';
import type { EnergyPart } from '../energy-accounts.ts';

/** The totals of one tariff period of one meter at noons. `kwh`: how many kWh one unit of `totals` is, such as 0.001 for Wh. */
export interface TariffTotals {
  readonly tariff: string;
  readonly kwh: number;
  /** The meter's total at each local noon; null or absent if it is unknown. */
  readonly totals: ReadonlyMap<WallMs, number | null>;
}

/** A night, from the local noon of `date` to the next one. */
export interface NoonSpan {
  readonly date: SavingsDate;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/**
 * Returns the parts of each night for which all tariff periods have a total at both noons, none of which fell. Other nights are left out. A
 * tariff period without energy is no part, so the list of a night may be empty. Without `registers` there are no nights in the result.
 */
export function tariffParts(
  nights: readonly NoonSpan[],
  registers: readonly TariffTotals[],
): ReadonlyMap<SavingsDate, readonly EnergyPart[]> {
  const parts = new Map<SavingsDate, readonly EnergyPart[]>();
  if (registers.length === 0) return parts;
  for (const { date, fromMs, toMs } of nights) {
    const own = registers.map(({ tariff, kwh, totals }): EnergyPart | null => {
      const [start, end] = [totals.get(fromMs) ?? null, totals.get(toMs) ?? null];
      return start === null || end === null || end < start ? null : { day: date, tariff, kwh: (end - start) * kwh };
    });
    const known = own.filter((part) => part !== null);
    if (known.length === own.length)
      parts.set(
        date,
        known.filter(({ kwh }) => kwh > 0),
      );
  }
  return parts;
}
