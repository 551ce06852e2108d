/** Stores the summaries of nights by month; months older than two keep one summary a week, months older than 26 are emptied. */

import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { monthOf, monthsAfter, monthsBetween, type NightDate } from '../energy-months.ts';
import { type DatedNight, packedWearNight, readNight, type WearNight, weeksOf } from './wear-night.ts';

/**
 * The summaries of lamps, by lamp id, that are stored under one date. In older months a summary may cover a week; the date is then that of
 * the last night of the lamp in it.
 */
export interface LampsOfNight {
  readonly date: NightDate;
  readonly lamps: Readonly<Record<string, WearNight>>;
}

/** The stored summaries of a cabinet. */
export interface WearArchive {
  /**
   * Adds a night to its month; a night that is stored already is replaced. May also shorten or empty an old month. Resolves false if the
   * month of the night could not be read or written.
   */
  keep(night: LampsOfNight): Promise<boolean>;
  /**
   * Resolves with the kept summaries of each lamp, oldest first, up to `today`; undefined if a month could not be read. `night.nights`: how
   * many nights a summary covers.
   */
  nights(today: NightDate): Promise<ReadonlyMap<string, readonly DatedNight[]> | undefined>;
}

/** `wear.2026-12`: a night is one write of its month, some ten kilobytes with 35 lamps. */
const MONTH_KEY = 'wear.';
/** Units: months. Source: trends use 52 weeks; what is older serves rated life only. */
const KEPT_MONTHS = 26;
/** Units: months. */
const FOLD_AFTER = 2;
/** A month with fewer other nights folds and empties nothing: a clock that was wrong for some nights must not delete the history. */
const SURE_NIGHTS = 7;

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Creates the archive in this store, one value for each month. Nothing is read or written before a call. */
export function createWearArchive(store: Pick<Store, 'load' | 'save'>): WearArchive {
  const load = async (month: string): Promise<readonly LampsOfNight[] | undefined> => {
    const found = await store.load(MONTH_KEY + month, UNREAD);
    return found === UNREAD ? undefined : nightsIn(found);
  };
  const save = (month: string, nights: readonly LampsOfNight[]): Promise<boolean> => store.save(MONTH_KEY + month, packedMonth(nights));
  const rewrite = async (month: string, change: (nights: readonly LampsOfNight[]) => readonly LampsOfNight[]): Promise<void> => {
    const nights = await load(month);
    const next = nights && change(nights);
    if (nights !== undefined && next !== undefined && next.length < nights.length) await save(month, next);
  };
  return {
    async keep(night) {
      const month = monthOf(night.date);
      const others = (await load(month))?.filter(({ date }) => date !== night.date);
      if (others === undefined || !(await save(month, [...others, night]))) return false;
      if (others.length < SURE_NIGHTS) return true;
      await rewrite(monthsAfter(month, -FOLD_AFTER - 1), foldedWeeks);
      await rewrite(monthsAfter(month, -KEPT_MONTHS - 1), () => []);
      return true;
    },
    async nights(today) {
      const lamps = new Map<string, DatedNight[]>();
      for (const month of monthsBetween(monthsAfter(monthOf(today), -KEPT_MONTHS), today)) {
        const nights = await load(month);
        if (nights === undefined) return undefined;
        for (const [id, all] of byLamp(nights)) lamps.set(id, [...(lamps.get(id) ?? []), ...all.filter(({ date }) => date <= today)]);
      }
      return lamps;
    },
  };
}

/** Returns the nights of each lamp, oldest first. */
function byLamp(nights: readonly LampsOfNight[]): ReadonlyMap<string, DatedNight[]> {
  const sorted = nights.toSorted((a, b) => (a.date < b.date ? -1 : 1));
  const all = sorted.flatMap(({ date, lamps }) => Object.entries(lamps).map(([id, night]) => ({ id, date, night })));
  return new Map([...Map.groupBy(all, ({ id }) => id)].map(([id, own]) => [id, own.map(({ date, night }) => ({ date, night }))]));
}

/** Returns one summary for each lamp and week, under the date of the lamp's last night in it. */
function foldedWeeks(nights: readonly LampsOfNight[]): readonly LampsOfNight[] {
  const weeks = [...byLamp(nights)].flatMap(([id, all]) => weeksOf(all).map((week) => ({ id, ...week })));
  return [...Map.groupBy(weeks, ({ date }) => date)].map(([date, all]) => ({
    date,
    lamps: Object.fromEntries(all.map(({ id, night }) => [id, night])),
  }));
}

/** Shape: by date, then by lamp, a packed summary. */
function packedMonth(nights: readonly LampsOfNight[]): unknown {
  return Object.fromEntries(
    nights.map(({ date, lamps }) => [date, Object.fromEntries(Object.entries(lamps).map(([id, night]) => [id, packedWearNight(night)]))]),
  );
}

/** Reads a stored month, which another version may have written. What is not valid is left out. */
function nightsIn(stored: unknown): readonly LampsOfNight[] {
  return Object.entries(isRecord(stored) ? stored : {}).flatMap(([date, lamps]) => {
    if (!DATE.test(date) || !isRecord(lamps)) return [];
    const read = Object.entries(lamps).flatMap(([id, packed]) => {
      const night = readNight(packed);
      return night === undefined ? [] : [[id, night] as const];
    });
    return [{ date, lamps: Object.fromEntries(read) }];
  });
}
