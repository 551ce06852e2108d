/** Stores nights by month, and folds a month into one sum when it is old: 400 nights are kept one by one. */

import type { WallMs } from '../core/clock.ts';
import { DAY_MS } from '../core/durations.ts';
import type { Store } from '../core/ports.ts';
import { UNREAD } from '../core/retried-save.ts';
import { added, asRecord, type NightTally, NO_TALLY, readTally, rounded } from './energy-tally.ts';

/** The date of the noon at which a night began, in the time zone of the cabinet: `2026-12-01`. */
export type NightDate = string;

/** The count of a night, or of a part of it. `id` identifies the part. `endMs`: the time up to which it was counted. */
export interface NightPart extends NightTally {
  readonly id: string;
  readonly endMs: WallMs;
}

/** The nights of one month, by date, each in parts. `folded`: the sum of nights that are no longer kept one by one; null if there are none. */
export interface EnergyMonth {
  readonly nights: Readonly<Record<NightDate, readonly NightPart[]>>;
  readonly folded: NightTally | null;
}

/** The count of a night, or of a part of it, with the date of that night. It has ended, unless it is the running night given to `month`. */
export interface ClosedNight {
  readonly date: NightDate;
  readonly part: NightPart;
}

/** The stored nights, one entry of the store for each month. */
export interface EnergyArchive {
  /** Resolves with the stored month, plus those of `nights` that belong to it, which may not be stored yet; undefined if it could not be read. */
  month(name: string, nights: readonly ClosedNight[]): Promise<EnergyMonth | undefined>;
  /**
   * Adds the night to its stored month, and stores the month 14 months before that one as one sum. Resolves with the whole night, earlier
   * parts included, once it is on disk. Undefined if its month could not be read or written.
   */
  keep(night: ClosedNight): Promise<NightTally | undefined>;
  /**
   * Resolves with the date and the parts of the newest stored night in the month of `date`. If that month has none or cannot be read, it is
   * that of the month before. Undefined if none is found.
   */
  newest(date: NightDate): Promise<readonly [NightDate, readonly NightPart[]] | undefined>;
}

/** If a night has more parts than this, the oldest are merged: an agent that restarts repeatedly must not fill the disk. */
const MAX_PARTS = 8;
/** `energy.2026-12`: one key per month, so that a night is one write of about ten kilobytes and a year is twelve reads. */
const MONTH_KEY = 'energy.';
/** A month of this age or older is stored as one sum. Units: months. Source: 400 nights reach into the fourteenth month before. */
const FOLD_AFTER = 14;

/** Creates the archive in this store. Nothing is read or written before a call. */
export function createEnergyArchive(store: Pick<Store, 'load' | 'save'>): EnergyArchive {
  const month = async (name: string, nights: readonly ClosedNight[] = []): Promise<EnergyMonth | undefined> => {
    const found = await store.load(MONTH_KEY + name, UNREAD);
    const own = nights.filter(({ date }) => monthOf(date) === name);
    return found === UNREAD ? undefined : own.reduce((sum, { date, part }) => withPart(sum, date, part), readMonth(found));
  };
  const fold = async (name: string): Promise<void> => {
    const old = await month(name);
    if (old !== undefined && Object.keys(old.nights).length > 0) await store.save(MONTH_KEY + name, rounded(folded(old)));
  };
  return {
    month,
    async keep({ date, part }) {
      const name = monthOf(date);
      const next = await month(name, [{ date, part }]);
      if (next === undefined || !(await store.save(MONTH_KEY + name, rounded(next)))) return undefined;
      await fold(monthsAfter(name, -FOLD_AFTER));
      return nightOf(next.nights[date] ?? []);
    },
    async newest(date) {
      for (const name of [monthOf(date), monthsAfter(monthOf(date), -1)]) {
        const nights = Object.entries((await month(name))?.nights ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
        const last = nights.at(-1);
        if (last !== undefined) return last;
      }
      return undefined;
    },
  };
}

/**
 * Returns the month with this part added to its night; a part of that night with the same id is replaced. The oldest parts of a night are
 * merged if it has too many.
 */
export function withPart(month: EnergyMonth, date: NightDate, part: NightPart): EnergyMonth {
  const others = (month.nights[date] ?? []).filter(({ id }) => id !== part.id);
  return { ...month, nights: { ...month.nights, [date]: bounded([...others, part]) } };
}

function bounded(parts: readonly NightPart[]): readonly NightPart[] {
  const [first, second, ...rest] = parts;
  if (first === undefined || second === undefined || parts.length <= MAX_PARTS) return parts;
  return bounded([{ ...second, ...added(first, second, 'night') }, ...rest]);
}

/** Returns the sum of all parts of one night, in which each zone and meter counts one night; `NO_TALLY` for no parts. */
export function nightOf(parts: readonly NightPart[]): NightTally {
  return parts.reduce<NightTally>((sum, part) => added(sum, part, 'night'), NO_TALLY);
}

/** Returns the month with all its nights added to `folded`, and no single nights. */
export function folded({ nights, folded: before }: EnergyMonth): EnergyMonth {
  const sum = Object.values(nights).reduce((all, parts) => added(all, nightOf(parts), 'time'), before ?? NO_TALLY);
  return { nights: {}, folded: sum };
}

/**
 * Reads a stored month, which another version may have written. Never throws: what is missing or not valid counts as empty, null or 0.
 * Dates are not checked.
 */
export function readMonth(stored: unknown): EnergyMonth {
  const { nights, folded: old } = asRecord(stored);
  return {
    nights: Object.fromEntries(
      Object.entries(asRecord(nights)).map(([date, parts]) => [date, (Array.isArray(parts) ? parts : []).map(readPart)]),
    ),
    folded: typeof old === 'object' && old !== null ? readTally(old) : null,
  };
}

/** Reads a stored part. Never throws: what is missing or not valid counts as empty or 0. */
export function readPart(stored: unknown): NightPart {
  const { id, endMs } = asRecord(stored);
  return { ...readTally(stored), id: typeof id === 'string' ? id : '', endMs: typeof endMs === 'number' ? endMs : 0 };
}

/** Returns the month of a night, for example `2026-12` for `2026-12-01`. */
export function monthOf(date: NightDate): string {
  return date.slice(0, 7);
}

/**
 * Returns every month from that of `from` to that of `to`, both included, oldest first; empty if `to` is in an earlier month. Shape:
 * `2026-12`.
 */
export function monthsBetween(from: NightDate, to: NightDate): readonly string[] {
  const [first = 0, last = 0] = [from, to].map((date) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, months) => monthsAfter(monthOf(from), months));
}

/**
 * Returns the month that many months after `month`, or before it for a negative number. Shape: `2026-12`. Errors: throws RangeError for a
 * text that cannot be read as a month.
 */
export function monthsAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

/** Returns the date of the night after this one. Errors: throws RangeError for a text that cannot be read as a date. */
export function nextNight(date: NightDate): NightDate {
  return new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10);
}
