/**
 * Recorded losses in the telemetry file.
 *
 * Owns the rows of `gap`. Rows never change once written: whoever has read one has read all of it. Called by the telemetry file.
 */
import type { Gap } from '../core/ports.ts';
import type { LossReason, MemoryGap } from './messages.ts';
import { getMeta, setMeta } from './meta.ts';
import type { Sqlite } from './sqlite.ts';

export interface GapTable {
  add(gap: Omit<Gap, 'id' | 'reason'> & { readonly reason: LossReason }): void;
  /** A loss in memory; a second writing of the same mark changes nothing. */
  addOnce(gap: MemoryGap, bootId: number): void;
  after(id: number, limit: number): readonly Gap[];
  count(): number;
  /** All that is recorded as lost, and of it what never had a seq. */
  readings(): { readonly all: number; readonly unnumbered: number };
  /** The oldest records go, their number is kept. */
  trim(): void;
}

/** Records kept. Source: assumed; a year with a full store and a bad card every day. */
const KEEP_ROWS = 5_000;

/** The table on one connection. Errors: all functions throw what SQLite throws. */
export function createGapTable(db: Sqlite): GapTable {
  const insert = db.prepare('INSERT INTO gap(first_seq, last_seq, n, reason, at_ms) VALUES(?, ?, ?, ?, ?)');
  const insertOnce = db.prepare('INSERT INTO gap(n, reason, at_ms, boot, mark) VALUES(?, ?, ?, ?, ?) ON CONFLICT(boot, mark) DO NOTHING');
  const after = db.prepare<[number, number], Gap>(
    'SELECT id, first_seq AS firstSeq, last_seq AS lastSeq, n AS readings, reason, at_ms AS atMs FROM gap WHERE id > ? ORDER BY id LIMIT ?',
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM gap').pluck();
  const sum = db.prepare<[], { all: number; unnumbered: number }>(
    'SELECT coalesce(sum(n), 0) AS "all", coalesce(sum(CASE WHEN first_seq IS NULL THEN n ELSE 0 END), 0) AS unnumbered FROM gap',
  );
  const trimmed = db.prepare<[number], { all: number; unnumbered: number }>(
    `SELECT coalesce(sum(n), 0) AS "all", coalesce(sum(CASE WHEN first_seq IS NULL THEN n ELSE 0 END), 0) AS unnumbered FROM gap
     WHERE id <= (SELECT max(id) FROM gap) - ?`,
  );
  const remove = db.prepare('DELETE FROM gap WHERE id <= (SELECT max(id) FROM gap) - ?');
  const kept = (key: string): number => Number(getMeta(db, key) ?? 0);
  return {
    add: ({ firstSeq, lastSeq, readings, reason, atMs }) => {
      insert.run(firstSeq, lastSeq, readings, reason, Math.round(atMs));
    },
    addOnce: ({ readings, reason, atMs, mark }, bootId) => {
      insertOnce.run(readings, reason, Math.round(atMs), bootId, mark);
    },
    after: (id, limit) => after.all(id, limit),
    count: () => count.get() ?? 0,
    readings: () => {
      const { all, unnumbered } = sum.get() ?? { all: 0, unnumbered: 0 };
      return { all: all + kept('gaps_trimmed'), unnumbered: unnumbered + kept('gaps_trimmed_unnumbered') };
    },
    trim: () => {
      const old = trimmed.get(KEEP_ROWS) ?? { all: 0, unnumbered: 0 };
      if (remove.run(KEEP_ROWS).changes === 0) return;
      setMeta(db, 'gaps_trimmed', kept('gaps_trimmed') + old.all);
      setMeta(db, 'gaps_trimmed_unnumbered', kept('gaps_trimmed_unnumbered') + old.unnumbered);
    },
  };
}
