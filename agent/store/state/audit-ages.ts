/** Selects the entries of the audit log that are too old. Runs within the transactions of the state file. */
import type { AuditHead } from '../../core/audit-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import type { Sqlite } from '../sqlite.ts';
import { type AgeBound, FIRST_RELEASE_MS } from './people.ts';

const BOTH = 'SELECT at_ms FROM audit UNION ALL SELECT at_ms FROM audit_reserved';

/**
 * Prepares the queries that find entries that are old by an `AgeBound`, and delete those of `audit_reserved`. An entry from before
 * `FIRST_RELEASE_MS`, as of an unset clock, never counts as old. `db` is the open state file. Errors: throws SQLite errors, and so do its
 * functions.
 */
export function createAuditAges(db: Sqlite) {
  const isOver = db.prepare<[number, number], number>(`SELECT EXISTS (SELECT 1 FROM (${BOTH}) WHERE at_ms >= ? AND at_ms < ?)`).pluck();
  const firstYoung = db.prepare<[number, number], number | null>('SELECT min(n) FROM audit WHERE at_ms >= ? AND at_ms <= ?').pluck();
  const lastOld = db.prepare<[number, number, number], AuditHead>(
    'SELECT n, hash FROM audit WHERE n < ? AND at_ms >= ? AND at_ms < ? ORDER BY n DESC LIMIT 1',
  );
  const dropReserved = db.prepare('DELETE FROM audit_reserved WHERE at_ms >= ? AND at_ms < ?');

  return {
    /** Whether an entry must be removed because of its age: it is from before `dueMs`. */
    isOlder: ({ dueMs }: AgeBound): boolean => isOver.get(FIRST_RELEASE_MS, dueMs) === 1,
    /**
     * The last entry from before `beforeMs` that precedes the first younger one; undefined if there is none. An entry from after `atMs`
     * does not count as younger: its clock was wrong.
     */
    lastOld: ({ beforeMs }: AgeBound, atMs: WallMs): AuditHead | undefined =>
      lastOld.get(firstYoung.get(beforeMs, atMs) ?? Number.MAX_SAFE_INTEGER, FIRST_RELEASE_MS, beforeMs),
    /** Removes entries from before `beforeMs` from `audit_reserved`. Returns how many. */
    dropReserved: ({ beforeMs }: AgeBound): number => dropReserved.run(FIRST_RELEASE_MS, beforeMs).changes,
  };
}
