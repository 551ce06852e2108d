/** The saving of a period with its 90 % interval, from the ledger and the counted nights. Pure. */
import { HOUR_MS } from '../../core/durations.ts';
import type {
  LedgerEntry,
  SavingsAdjustment,
  SavingsBaseline,
  SavingsDate,
  SavingsFigures,
  SavingsGap,
  SavingsNight,
  SavingsNightFigures,
  SavingsResult,
  SavingsZoneFigures,
} from '../../core/savings-view.ts';
import { fitQuality, rootSumSquares, Z_90 } from './fit-quality.ts';
import { baselineEntry, entriesWith, overlaps } from './ledger-chain.ts';
import { isMeasuredWhole } from './meter-night.ts';
import { darkHoursOf, datesBetween, type ReferenceEnergy, referenceEnergy } from './reference.ts';
import { referenceChecks } from './reference-checks.ts';

/** A night with its reference. */
interface PairedNight {
  readonly night: SavingsNight;
  readonly darkHours: Readonly<Record<string, number>>;
  readonly reference: ReferenceEnergy;
  readonly figures: SavingsFigures;
  readonly gaps: readonly (SavingsGap & { readonly meter: string })[];
  /** No gap, and no correction of earlier nights. */
  readonly isWhole: boolean;
  readonly modelKwh: number | null;
}

/** Fewest nights from which the model is judged. Source: one more than its two parameters that apply to all nights. */
const LEAST_JUDGED = 3;
const MODEL_PARAMETERS = 2;

/** The nights of a result, both included. */
interface SavingsPeriod {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
}

/**
 * Returns the saving of the nights from `from` to `to`, both included; null if the ledger has no baseline, or only voided ones. Nights
 * before the baseline are left out. Nights that are not stored, or without a count of a meter of the baseline, are named and are in no sum.
 */
