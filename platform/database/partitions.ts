/** Makes the partitions of readings before they are needed. */
import { PlatformFailure } from '../core/errors.ts';
import { dayOf } from '../core/times.ts';
import type { Database } from './postgres.ts';

/** Days around now that get a partition of their own; other readings go to `reading_other`. Source: assumed; a cabinet keeps a year at most, and a clock that is wrong must not create tables without end. Confirmed by: the oldest backlog of a real cabinet. */
const DAYS = { past: 400, future: 2 };
const DAY_MS = 86_400_000;
/** A query of an analyst may hold the lock that a new partition needs; readings go to `reading_other` meanwhile. Units: ms. Source: assumed; well below the 2 s that readings may be late. Confirmed by: queries of the city's analysts. */
const LOCK_MS = 500;
/** Making one searches all of `reading_other`, whose inserts wait meanwhile. Units: ms. Source: assumed; 50 million readings. Confirmed by: the size of `reading_other` in service. */
const MAKE_MS = 10_000;
/** Pause before a partition is tried again; it doubles up to the longest. Units: ms. Source: assumed; as often as an analyst's query ends, and a hundredth of the time for one that takes too long. Confirmed by: the same. */
const AGAIN_MS = { first: 60_000, longest: 960_000 };

/** Makes the partitions of days, unless readings are a hypertable, and remembers which days need no further try. */
export class ReadingPartitions {
  readonly #known = new Set<string>();
  readonly #tried = new Map<string, { readonly atMs: number; readonly pauseMs: number }>();

  /** Each day is tried again at the next `ensure`: the database was restored. */
  forget(): void {
    this.#known.clear();
    this.#tried.clear();
  }

  /**
   * Makes the missing partitions of the days (UTC) of these times. Leaves out days more than 400 days before or 2 days after `nowMs`, and
   * days of which `reading_other` has too many readings. Resolves after at most one try for each day, which may take some seconds. A try
   * that fails for a passing reason is repeated by a later call, after a pause. Readings of a day without a partition go to
   * `reading_other`. Units: ms UTC.
   *
   * Errors: rejects for a reason that does not pass.
   */
  async ensure(database: Database, atMs: readonly number[], nowMs: number): Promise<void> {
    const days = new Set<number>();
    for (const ms of atMs) days.add(Math.floor(ms / DAY_MS));
    const today = Math.floor(nowMs / DAY_MS);
    for (const day of [...days].sort((a, b) => a - b)) {
      if (day < today - DAYS.past || day > today + DAYS.future) continue;
      const name = dayOf(day * DAY_MS);
      const tried = this.#tried.get(name);
      if (this.#known.has(name) || (tried !== undefined && nowMs - tried.atMs < tried.pauseMs)) continue;
      this.#tried.set(name, { atMs: nowMs, pauseMs: Math.min(AGAIN_MS.longest, tried === undefined ? AGAIN_MS.first : 2 * tried.pauseMs) });
      if (await makePartition(database, name)) this.#known.add(name);
    }
  }
}

async function makePartition(database: Database, day: string): Promise<boolean> {
  try {
    await database.transaction(async (query) => {
      await query(`select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`, [
        `${LOCK_MS}ms`,
        `${MAKE_MS}ms`,
      ]);
      await query('select ensure_reading_partition($1::date)', [day]);
    });
    return true;
  } catch (error) {
    if (error instanceof PlatformFailure && error.policy.kind === 'retry') return false;
    throw error;
  }
}
