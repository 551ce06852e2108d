/** The history of one lamp since its last exchange, and its quantities by week. Pure. */
import { DAY_MS } from '../../core/durations.ts';
import { quantile } from '../../core/quantile.ts';
import type { SeriesPoint } from './theil-sen.ts';
import { type DatedNight, type WearQuantity, weekOf } from './wear-night.ts';

const MEDIAN = 0.5;
const WEEK_DAYS = 7;
/** A counter that falls by more than this belongs to another driver. Source: assumed; drivers save their counters at most some hours late. Confirmed by: counters of a driver over mains cuts. */
const FALL = { hours: 24, starts: 10 };
/** More starts in a night are no starts but another counter. Source: assumed; a driver that restarts each minute does it 1,440 times a day. Confirmed by: counters of failing drivers. */
const MOST_STARTS = 1_500;
/** Hours in a day, with the slack of a reading that is a day late. */
const MOST_HOURS = 24;

/** Hours that a person states for a lamp without known hours mean a new lamp up to this value. Units: h. Source: two nights. */
const NEW_HOURS = 48;
/** Nights from which the drift counts after an exchange. */
const FIRST_NIGHTS = 8;

/**
 * Returns the nights since the lamp or its driver was last exchanged, as far as the nights show that. After an exchange their `driftPct` is
 * the difference from that of the first nights after it. `nights`: in the order of their dates.
 */
export function sinceExchange(nights: readonly DatedNight[]): readonly DatedNight[] {
  let from = 0;
  for (let at = 1; at < nights.length; at++) {
    const [before, now] = [nights[at - 1]?.night, nights[at]?.night];
    if (now?.kind !== before?.kind || (before?.hours === null && (now?.hours ?? NEW_HOURS) < NEW_HOURS)) from = at;
  }
  for (const counter of ['hours', 'starts'] as const) from = Math.max(from, lastBreak(nights, counter));
  return from === 0 ? nights : rebased(nights.slice(from));
}

function rebased(nights: readonly DatedNight[]): readonly DatedNight[] {
  const drifts = nights.flatMap(({ night }) => night.driftPct ?? []);
  const firstPct = quantile(drifts.slice(0, FIRST_NIGHTS), MEDIAN);
  return nights.map(({ date, night }) => ({
    date,
    night: { ...night, driftPct: night.driftPct === null ? null : night.driftPct - firstPct },
  }));
}

/** Index of the first night after the last break of a counter. The median of three nights ignores one wrong reading. */
function lastBreak(nights: readonly DatedNight[], counter: 'hours' | 'starts'): number {
  const known = nights.flatMap(({ date, night }, at) => (night[counter] === null ? [] : [{ at, date, value: night[counter] }]));
  let from = 0;
  for (let n = 1; n < known.length; n++) {
    const [before, now] = [known[n - 1], known[n]];
    if (before === undefined || now === undefined) continue;
    const [low, high] = [smooth(known, n - 1), smooth(known, n)];
    const days = Math.max(1, (Date.parse(now.date) - Date.parse(before.date)) / DAY_MS) + 1;
    const most = counter === 'hours' ? MOST_HOURS * days + FALL.hours : MOST_STARTS * days;
    if (high < low - FALL[counter] || high - low > most) from = now.at;
  }
  return from;
}

function smooth(known: readonly { readonly value: number }[], at: number): number {
  const from = Math.max(0, Math.min(at - 1, known.length - 3));
  return quantile(
    known.slice(from, from + 3).map(({ value }) => value),
    MEDIAN,
  );
}

/**
 * Returns one quantity by week, in the order of `weeks`, without the weeks in which it is unknown. Units: x in weeks since 1970, at
 * the date of the summary; y as in `WearNight`.
 */
export function seriesOf(weeks: readonly DatedNight[], quantity: WearQuantity): readonly SeriesPoint[] {
  return weeks.flatMap(({ date, night }) => (night[quantity] === null ? [] : [{ x: weekNumber(date), y: night[quantity] }]));
}

/** Returns the `x` of a date in the points of `seriesOf` and `excessOf`. Units: weeks since 1970 in UTC, with fractions. Shape: `2026-12-01`. */
export function weekNumber(date: string): number {
  return Date.parse(date) / (WEEK_DAYS * DAY_MS);
}

/**
 * By week, as from `weekOf`, the median of one quantity over the lamps of the cabinet that have it. A week with fewer than five of them is
 * absent.
 */
export type FleetMedians = ReadonlyMap<string, number>;

/** Fewer lamps have no common value. Source: assumed; the median of five ignores two lamps that age. Confirmed by: `bench -- predict`. */
const LEAST_LAMPS = 5;

/**
 * Returns the median over lamps by week. A week in which fewer than five have the quantity is absent. `weeks`: of each lamp, one summary
 * for each week, as from `weeksOf`; not single nights.
 */
export function fleetMedians(weeks: readonly (readonly DatedNight[])[], quantity: WearQuantity): FleetMedians {
  const byWeek = Map.groupBy(weeks.flat(), ({ date }) => weekOf(date));
  return new Map(
    [...byWeek].flatMap(([week, all]) => {
      const values = all.flatMap(({ night }) => night[quantity] ?? []);
      return values.length < LEAST_LAMPS ? [] : [[week, quantile(values, MEDIAN)] as const];
    }),
  );
}

/**
 * Returns a quantity less its median over the lamps, by week. `fleet`: the medians of this quantity. Weeks without one of the two are left
 * out. Units: x as in `seriesOf`, y as the quantity in `weeks`.
 */
export function excessOf(weeks: readonly DatedNight[], quantity: WearQuantity, fleet: FleetMedians): readonly SeriesPoint[] {
  return weeks.flatMap(({ date, night }) => {
    const [value, common] = [night[quantity], fleet.get(weekOf(date))];
    return value === null || common === undefined ? [] : [{ x: weekNumber(date), y: value - common }];
  });
}
