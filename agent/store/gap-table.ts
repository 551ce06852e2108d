/**
 * Recorded losses in the telemetry file.
 *
 * Owns the rows of `gap`. Rows never change once written: whoever has read one has read all of it. Called by the telemetry file.
 */
import type { Gap } from '../core/ports.ts';
import type { LossReason, MemoryGap } from './messages.ts';
import type { Sqlite } from './sqlite.ts';

export interface GapTable {
  add(gap: Omit<Gap, 'id' | 'reason'> & { readonly reason: LossReason }): void;
  /** A loss in memory; a second writing of the same mark changes nothing. */
  addOnce(gap: MemoryGap, boot: string): void;
  after(id: number, limit: number): readonly Gap[];
  count(): number;
  /** Frames in a range whose loss by damage is already recorded. */
  damagedBetween(firstSeq: number, lastSeq: number): { readonly frames: number; readonly readings: number };
}

/** The table on one connection. Errors: all functions throw what SQLite throws. */
export function createGapTable(db: Sqlite): GapTable {
  const insert = db.prepare('INSERT INTO gap(first_seq, last_seq, n, reason, at_ms) VALUES(?, ?, ?, ?, ?)');
  const boot = db.prepare('INSERT INTO boot(token, at_ms) VALUES(?, ?) ON CONFLICT(token) DO NOTHING');
  const insertOnce = db.prepare(
    `INSERT INTO gap(n, reason, at_ms, boot, mark) SELECT ?, ?, ?, id, ? FROM boot WHERE token = ? ON CONFLICT(boot, mark) DO NOTHING`,
  );
  const after = db.prepare<[number, number], Gap>(
    'SELECT id, first_seq AS firstSeq, last_seq AS lastSeq, n AS readings, reason, at_ms AS atMs FROM gap WHERE id > ? ORDER BY id LIMIT ?',
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM gap').pluck();
  const damaged = db.prepare<[number, number], { frames: number; readings: number }>(
    "SELECT count(*) AS frames, coalesce(sum(n), 0) AS readings FROM gap WHERE reason = 'corrupt' AND first_seq BETWEEN ? AND ?",
  );
  return {
    add: ({ firstSeq, lastSeq, readings, reason, atMs }) => {
      insert.run(firstSeq, lastSeq, readings, reason, Math.round(atMs));
    },
    addOnce: ({ readings, reason, atMs, mark }, token) => {
      boot.run(token, Math.round(atMs));
      insertOnce.run(readings, reason, Math.round(atMs), mark, token);
    },
    after: (id, limit) => after.all(id, limit),
    count: () => count.get() ?? 0,
    damagedBetween: (firstSeq, lastSeq) => damaged.get(firstSeq, lastSeq) ?? { frames: 0, readings: 0 },
  };
}
