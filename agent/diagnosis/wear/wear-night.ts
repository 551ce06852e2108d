/** The summary of one lamp in one night, as stored for the prediction; and of a week, which has the same shape. Pure. */
import { quantile } from '../../core/quantile.ts';
import type { NightDate } from '../energy-months.ts';

/** The names of the quantities of a summary, in the order in which their values are stored. */
export const WEAR_QUANTITIES = [
  'driftPct',
  'temperatureC',
  'deratedPct',
  'currentPct',
  'starts',
  'hours',
  'ratedHours',
  'ratedStarts',
  'ratedTemperatureC',
] as const;
/** The name of one quantity of a `WearNight`. */
export type WearQuantity = (typeof WEAR_QUANTITIES)[number];

/**
 * One lamp in one night, or in a week of nights. Units: `driftPct` % by which the power has drifted, positive if it is more; `deratedPct` %
 * of the lit time; `currentPct` mean % of the nominal output current, near full level; `temperatureC` mean °C while lit; `hours` h.
 * `starts` and `hours` are the newest values of counters, not what the night added. Null: not known.
 */
export interface WearNight extends Readonly<Record<WearQuantity, number | null>> {
  /** Number of nights that it summarises. */
  readonly nights: number;
  /** Checksum of device, type and rated power. Another value counts as another lamp or driver; an equal one does not prove the same. */
  readonly kind: string;
}

/** The summary of one lamp in a night or a week, with the date of its last night. */
export interface DatedNight {
  readonly date: NightDate;
  readonly night: WearNight;
}

const MEDIAN = 0.5;
const DAYS = 7;
const LAST_WEEK = 3;
/**
 * Fewest nights that are summarised as a week. Source: assumed; the median of three ignores one wrong night. Confirmed by: `bench --
 * predict`.
 */
export const NIGHTS_A_WEEK = 3;
/** Counters and rated values: the newest value of a week, not the median, stands for it. */
const NEWEST: ReadonlySet<WearQuantity> = new Set<WearQuantity>(['starts', 'hours', 'ratedHours', 'ratedStarts', 'ratedTemperatureC']);

/** Returns the week of a night: four in each month, the last with the days from the 22nd on. Shape: `2026-12/0` for the first. */
export function weekOf(date: NightDate): string {
  return `${date.slice(0, 7)}/${Math.min(LAST_WEEK, Math.floor((Number(date.slice(8, 10)) - 1) / DAYS))}`;
}

/**
 * Returns one summary for each week (see `weekOf`) and kind that has enough nights, by week, oldest first. It has the medians, but of
 * counters and rated values the newest known one. `nights`: of one lamp, oldest first.
 */
export function weeksOf(nights: readonly DatedNight[]): readonly DatedNight[] {
  const weeks = Map.groupBy(nights, ({ date, night }) => `${weekOf(date)} ${night.kind}`);
  return [...weeks.values()].flatMap((all) => {
    const count = all.reduce((sum, { night }) => sum + night.nights, 0);
    return count < NIGHTS_A_WEEK ? [] : [summary(all, count)];
  });
}

function summary(all: readonly DatedNight[], nights: number): DatedNight {
  const newest = all.reduce((a, b) => (b.date > a.date ? b : a));
  const newestOrMedian = (quantity: WearQuantity): number | null => {
    const values = all.flatMap(({ night }) => night[quantity] ?? []);
    if (values.length === 0) return null;
    return NEWEST.has(quantity) ? (values.at(-1) ?? null) : quantile(values, MEDIAN);
  };
  return { date: newest.date, night: { ...wearValues(newestOrMedian), nights, kind: newest.night.kind } };
}

/** Returns an object with the value of `of` for each quantity of a summary. */
export function wearValues(of: (quantity: WearQuantity) => number | null): Record<WearQuantity, number | null> {
  return Object.fromEntries(WEAR_QUANTITIES.map((quantity) => [quantity, of(quantity)])) as Record<WearQuantity, number | null>;
}

/** Returns a summary as a short array for the store: the kind, the number of nights, then the quantities. Units: as in `WearNight`, two decimals. */
export function packedWearNight(night: WearNight): readonly (string | number | null)[] {
  return [night.kind, night.nights, ...WEAR_QUANTITIES.map((quantity) => rounded(night[quantity]))];
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}

/** Reads a stored summary; undefined if it has another shape. A quantity that is not a number is null. */
export function readNight(stored: unknown): WearNight | undefined {
  if (!Array.isArray(stored)) return undefined;
  const [kind, nights, ...values]: readonly unknown[] = stored;
  if (typeof kind !== 'string' || typeof nights !== 'number' || !(nights >= 1)) return undefined;
  return { ...wearValues((quantity) => finite(values[WEAR_QUANTITIES.indexOf(quantity)])), nights, kind };
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
