/** Makes the baseline that a person freezes, from the configuration and, if wanted, from learned nights of a meter. Pure. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { LoadFit, ReferenceLamp, ReferenceZone, SavingsBaseline, SavingsDate, SavingsMeter } from '../../core/savings-view.ts';
import { powerW } from '../energy.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { studentQuantile90, Z_90 } from './fit-quality.ts';
import { LEVEL_SPREAD } from './load-fit.ts';
import { darkHoursOf, meanDarkHours } from './reference.ts';

/**
 * What a baseline is made from. `from`: its first night. `fit`: what a meter has taught; null for nameplates. `tolerancePct`: how
 * far the power of a nameplate may be off, above or below. Units: %.
 */
export interface FrozenFacts {
  readonly cabinet: Pick<Cabinet, 'latitudeDeg' | 'longitudeDeg' | 'timezone' | 'zones' | 'lamps'>;
  readonly from: SavingsDate;
  readonly meters: readonly SavingsMeter[];
  readonly fit: LoadFit | null;
  /**
   * Load with dark lamps that is learned although the powers are nameplates. 0: it is not known, and is computed from the standby of the
   * lamps. Not used with `fit`. Units: W.
   */
  readonly otherW: number;
  readonly tolerancePct: number;
}

/**
 * Half of the 90 % interval for what a learned model misses in another season. Units: %. Source: the limit of NMBE in docs/savings.md. Confirmed by: bench
 * savings, December judged in June.
 */
const SEASON_HALF_PCT = 0.5;
/**
 * How far the factor of a level that was never learned is from the common one. Units: share. Source: assumed; a curve of exponent 0.8 or 1.3 that
 * is known up to 40 % and used at 100 %. Confirmed by: power curves of luminaires.
 */
const UNLEARNED_SPREAD = 0.2;

/**
 * Returns the baseline that is made from these facts. Without `fit`, `powerHalfPct` follows from `tolerancePct`, taken as the limits of a
 * rectangular distribution. With `fit`, `tolerancePct` is used for lamps of the reference whose power is not the present one.
 */
export function frozenBaseline({ cabinet, from, meters, fit, otherW, tolerancePct }: FrozenFacts): SavingsBaseline {
  const { latitudeDeg, longitudeDeg, timezone } = cabinet;
  const zones = cabinet.zones.map((zone) => ({
    id: zone.id,
    sunBelowDeg: zone.sunBelowDeg,
    onOffsetMin: zone.onOffsetMin,
    offOffsetMin: zone.offOffsetMin,
    seasons: zone.seasons ?? [],
    lamps: referenceLamps(cabinet, zone, fit),
  }));
  const site = { latitudeDeg, longitudeDeg, timezone };
  const hoursOf = darkHoursOf({ ...site, zones: zones.map((zone) => ({ ...zone, meanHours: 0 })) });
  const dated = zones.map((zone) => ({ ...zone, meanHours: meanDarkHours((date) => hoursOf(date)[zone.id] ?? 0, from) }));
  return {
    source: fit === null ? 'nameplates' : 'meter',
    from,
    ...site,
    meters,
    zones: dated,
    otherW: fit?.otherW ?? (otherW > 0 ? otherW : standbyW(cabinet)),
    factors: fit?.factors ?? Array.from({ length: LEVEL_BANDS }, () => 1),
    powerHalfPct:
      fit === null
        ? (Z_90 * tolerancePct) / Math.sqrt(3)
        : Math.hypot(learnedHalfPct(fit), unlearnedHalfPct(cabinet, dated, { fit, tolerancePct })),
    nightPct: fit === null || Number.isNaN(fit.cvPct) ? 0 : fit.cvPct,
    learnedNights: fit?.nights ?? null,
  };
}

/**
 * Returns the lamps of a zone with the power and the `reduction` that follow from `zones[].baseline`. `reduction` is the share of the power
 * that is used at the level. If a lamp keeps its present power, this share follows the power curve of the agent, and the power is
 * multiplied by the factor of `fit` for that level.
 */
export function referenceLamps(
  { lamps }: Pick<Cabinet, 'lamps'>,
  { lamps: ids, baseline }: Cabinet['zones'][number],
  fit: Pick<LoadFit, 'factors'> | null,
): readonly ReferenceLamp[] {
  const { levelPct } = baseline;
  const factor = fit?.factors[Math.min(LEVEL_BANDS - 1, Math.ceil(levelPct / 10))] ?? 1;
  return ids.flatMap((id) => {
    const lamp = lamps.find((each) => each.id === id);
    if (lamp === undefined) return [];
    // As in the energy figures: other lamps take power in proportion to the level.
    const isSame = isSameLamp(baseline, lamp.ratedPowerW);
    const reduction = isSame ? powerW(lamp.ratedPowerW, levelPct) / lamp.ratedPowerW : levelPct / 100;
    return [{ id, powerW: (baseline.lampPowerW ?? lamp.ratedPowerW) * (isSame ? factor : 1), reduction }];
  });
}

/** Whether the lamp of the reference is the present one. */
function isSameLamp({ lampPowerW }: Cabinet['zones'][number]['baseline'], ratedPowerW: number): boolean {
  return lampPowerW === null || lampPowerW === ratedPowerW;
}

/** Mean power over the day of lamps that wait by day. Other lamps of the reference had no driver that waits. */
function standbyW({ zones, lamps }: FrozenFacts['cabinet']): number {
  const baselines = new Map(zones.flatMap(({ lamps: ids, baseline }) => ids.map((id) => [id, baseline] as const)));
  const waitingW = lamps.reduce((sum, { id, ratedPowerW }) => {
    const baseline = baselines.get(id);
    return sum + (baseline !== undefined && isSameLamp(baseline, ratedPowerW) ? powerW(ratedPowerW, 0) : 0);
  }, 0);
  return 0.5 * waitingW;
}

/**
 * Half of the 90 % interval for what the meter did not teach: factors of levels that the learned nights hardly had, and former lamps. Units: %
 * of the energy of the lamps. The share of the prior variance that is left says how little was learned.
 */
function unlearnedHalfPct(
  { zones, lamps }: FrozenFacts['cabinet'],
  dated: readonly ReferenceZone[],
  { fit: { factors, factorErrors = [] }, tolerancePct }: { readonly fit: LoadFit; readonly tolerancePct: number },
): number {
  const ratedW = new Map(lamps.map(({ id, ratedPowerW }) => [id, ratedPowerW]));
  let [errorWh, wholeWh] = [0, 0];
  for (const [at, { baseline }] of zones.entries())
    for (const lamp of dated[at]?.lamps ?? []) {
      const isSame = isSameLamp(baseline, ratedW.get(lamp.id) ?? 0);
      const band = Math.min(LEVEL_BANDS - 1, Math.ceil(baseline.levelPct / 10));
      const error = factorErrors[band] ?? 0;
      const unlearned = Math.hypot(error, UNLEARNED_SPREAD * Math.min(1, (error / LEVEL_SPREAD) ** 2)) / (factors[band] ?? 1);
      const wh = lamp.powerW * lamp.reduction * (dated[at]?.meanHours ?? 0);
      // No meter has measured the lamps of another installation.
      errorWh += wh * (isSame ? unlearned : tolerancePct / 100 / Math.sqrt(3));
      wholeWh += wh;
    }
  return wholeWh > 0 ? (100 * Z_90 * errorWh) / wholeWh : 0;
}

function learnedHalfPct({ standardErrorPct, nights }: LoadFit): number {
  return Math.hypot(studentQuantile90(Math.max(1, nights - 2)) * standardErrorPct, SEASON_HALF_PCT);
}