export function savingsResult(
  entries: readonly LedgerEntry[],
  nights: readonly SavingsNight[],
  period: SavingsPeriod,
): SavingsResult | null {
  const steps = savingsSteps(entries, nights, period);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/**
 * As `savingsResult`, in short steps between which the caller can pause: the darkness of a night takes milliseconds on a gateway. Returns
 * null without a baseline that counts.
 */
export function* savingsSteps(
  entries: readonly LedgerEntry[],
  nights: readonly SavingsNight[],
  { from, to }: SavingsPeriod,
): Generator<void, SavingsResult | null, void> {
  const frozen = baselineEntry(entries);
  if (frozen === undefined) return null;
  const { baseline, n: baselineN } = frozen;
  const dates = datesBetween(from < baseline.from ? baseline.from : from, to);
  // A night without a count of one of the meters would look like a night without its energy.
  const counted = nights.filter((night) => baseline.meters.every(({ id }) => night.meters[id] !== undefined));
  const stored = new Map(counted.map((night) => [night.date, night]));
  const hoursOf = darkHoursOf(baseline);
  const valid = entriesWith(entries, { n: baselineN, from: baseline.from });
  const paired: PairedNight[] = [];
  const figures: SavingsNightFigures[] = [];
  for (const date of dates) {
    const night = stored.get(date);
    if (night === undefined) continue;
    const one = pairedNight(night, baseline, valid, hoursOf(date));
    paired.push(one);
    figures.push(nightFigures(one, baseline));
    yield;
  }
  const total = added(paired.map((each) => each.figures));
  yield;
  const { checks, otherHalfKwh } = referenceChecks(checkedNights(paired), baseline, valid, total);
  yield;
  const halfParts = {
    ...halfPartsOf(paired, { baseline, total, isExchanged: isExchanged(valid, baseline, dates) }),
    otherKwh: otherHalfKwh,
  };
  yield;
  const halfKwh = rootSumSquares(Object.values(halfParts));
  const usedKwh = total.measuredKwh + total.estimatedKwh;
  const share = (kwh: number): number | null => (usedKwh > 0 ? (100 * kwh) / usedKwh : null);
  const zones = yield* zonesOf(paired, baseline);
  const adjustments = adjustmentsOf(paired, valid);
  yield;
  return {
    from: dates[0] ?? from,
    to,
    nightsExpected: dates.length,
    nightsCounted: paired.length,
    missingNights: dates.filter((date) => !stored.has(date)),
    ...{ baselineN, baseline, total, halfKwh, halfParts, checks },
    savedPct: total.adjustedKwh > 0 ? (100 * total.savedKwh) / total.adjustedKwh : null,
    isSignificant: total.savedKwh > (2 * halfKwh) / Z_90,
    ...judged(paired),
    measuredSharePct: share(total.measuredKwh),
    estimatedSharePct: share(total.estimatedKwh),
    nights: figures,
    ...{ zones, adjustments },
    gaps: paired.flatMap(({ night, gaps }) => gaps.map((gap) => ({ ...gap, date: night.date }))),
    entries: entries.filter((entry) => overlaps(entry, dates[0] ?? from, to)),
  };
}

function checkedNights(paired: readonly PairedNight[]): Parameters<typeof referenceChecks>[0] {
  return paired.map(({ night, darkHours }) => ({ night, darkHours: meanOf(Object.values(darkHours)) }));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function pairedNight(
  night: SavingsNight,
  baseline: SavingsBaseline,
  entries: readonly LedgerEntry[],
  darkHours: Readonly<Record<string, number>>,
): PairedNight {
  const reference = referenceEnergy(baseline, entries, { date: night.date, hours: (night.toMs - night.fromMs) / HOUR_MS, darkHours });
  const meters = baseline.meters.flatMap(({ id }) => {
    const meter = night.meters[id];
    return meter === undefined ? [] : [{ id, ...meter }];
  });
  const measuredKwh = meters.reduce((sum, { measuredWh }) => sum + measuredWh, 0) / 1_000;
  const { referenceKwh, routineKwh, nonRoutineKwh } = reference;
  const adjustedKwh = referenceKwh + routineKwh + nonRoutineKwh;
  const gaps = meters.flatMap(({ id, gaps: all }) =>
    all.map((gap) => ({ ...gap, meter: id, halfWh: gap.isGuess === true ? Math.max(gap.halfWh, 1_000 * adjustedKwh) : gap.halfWh })),
  );
  const estimatedKwh = gaps.reduce((sum, { wh }) => sum + wh, 0) / 1_000;
  const isModelled = meters.length === baseline.meters.length && meters.every(({ modelWh }) => modelWh !== null);
  return {
    ...{ night, darkHours, reference, gaps },
    figures: {
      ...{ referenceKwh, routineKwh, nonRoutineKwh, adjustedKwh, measuredKwh, estimatedKwh },
      savedKwh: adjustedKwh - measuredKwh - estimatedKwh,
    },
    isWhole: meters.every(isMeasuredWhole),
    modelKwh: isModelled ? meters.reduce((sum, { modelWh }) => sum + (modelWh ?? 0), 0) / 1_000 : null,
  };
}

function added(all: readonly SavingsFigures[]): SavingsFigures {
  const sum = (key: keyof SavingsFigures): number => all.reduce((kwh, each) => kwh + each[key], 0);
  return {
    referenceKwh: sum('referenceKwh'),
    routineKwh: sum('routineKwh'),
    nonRoutineKwh: sum('nonRoutineKwh'),
    adjustedKwh: sum('adjustedKwh'),
    measuredKwh: sum('measuredKwh'),
    estimatedKwh: sum('estimatedKwh'),
    savedKwh: sum('savedKwh'),
  };
}

/**
 * The parts of the interval, each as half of a 90 % interval. The limits of error of a meter are a rectangular distribution, in all nights
 * alike. Source: ISO/IEC Guide 98-3 (GUM) 4.3.7.
 */
function halfPartsOf(
  nights: readonly PairedNight[],
  { baseline, total, isExchanged: isOther }: { baseline: SavingsBaseline; total: SavingsFigures; isExchanged: boolean },
): SavingsResult['halfParts'] {
  const usedKwh = total.measuredKwh + total.estimatedKwh;
  const classShare = Math.max(0, ...baseline.meters.map(({ classPct }) => classPct / 100)) / Math.sqrt(3);
  // The error of the meter that also measured the reference is the same share of both, so it is that share of the saving.
  const isShared = baseline.source === 'meter' && !isOther;
  const ofReference = baseline.source === 'meter' && isOther ? total.adjustedKwh : 0;
  const meterKwh = Z_90 * classShare * (isShared ? Math.abs(total.savedKwh) : rootSumSquares([usedKwh, ofReference]));
  return {
    referenceKwh: (baseline.powerHalfPct / 100) * total.adjustedKwh,
    meterKwh,
    gapsKwh: gapsHalfKwh(nights),
    nightsKwh: Z_90 * rootSumSquares(nights.map(({ figures }) => (baseline.nightPct / 100) * figures.adjustedKwh)),
  };
}

/** Errors of gaps differ from night to night, but an estimate of which nothing is known is wrong in all nights alike. */
function gapsHalfKwh(nights: readonly PairedNight[]): number {
  const all = nights.flatMap(({ gaps }) => gaps);
  const unknownWh = all.reduce((sum, { wh, halfWh }) => sum + (halfWh >= wh ? halfWh : 0), 0);
  return rootSumSquares([unknownWh, ...all.flatMap(({ wh, halfWh }) => (halfWh >= wh ? [] : [halfWh]))]) / 1_000;
}

/** Whether a meter of the baseline was exchanged after it was frozen. */
function isExchanged(entries: readonly LedgerEntry[], { meters, from }: SavingsBaseline, dates: readonly SavingsDate[]): boolean {
  const ids = new Set(meters.map(({ id }) => id));
  return entries.some(
    (entry) => entry.cause === 'meter-exchanged' && entry.about.some((id) => ids.has(id)) && overlaps(entry, from, dates.at(-1) ?? from),
  );
}

function judged(nights: readonly PairedNight[]): Pick<SavingsResult, 'cvPct' | 'nmbePct'> {
  const pairs = nights.flatMap(({ modelKwh, figures, isWhole }) =>
    modelKwh === null || !isWhole ? [] : [{ measured: figures.measuredKwh, modelled: modelKwh }],
  );
  const quality = pairs.length < LEAST_JUDGED ? null : fitQuality(pairs, MODEL_PARAMETERS);
  return { cvPct: quality?.cvPct ?? null, nmbePct: quality?.nmbePct ?? null };
}

function nightFigures({ night, figures, darkHours, modelKwh, ...rest }: PairedNight, baseline: SavingsBaseline): SavingsNightFigures {
  const one = { night, figures, darkHours, modelKwh, ...rest };
  const halfKwh = rootSumSquares(Object.values(halfPartsOf([one], { baseline, total: figures, isExchanged: false })));
  return { date: night.date, ...figures, darkHours, modelKwh, halfKwh };
}

/** The metered energy of each night is divided by the computed energy of the zones. */
function* zonesOf(nights: readonly PairedNight[], { zones }: SavingsBaseline): Generator<void, readonly SavingsZoneFigures[], void> {
  const sums = new Map(zones.map(({ id }) => [id, { adjustedKwh: 0, usedKwh: 0 }]));
  for (const { reference } of nights)
    for (const id of Object.keys(reference.zones)) if (!sums.has(id)) sums.set(id, { adjustedKwh: 0, usedKwh: 0 });
  yield;
  for (const { night, reference, figures } of nights) {
    const computedWh = Object.values(night.zoneWh).reduce((sum, wh) => sum + wh, 0);
    const zoneSum = Object.values(reference.zones).reduce((sum, kwh) => sum + kwh, 0);
    // What the reference has besides the zones, the other load, is in the metered energy too.
    const sharedKwh = figures.measuredKwh + figures.estimatedKwh - (figures.adjustedKwh - zoneSum);
    for (const [zone, sum] of sums) {
      sum.adjustedKwh += reference.zones[zone] ?? 0;
      sum.usedKwh += (computedWh > 0 ? (night.zoneWh[zone] ?? 0) / computedWh : 0) * sharedKwh;
    }
    yield;
  }
  return [...sums].map(([zone, { adjustedKwh, usedKwh }]) => ({ zone, adjustedKwh, usedKwh, savedKwh: adjustedKwh - usedKwh }));
}

/** The entries that changed the reference of some night, with the sum of what they changed. */
function adjustmentsOf(nights: readonly PairedNight[], entries: readonly LedgerEntry[]): readonly SavingsAdjustment[] {
  const sums = new Map<number, number>();
  for (const { reference } of nights) for (const [n, kwh] of reference.byEntry) sums.set(n, (sums.get(n) ?? 0) + kwh);
  return entries.flatMap(({ n, cause, by }) => {
    const kwh = sums.get(n);
    return kwh === undefined ? [] : [{ n, cause, by, kwh }];
  });
}
