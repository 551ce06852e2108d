/** Divides the energy of the nights into tariff periods, from the stored totals of the meter of the invoice. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import type { HistoryBucket } from '../../core/ports.ts';
import type { SavingsDate } from '../../core/savings-view.ts';
import type { EnergyPart } from '../energy-accounts.ts';

/** The totals of one tariff period of one meter, by hour, oldest first. `kwh`: kWh in one unit of the values. */
export interface TariffTotals {
  readonly tariff: string;
  readonly kwh: number;
  readonly buckets: readonly HistoryBucket[];
}

/** A night with its two noons. */
export interface NoonSpan {
  readonly date: SavingsDate;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/**
 * A total that was read longer ago than this before a noon does not count. Units: ms. Source: assumed; an unchanged reading is stored again within an
 * hour, and one may be lost. Confirmed by: `store.heartbeatS` of cabinets with a utility meter.
 */
const OLDEST_MS = 3 * HOUR_MS;

/** Returns the parts of each night whose totals are known at both noons, for all tariff periods that the meter has; other nights are left out. */
export function tariffParts(nights: readonly NoonSpan[], totals: readonly TariffTotals[]): ReadonlyMap<SavingsDate, readonly EnergyPart[]> {
  const used = totals.filter(({ buckets }) => buckets.some(({ max }) => max !== null));
  const parts = new Map<SavingsDate, readonly EnergyPart[]>();
  if (used.length === 0) return parts;
  const readers = used.map((each) => ({ ...each, at: totalReader(each.buckets) }));
  let starts: readonly (number | null)[] = [];
  let startMs: WallMs | null = null;
  for (const { date, fromMs, toMs } of nights) {
    if (startMs !== fromMs) starts = readers.map(({ at }) => at(fromMs));
    const ends = readers.map(({ at }) => at(toMs));
    const own = readers.map(({ tariff, kwh }, index): EnergyPart | null => {
      const [start, end] = [starts[index] ?? null, ends[index] ?? null];
      return start === null || end === null || end < start ? null : { day: date, tariff, kwh: (end - start) * kwh };
    });
    if (own.every((part) => part !== null)) parts.set(date, own.filter((part) => part.kwh > 0));
    [starts, startMs] = [ends, toMs];
  }
  return parts;
}

/** Returns the newest total before an instant. The instants must not go back. */
function totalReader(buckets: readonly HistoryBucket[]): (atMs: WallMs) => number | null {
  let next = 0;
  let last: { readonly atMs: WallMs; readonly total: number } | null = null;
  return (atMs) => {
    for (let bucket = buckets[next]; bucket !== undefined && bucket.atMs < atMs; bucket = buckets[++next])
      if (bucket.max !== null) last = { atMs: bucket.atMs, total: bucket.max };
    return last !== null && last.atMs >= atMs - OLDEST_MS ? last.total : null;
  };
}
