/** Compares what the nights measured with the powers and the other load of the baseline. Pure. */
import { HOUR_MS } from '../../core/durations.ts';
import type { LedgerEntry, SavingsBaseline, SavingsChecks, SavingsFigures, SavingsNight } from '../../core/savings-view.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { rootSumSquares, Z_90 } from './fit-quality.ts';
import { overlaps } from './ledger-chain.ts';
import { isMeasuredWhole } from './meter-night.ts';
import { extraOf } from './reference.ts';

/** Half intervals of 90 % that a difference may be large: 1 of 1,000 is larger by chance. For nameplates and class it is the sum of their limits. */
const TWICE = 2;

/** A counted night. `darkHours`: mean hours of darkness of the zones of the baseline. Units: h. */
export interface CheckedNight {
  readonly night: SavingsNight;
  readonly darkHours: number;
}

interface NightCheck {
  readonly date: string;
  readonly hours: number;
  readonly darkHours: number;
  /** Load besides the light: in the reference with the ledger, and measured; null if it was not measured. Units: W. */
  readonly referenceW: number;
  readonly measuredW: number | null;
  /** Energy of the lamps by the powers of the baseline, and energy of the meters; null if a part of it was not measured. Units: kWh. */
  readonly lampsKwh: number | null;
  readonly usedKwh: number;
  /** Energy that lamps with a fault did not use, or may not have used. Units: kWh. */
  readonly lostKwh: number;
}

/**
 * Returns the checks, and `otherHalfKwh`: half of the interval for what they found. That is `unexplainedKwh`, scaled up to the energy of
 * the reference. With a baseline from a meter, the difference of the other load is added, and for the hours of darkness added twice. Both
 * may have one cause, such as a heater. `entries`: those that count with the baseline. Units: kWh.
 */
export function referenceChecks(
  nights: readonly CheckedNight[],
  baseline: SavingsBaseline,
  entries: readonly LedgerEntry[],
  { adjustedKwh, measuredKwh, estimatedKwh }: Pick<SavingsFigures, 'adjustedKwh' | 'measuredKwh' | 'estimatedKwh'>,
): { readonly checks: SavingsChecks; readonly otherHalfKwh: number } {
  const checked = nights.map((each) => nightCheck(each, baseline, entries));
  const sumWh = (of: (night: SavingsNight) => number | undefined): number => nights.reduce((sum, { night }) => sum + (of(night) ?? 0), 0);
  const measured = measuredNights(checked, baseline, entries);
  const lamps = lampsCheck(measured, baseline);
  const darkKwh = sumWh(({ lost }) => lost?.darkWh) / 1_000;
  const silentKwh = sumWh(({ lost }) => lost?.silentWh) / 1_000;
  const unexplainedKwh = unexplained(
    lamps,
    measured.reduce((sum, { lostKwh }) => sum + lostKwh, 0),
  );
  const checks = { lamps, otherLoad: otherLoadOf(checked), darkKwh, silentKwh, unexplainedKwh };
  const otherKwh = baseline.source === 'meter' ? otherLoadHalfKwh(checked) : 0;
  // A wrong power is wrong in the reference too, which has more energy than the dimmed lamps.
  const share = Math.max(1, adjustedKwh / Math.max(measuredKwh + estimatedKwh, 1e-9));
  return { checks, otherHalfKwh: otherKwh + share * unexplainedKwh };
}

function nightCheck({ night, darkHours }: CheckedNight, baseline: SavingsBaseline, entries: readonly LedgerEntry[]): NightCheck {
  const hours = (night.toMs - night.fromMs) / HOUR_MS;
  const meters = baseline.meters.map(({ id }) => night.meters[id]);
  const loads = entries.filter((entry) => entry.cause === 'other-load' && overlaps(entry, night.date, night.date));
  const extraKwh = loads.reduce((sum, entry) => sum + extraOf(entry, { hours }).kwh, 0);
  const darkW = meters.map((meter) => meter?.darkW ?? null);
  const isWhole = night.bandWh !== undefined && meters.every((meter) => meter !== undefined && isMeasuredWhole(meter));
  return {
    ...{ date: night.date, hours, darkHours },
    referenceW: baseline.otherW + (1_000 * extraKwh) / hours,
    measuredW: darkW.some((watts) => watts === null) ? null : darkW.reduce((sum: number, watts) => sum + (watts ?? 0), 0),
    lampsKwh: isWhole ? litWh(night.bandWh ?? [], baseline.factors) / 1_000 : null,
    lostKwh: ((night.lost?.darkWh ?? 0) + (night.lost?.silentWh ?? 0)) / 1_000,
    usedKwh: meters.reduce((sum, meter) => sum + (meter?.measuredWh ?? 0), 0) / 1_000,
  };
}

