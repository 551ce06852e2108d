/** Stores nights by month, and folds a month into one sum when it is old: 400 nights are kept one by one. */
import type { Store } from '../core/ports.ts';
import {
  type EnergyMonth,
  folded,
  monthOf,
  monthsAfter,
  type NightDate,
  type NightPart,
  nightOf,
  readMonth,
  withPart,
} from './energy-months.ts';
import { type NightTally, rounded } from './energy-tally.ts';

export interface EnergyArchive {
  /** Undefined when the disk could not be read. */
  month(name: string): Promise<EnergyMonth | undefined>;
  /** Resolves with the whole night, earlier parts included, once it is on disk; undefined when it could not be kept. */
  keep(date: NightDate, part: NightPart): Promise<NightTally | undefined>;
  /** The parts of the newest night of this month and the one before; undefined where there is none. */
  newest(date: NightDate): Promise<readonly NightPart[] | undefined>;
}

/** The result of a load when the disk could not be read. */
export const UNREAD = Symbol('unread');

/** `energy.2026-12`: one key a month, so that a night is one row of some ten kilobytes to write and a year twelve to read. */
const MONTH_KEY = 'energy.';
/** From this age on a month is one sum. Units: months. Source: 400 nights reach into the fourteenth month before. */
const FOLD_AFTER = 14;

export function createEnergyArchive(store: Pick<Store, 'load' | 'save'>): EnergyArchive {
  const month = async (name: string): Promise<EnergyMonth | undefined> => {
    const found = await store.load(MONTH_KEY + name, UNREAD);
    return found === UNREAD ? undefined : readMonth(found);
  };
  const fold = async (name: string): Promise<void> => {
    const old = await month(name);
    if (old !== undefined && Object.keys(old.nights).length > 0) await store.save(MONTH_KEY + name, rounded(folded(old)));
  };
  return {
    month,
    async keep(date, part) {
      const name = monthOf(date);
      const before = await month(name);
      if (before === undefined) return undefined;
      const next = withPart(before, date, part);
      if (!(await store.save(MONTH_KEY + name, rounded(next)))) return undefined;
      await fold(monthsAfter(name, -FOLD_AFTER));
      return nightOf(next.nights[date] ?? []);
    },
    async newest(date) {
      for (const name of [monthOf(date), monthsAfter(monthOf(date), -1)]) {
        const nights = Object.entries((await month(name))?.nights ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
        const parts = nights.at(-1)?.[1];
        if (parts !== undefined) return parts;
      }
      return undefined;
    },
  };
}
