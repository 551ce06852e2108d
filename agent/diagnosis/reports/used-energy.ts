/** The energy of each night of a report, with its reference, and where both come from. Pure. */
import type { SavingsDate, SavingsNightFigures, SavingsResult } from '../../core/savings-view.ts';
import type { EnergyPart } from '../energy-accounts.ts';
import { monthOf } from '../energy-months.ts';
import type { NightTally } from '../energy-tally.ts';
import { isMonthPeriod, nightsInSum, type ReportNights } from './report-nights.ts';
import { numbersSum } from './report-table.ts';

/**
 * Where some energy comes from. `proof`: the meters of the baseline, with estimated gaps. `invoice`: the meters of the invoice. `meters`:
 * all meters of the cabinet, if none of the invoice was counted. `computed`: the levels of the lamps, without a meter.
 */
export type EnergySource = 'proof' | 'invoice' | 'meters' | 'computed';

/** The energy of one night, or of one month that is kept as one sum. Units: kWh. */
export interface UsedEnergy {
  /** `2026-12-01` or `2026-12`. */
  readonly period: string;
  /** Computed from the levels of the lamps, and the former installation in the same time. Null: not counted, or no lamps. */
  readonly computedKwh: number | null;
  readonly formerKwh: number | null;
  /** By meters, in the nights in which they were counted: for a month, these may be a part of it. Null without such a night. */
  readonly metered: { readonly kwh: number; readonly source: Exclude<EnergySource, 'computed'> } | null;
  /**
   * Sums over the nights with a proven saving; `halfKwh` is the root of the sum of squares. Null without such a night, and for a month kept
   * as one sum that has fewer proven nights than counted ones.
   */
  readonly proof: { readonly usedKwh: number; readonly referenceKwh: number; readonly halfKwh: number } | null;
}

/**
 * Returns the energy by night, or by month that is kept as one sum, oldest first, in short steps. `billed`: ids of the meters of the
 * invoice.
 */
export function* usedEnergy(
  nights: ReportNights,
  savings: SavingsResult | null,
  billed: ReadonlySet<string>,
): Generator<void, readonly UsedEnergy[], void> {
  const counted = new Map(nights.kept.map(({ period, tally }) => [period, tally]));
  // A month that is kept as one sum has the proof of its nights, if it is that of all.
  const periodOf = (date: SavingsDate): string => (counted.has(monthOf(date)) ? monthOf(date) : date);
  const proofs = Map.groupBy(savings?.nights ?? [], ({ date }) => periodOf(date));
  const used: UsedEnergy[] = [];
  for (const period of new Set([...counted.keys(), ...proofs.keys()])) {
    used.push(usedIn(period, { tally: counted.get(period), proofs: proofs.get(period) ?? [], billed }));
    yield;
  }
  return used.toSorted((a, b) => (a.period < b.period ? -1 : 1));
}

interface CountedPeriod {
  readonly tally: NightTally | undefined;
  readonly proofs: readonly SavingsNightFigures[];
  readonly billed: ReadonlySet<string>;
}

function usedIn(period: string, { tally, proofs, billed }: CountedPeriod): UsedEnergy {
  const usedKwh = numbersSum(proofs.map(({ measuredKwh, estimatedKwh }) => measuredKwh + estimatedKwh));
  const referenceKwh = numbersSum(proofs.map(({ adjustedKwh }) => adjustedKwh));
  const zones = Object.values(tally?.zones ?? {});
  // The proof of a month may begin in the middle of it.
  const hasProof = proofs.length > 0 && !(isMonthPeriod(period) && tally !== undefined && proofs.length < nightsInSum(tally));
  return {
    period,
    computedKwh: zones.length === 0 ? null : numbersSum(zones.map(({ wh }) => wh / 1_000)),
    formerKwh: zones.length === 0 ? null : numbersSum(zones.map(({ baselineWh }) => baselineWh / 1_000)),
    metered: hasProof ? { kwh: usedKwh, source: 'proof' } : tally === undefined ? null : meteredOf(tally, billed),
    proof: hasProof ? { usedKwh, referenceKwh, halfKwh: Math.hypot(...proofs.map(({ halfKwh }) => halfKwh)) } : null,
  };
}

function meteredOf({ meters }: NightTally, billed: ReadonlySet<string>): UsedEnergy['metered'] {
  const all = Object.entries(meters);
  const ofInvoice = all.filter(([id]) => billed.has(id));
  const own = ofInvoice.length > 0 ? ofInvoice : all;
  return own.length === 0 ? null : { kwh: numbersSum(own.map(([, { kwh }]) => kwh)), source: ofInvoice.length > 0 ? 'invoice' : 'meters' };
}

/** Returns the energy of each night of a proven saving. `computedKwh` and `formerKwh` are null. */
export function provenEnergy({ nights }: SavingsResult): readonly UsedEnergy[] {
  return nights.map(({ date, measuredKwh, estimatedKwh, adjustedKwh, halfKwh }) => {
    const usedKwh = measuredKwh + estimatedKwh;
    const metered = { kwh: usedKwh, source: 'proof' } as const;
    return { period: date, computedKwh: null, formerKwh: null, metered, proof: { usedKwh, referenceKwh: adjustedKwh, halfKwh } };
  });
}

/** Returns the energy of a night or month with its source: `metered` if known, otherwise computed. 0, as computed, if neither is known. */
export function bestOf({ metered, computedKwh }: UsedEnergy): { readonly kwh: number; readonly source: EnergySource } {
  return metered ?? { kwh: computedKwh ?? 0, source: 'computed' };
}

/**
 * Returns the energy of the nights and months in `used`, for cost and emissions. A night in `byTariff` has the parts that it has there. Any
 * other night or month is one part without a tariff period. `byTariff`: the energy of the meter of the invoice, by night.
 */
export function energyParts(used: readonly UsedEnergy[], byTariff: ReadonlyMap<SavingsDate, readonly EnergyPart[]>): readonly EnergyPart[] {
  return used.flatMap((night) => byTariff.get(night.period) ?? [{ day: firstDay(night.period), tariff: null, kwh: bestOf(night).kwh }]);
}

/** Returns the sources that `bestOf` gives for these nights, each with its number of nights or months. */
export function sourcesOf(used: readonly UsedEnergy[]): ReadonlyMap<EnergySource, number> {
  const found = new Map<EnergySource, number>();
  for (const night of used) found.set(bestOf(night).source, (found.get(bestOf(night).source) ?? 0) + 1);
  return found;
}

function firstDay(period: string): string {
  return isMonthPeriod(period) ? `${period}-01` : period;
}