/** The other load includes lamps that wait. */
function litWh(bandWh: readonly number[], factors: readonly number[]): number {
  let sum = 0;
  for (let band = 1; band < LEVEL_BANDS; band++) sum += (factors[band] ?? 1) * (bandWh[band] ?? 0);
  return sum;
}

/** The nights in which lamps, other load and meters are known. Learned factors belong to the rated powers that were in force. */
function measuredNights(
  checked: readonly NightCheck[],
  { source }: SavingsBaseline,
  entries: readonly LedgerEntry[],
): readonly NightCheck[] {
  const rated = source === 'meter' ? entries.find(({ cause, by }) => cause === 'wattage' && by === 'agent') : undefined;
  return checked.filter(({ date, lampsKwh, measuredW }) => lampsKwh !== null && measuredW !== null && date < (rated?.from ?? '9'));
}

function lampsCheck(known: readonly NightCheck[], baseline: SavingsBaseline): SavingsChecks['lamps'] {
  const { source, meters, powerHalfPct, nightPct } = baseline;
  if (known.length === 0) return null;
  const lampsKwh = known.reduce((sum, night) => sum + (night.lampsKwh ?? 0), 0);
  const otherKwh = known.reduce((sum, { measuredW, hours }) => sum + ((measuredW ?? 0) * hours) / 1_000, 0);
  const usedKwh = known.reduce((sum, night) => sum + night.usedKwh, 0);
  const classPct = Math.max(0, ...meters.map((meter) => meter.classPct));
  const nightKwh = rootSumSquares(known.map((night) => (nightPct / 100) * night.usedKwh));
  const powerKwh = (powerHalfPct / 100) * lampsKwh;
  return {
    ...{ nights: known.length, expectedKwh: lampsKwh + otherKwh, usedKwh },
    allowedKwh:
      source === 'meter'
        ? // The error of the meter is in both.
          TWICE * rootSumSquares([powerKwh, Z_90 * nightKwh])
        : (powerKwh * Math.sqrt(3)) / Z_90 + (classPct / 100) * usedKwh,
  };
}

function otherLoadOf(checked: readonly NightCheck[]): SavingsChecks['otherLoad'] {
  const known = checked.filter(({ measuredW }) => measuredW !== null);
  const mean = (of: (night: NightCheck) => number): number => known.reduce((sum, night) => sum + of(night), 0) / known.length;
  return known.length === 0
    ? null
    : { referenceW: mean(({ referenceW }) => referenceW), measuredW: mean(({ measuredW }) => measuredW ?? 0) };
}

function unexplained(lamps: SavingsChecks['lamps'], lostKwh: number): number {
  if (lamps === null) return 0;
  const missingKwh = lamps.expectedKwh - lamps.usedKwh;
  const rest = missingKwh > 0 ? missingKwh - lostKwh : -missingKwh;
  return rest > lamps.allowedKwh ? rest : 0;
}

/**
 * The difference of the other load as energy. In the dark it is counted twice: the load is measured by day, and may be up to twice as much at night.
 * Source: assumed, as the model does for a heater. Confirmed by: meters of cabinets with a heater.
 */
function otherLoadHalfKwh(checked: readonly NightCheck[]): number {
  const sum = checked.reduce(
    (kwh, { measuredW, referenceW, hours, darkHours }) =>
      kwh + (measuredW === null ? 0 : ((measuredW - referenceW) * (hours + darkHours)) / 1_000),
    0,
  );
  return Math.abs(sum);
}
