/** Stores the nights of the proof by month, and what the model learns by meter. */

import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type { SavingsDate, SavingsNight } from '../../core/savings-view.ts';
import { monthOf, monthsBetween } from '../energy-months.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { LEARNED_NIGHTS, type LearnedNight } from './closed-night.ts';
import { UNKNOWNS } from './load-sums.ts';

/** What the model learned from a night of one meter, with the date of the night. */
export interface DatedLearned extends LearnedNight {
  readonly date: SavingsDate;
}

/** The stored nights of the proof of savings, and what the model learned from nights of each meter. */
export interface NightArchive {
  /** Stores a night; one that is stored under its date is replaced. Resolves with true once it is on disk, otherwise with false. */
  keep(night: SavingsNight): Promise<boolean>;
  /** Resolves with the nights of these dates, both included, oldest first; undefined if the disk could not be read. */
  nights(from: SavingsDate, to: SavingsDate): Promise<readonly SavingsNight[] | undefined>;
  /** Resolves with what a meter has taught, a limited number of nights, in the order of `learn`; undefined if the disk could not be read. */
  learned(meter: string): Promise<readonly DatedLearned[] | undefined>;
  /**
   * Adds what a night of a meter has taught; a stored one of its date is replaced. Resolves with true once it is on disk, otherwise with
   * false.
   */
  learn(meter: string, night: DatedLearned): Promise<boolean>;
  /** Removes what a meter has taught. Resolves with true once that is on disk, otherwise with false. */
  forget(meter: string): Promise<boolean>;
}

/** `savings.nights.2026-12`: one write of some ten kilobytes for each night. */
const MONTH_KEY = 'savings.nights.';
const LEARNED_KEY = 'savings.learned.';
/** Decimals that the sums need: they are subtracted from each other. */
const DIGITS = 10;
const ERROR_DIGITS = 3;

/** Creates the archive in this store. Nothing is read or written before a call. */
export function createNightArchive(store: Pick<Store, 'load' | 'save'>): NightArchive {
  const month = async (name: string): Promise<readonly SavingsNight[] | undefined> => {
    const found = await store.load(MONTH_KEY + name, UNREAD);
    return found === UNREAD ? undefined : (Array.isArray(found) ? found : []).filter(isSavingsNight);
  };
  const read = async (meter: string): Promise<readonly DatedLearned[] | undefined> => {
    const found = await store.load(LEARNED_KEY + meter, UNREAD);
    return found === UNREAD ? undefined : (Array.isArray(found) ? found : []).filter(isLearned);
  };
  // Several nights may end at once after an absence: each reads and writes its month in turn.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<boolean>): Promise<boolean> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    keep: (night) =>
      inTurn(async () => {
        const others = await month(monthOf(night.date));
        if (others === undefined) return false;
        const all = [...others.filter(({ date }) => date !== night.date), night].sort((a, b) => (a.date < b.date ? -1 : 1));
        return store.save(MONTH_KEY + monthOf(night.date), all);
      }),
    async nights(from, to) {
      const all: SavingsNight[] = [];
      for (const name of monthsBetween(from, to)) {
        const found = await month(name);
        if (found === undefined) return undefined;
        all.push(...found.filter(({ date }) => date >= from && date <= to));
      }
      return all;
    },
    learned: read,
    // In turn: a night that is being written would be written back.
    forget: (meter) => inTurn(() => store.save(LEARNED_KEY + meter, undefined)),
    learn: (meter, night) =>
      inTurn(async () => {
        const stored = await read(meter);
        if (stored === undefined) return false;
        const others = stored.filter(({ date }) => date !== night.date);
        return store.save(LEARNED_KEY + meter, [...others, packed(night)].slice(-LEARNED_NIGHTS));
      }),
  };
}

function packed({ sums, errors, bandWh, ...night }: DatedLearned): DatedLearned {
  const short = (value: number): number => Number(value.toPrecision(DIGITS));
  return {
    ...night,
    bandWh: bandWh.map(short),
    sums: { ...sums, matrix: sums.matrix.map(short), vector: sums.vector.map(short), squares: short(sums.squares) },
    errors: errors.map((list) => list.map(([slot, error]) => [slot, Number(error.toPrecision(ERROR_DIGITS))] as const)),
  };
}

/** Whether a stored value has the required fields of a `SavingsNight`. Entries of `meters` and `zoneWh`, and optional fields, are not checked. */
export function isSavingsNight(stored: unknown): stored is SavingsNight {
  if (!isRecord(stored)) return false;
  const { date, fromMs, toMs, meters, zoneWh } = stored;
  return typeof date === 'string' && typeof fromMs === 'number' && typeof toMs === 'number' && isRecord(meters) && isRecord(zoneWh);
}

function isLearned(stored: unknown): stored is DatedLearned {
  if (!isRecord(stored) || !isRecord(stored['sums'])) return false;
  const { matrix, vector } = stored['sums'];
  const isSize = (list: unknown, size: number): boolean => Array.isArray(list) && list.length === size;
  const hasSums = isSize(matrix, (UNKNOWNS * (UNKNOWNS + 1)) / 2) && isSize(vector, UNKNOWNS);
  return hasSums && typeof stored['date'] === 'string' && isSize(stored['bandWh'], LEVEL_BANDS) && Array.isArray(stored['errors']);
}
