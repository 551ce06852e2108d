/** Computes the figures of an energy manager from sums: hours, levels, kilowatt hours, savings, and those of EN 13201-5. Pure. */
import { HOUR_MS } from '../core/durations.ts';
import type { EnergyPeriod, EnergyQuery, EnergyRow, EnergyView } from '../core/views.ts';
import { monthOf } from './energy-months.ts';
import { added, type NightTally, NO_TALLY, type PeriodTally, type ZoneTally } from './energy-tally.ts';
import type { KeptNights } from './energy-tracker.ts';

const ZERO = { wh: 0, fullWh: 0 };

type EnergySums = Omit<EnergyView, 'firstNight' | 'lastNight' | 'isOpen'>;

/**
 * Returns `rows`, one for each period and zone that has counts, and sums over all nights: `meters`, `awayH` and `undatedH`. `by` null makes
 * all nights one period, which is null in the rows. In each period the zones of `zoneIds` come first.
 */
export function energySums(kept: readonly KeptNights[], by: EnergyQuery['by'], zoneIds: readonly string[]): EnergySums {
  const groups = Map.groupBy(kept, ({ period }) => (by === null ? '' : by === 'month' ? monthOf(period) : period));
  const rows = [...groups].flatMap(([period, nights]) => rowsOf(sumOf(nights), period === '' ? null : period, zoneIds));
  const { meters, awayMs, undatedMs } = sumOf(kept);
  return {
    rows,
    meters: Object.entries(meters).map(([device, { computedWh, ...meter }]) => ({ device, ...meter, computedKwh: computedWh / 1_000 })),
    awayH: awayMs / HOUR_MS,
    undatedH: undatedMs / HOUR_MS,
  };
}

function sumOf(nights: readonly KeptNights[]): NightTally {
  return nights.reduce<NightTally>((sum, { tally }) => added(sum, tally, 'time'), NO_TALLY);
}

function rowsOf({ zones }: NightTally, period: string | null, zoneIds: readonly string[]): readonly EnergyRow[] {
  const tallies = new Map(Object.entries(zones));
  const ids = new Set([...zoneIds, ...tallies.keys()]);
  return [...ids].flatMap((id) => {
    const tally = tallies.get(id);
    return tally === undefined ? [] : [{ period, zone: id, ...figures(tally) }];
  });
}

/** Returns the figures of one zone from its sums. A ratio whose whole is 0 is null, or 0 where its type has no null. */
export function figures(tally: ZoneTally): Omit<EnergyRow, 'period' | 'zone'> {
  const { nights, lampNights, bandMs, levelMs, boostedMs, activations } = tally;
  const lamps = nights === 0 ? 0 : lampNights / nights;
  const [darkMs = 0, ...litMs] = bandMs;
  const lit = litMs.reduce((sum, ms) => sum + ms, 0);
  const quiet = Object.values(tally.periods).reduce((sum, { wh, fullWh }) => ({ wh: sum.wh + wh, fullWh: sum.fullWh + fullWh }), ZERO);
  return {
    nights,
    lamps,
    litH: (share(lit, lamps) ?? 0) / HOUR_MS,
    bandsH: bandMs.map((ms) => ms / HOUR_MS),
    meanLevelPct: share(levelMs, lit),
    raisedPct: percent(boostedMs, darkMs + lit),
    activations,
    reduction: share(quiet.wh, quiet.fullWh),
    periods: Object.entries(tally.periods)
      .map(([level, period]) => periodOf(Number(level), period, lamps))
      .sort((a, b) => b.levelPct - a.levelPct),
    ...energies(tally),
  };
}

function energies({ wh, quietWh, standbyWh, baselineWh, unknownMs, unknownWh, unknownBaselineWh }: ZoneTally) {
  return {
    kwh: wh / 1_000,
    quietKwh: quietWh / 1_000,
    standbyKwh: standbyWh / 1_000,
    baselineKwh: baselineWh / 1_000,
    savedKwh: (baselineWh - wh) / 1_000,
    savedPct: percent(baselineWh - wh, baselineWh),
    unknownLampH: unknownMs / HOUR_MS,
    unknownSavedKwh: (unknownBaselineWh - unknownWh) / 1_000,
  };
}

function periodOf(levelPct: number, period: PeriodTally, lamps: number): EnergyPeriod {
  const { ms, wh, fullWh, boostedMs, boostedWh, boostedFullWh } = period;
  return {
    levelPct,
    hours: (share(ms + boostedMs, lamps) ?? 0) / HOUR_MS,
    reduction: share(wh, fullWh),
    raisedReduction: share(boostedWh, boostedFullWh),
    detectionPct: percent(boostedMs, ms + boostedMs) ?? 0,
  };
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

function percent(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}
