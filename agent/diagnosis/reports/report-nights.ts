/** The nights of a report: which are expected, counted, missing, or only known as part of a month. Pure. */
import type { SavingsDate } from '../../core/savings-view.ts';
import { monthOf, nextNight } from '../energy-months.ts';
import { added, type NightTally, NO_TALLY } from '../energy-tally.ts';
import type { KeptNights } from '../energy-tracker.ts';

/** The counted nights of a range. `from` and `to`: its first and last night, both included. */
export interface ReportNights {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
  /** Nights that were counted one by one, and whole months that are kept as one sum; oldest first. */
  readonly kept: readonly KeptNights[];
  /** Number of nights of the range, and of the counted ones. */
  readonly expected: number;
  readonly counted: number;
  /** Nights that are not in `kept`, those of `partMonths` included. Within a month in `kept`, it is not known which nights are missing. */
  readonly missing: readonly SavingsDate[];
  /** Months that are kept as one sum, of which only a part is in the range. They are not in `kept`. */
  readonly partMonths: readonly string[];
  /** The sum of all counted nights. */
  readonly sum: NightTally;
  /** The last night of `kept` has not ended. */
  readonly isOpen: boolean;
}

/** Most nights of one report. Source: twelve years, the longest contract in use, and the running year. */
const MAX_NIGHTS = 13 * 366;

/**
 * Returns the nights from `from` to `to`, both included, in short steps. `stored`: the sums of these nights and of their months, oldest
 * first.
 */
export function* reportNights(from: SavingsDate, to: SavingsDate, stored: readonly KeptNights[]): Generator<void, ReportNights, void> {
  const dates = nightDates(from, to);
  const byMonth = Map.groupBy(dates, monthOf);
  const isWhole = (month: string): boolean => byMonth.get(month)?.length === daysIn(month);
  const isMonth = ({ period }: KeptNights): boolean => isMonthPeriod(period);
  const kept = stored.filter((each) => !isMonth(each) || isWhole(each.period));
  const months = new Set(stored.filter(isMonth).map(({ period }) => period));
  const nights = new Set(kept.filter((each) => !isMonth(each)).map(({ period }) => period));
  let sum = NO_TALLY;
  for (const { tally } of kept) {
    sum = added(sum, tally, 'time');
    yield;
  }
  const inMonths = kept.filter(isMonth).reduce((sum, { tally }) => sum + nightsInSum(tally), 0);
  return {
    ...{ from, to, kept },
    expected: dates.length,
    counted: nights.size + inMonths,
    // Which nights of a month that is one sum were not counted is not known.
    missing: dates.filter((date) => !nights.has(date) && !(months.has(monthOf(date)) && isWhole(monthOf(date)))),
    partMonths: [...months].filter((month) => !isWhole(month)),
    sum,
    isOpen: kept.at(-1)?.isOpen ?? false,
  };
}

/** Whether a period of counted nights is a month that is kept as one sum, `2026-12`, and not a night. Only its length is checked. */
export function isMonthPeriod(period: string): boolean {
  return period.length === 'YYYY-MM'.length;
}

/** Returns the number of nights in a sum: that of the zone or the meter that was counted most often. */
export function nightsInSum({ zones, meters }: NightTally): number {
  return Math.max(0, ...[...Object.values(zones), ...Object.values(meters)].map(({ nights }) => nights));
}

/** Returns the dates from one to another, both included, but at most the first 4,758. Empty if `to` is earlier. */
export function nightDates(from: SavingsDate, to: SavingsDate): readonly SavingsDate[] {
  const dates: SavingsDate[] = [];
  for (let date = from; date <= to && dates.length < MAX_NIGHTS; date = nextNight(date)) dates.push(date);
  return dates;
}

/** Returns the same date a year before; for the 29th of February the 28th. */
export function yearBefore(date: SavingsDate): SavingsDate {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year - 1, month, 0)).getUTCDate();
  return new Date(Date.UTC(year - 1, month - 1, Math.min(day, last))).toISOString().slice(0, 10);
}

/** Whether this is a date that exists, as `2026-12-01`. */
export function isNightDate(text: string): boolean {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().slice(0, 10) === text;
}

function daysIn(month: string): number {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}
