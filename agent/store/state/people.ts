/**
 * Limits how long rows are kept that may name people: events and outcomes of commands. Runs within the transactions of the state file.
 *
 * Rows are removed in blocks of a month, so that the audit log gets an entry about it a dozen times a year, not daily.
 */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import { PEOPLE_BLOCK_DAYS } from '../../core/store-port.ts';
import type { Sqlite } from '../sqlite.ts';

/**
 * Limits of age: a row that is known to be from before `dueMs` may not be kept; rows before `beforeMs`, which is later, may be removed
 * with it. The time of an event is its end.
 */
export interface AgeBound {
  readonly dueMs: WallMs;
  readonly beforeMs: WallMs;
}

/** A row before this time was written with an unset clock: its age is unknown. Units: ms. Source: no release is older; such clocks start in 1970 or 2000. */
export const FIRST_RELEASE_MS: WallMs = Date.parse('2020-01-01T00:00:00Z');

/**
 * Returns the limits at `atMs` for rows that may be kept for `keepDays` days. `beforeMs` is 30 days later than `dueMs`, so `keepDays` must
 * be more than 30.
 */
export function boundOf(keepDays: number, atMs: WallMs): AgeBound {
  return { dueMs: atMs - keepDays * DAY_MS, beforeMs: atMs - (keepDays - PEOPLE_BLOCK_DAYS) * DAY_MS };
}

/**
 * Returns whether an event ended before `dueMs`, or an outcome is from before it. Rows of an unset clock do not count. Errors: throws
 * SQLite errors.
 */
export function hasOlder(db: Sqlite, { dueMs }: AgeBound): boolean {
  const known = [FIRST_RELEASE_MS, dueMs];
  const events = db.prepare('SELECT EXISTS (SELECT 1 FROM event WHERE end_ms >= ? AND end_ms < ?)').pluck().get(known);
  const outcomes = db.prepare('SELECT EXISTS (SELECT 1 FROM outcome WHERE at_ms >= ? AND at_ms < ?)').pluck().get(known);
  return events === 1 || outcomes === 1;
}

/**
 * Removes events that ended before `beforeMs`, and outcomes from before it, except those of an unset clock. Returns how many. Errors:
 * throws SQLite errors.
 */
export function dropOlder(db: Sqlite, { beforeMs }: AgeBound): number {
  const known = [FIRST_RELEASE_MS, beforeMs];
  const events = db.prepare('DELETE FROM event WHERE end_ms >= ? AND end_ms < ?').run(known);
  const outcomes = db.prepare('DELETE FROM outcome WHERE at_ms >= ? AND at_ms < ?').run(known);
  return events.changes + outcomes.changes;
}
