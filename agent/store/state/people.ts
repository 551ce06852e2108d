/**
 * How long rows are kept that may name people: events and outcomes of commands. Runs within the transactions of the state file.
 *
 * Rows go in blocks of a month, so that the audit log has an entry about it a dozen times a year, not daily.
 */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { Sqlite } from '../sqlite.ts';

/** Rows before `dueMs` may not be kept; where there is one, all before `beforeMs` go. */
export interface AgeBound {
  readonly dueMs: WallMs;
  readonly beforeMs: WallMs;
}

/** Units: days. */
const BLOCK_DAYS = 30;
/** A row from before is of a clock that was not set: its age is not known. Units: ms. Source: no release is older; such clocks wake in 1970 or 2000. */
export const FIRST_RELEASE_MS: WallMs = Date.parse('2020-01-01T00:00:00Z');

export function boundOf(keepDays: number, atMs: WallMs): AgeBound {
  return { dueMs: atMs - keepDays * DAY_MS, beforeMs: atMs - (keepDays - BLOCK_DAYS) * DAY_MS };
}

/** An event that lasts has no age yet. Errors: throws what SQLite throws. */
export function hasOlder(db: Sqlite, { dueMs }: AgeBound): boolean {
  const known = [FIRST_RELEASE_MS, dueMs];
  const events = db.prepare('SELECT EXISTS (SELECT 1 FROM event WHERE end_ms >= ? AND end_ms < ?)').pluck().get(known);
  const outcomes = db.prepare('SELECT EXISTS (SELECT 1 FROM outcome WHERE at_ms >= ? AND at_ms < ?)').pluck().get(known);
  return events === 1 || outcomes === 1;
}

/** Returns how many went. Errors: throws what SQLite throws. */
export function dropOlder(db: Sqlite, { beforeMs }: AgeBound): number {
  const known = [FIRST_RELEASE_MS, beforeMs];
  const events = db.prepare('DELETE FROM event WHERE end_ms >= ? AND end_ms < ?').run(known);
  const outcomes = db.prepare('DELETE FROM outcome WHERE at_ms >= ? AND at_ms < ?').run(known);
  return events.changes + outcomes.changes;
}
