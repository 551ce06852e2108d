import type { Gap } from '../../core/ports.ts';
import type { LossReason, MemoryGap } from '../messages.ts';
import { getMeta, type Sqlite } from '../sqlite.ts';
import { createGapMerge, UNNUMBERED } from './gap-merge.ts';

/**
 * Losses that start at the oldest row: several of them form one range. Damage can be anywhere, and rows between two damaged ones are not lost.
 */
const ONE_RANGE: ReadonlySet<LossReason> = new Set(['thinned', 'cap', 'age']);

interface GapRow {
  readonly id: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly n: number;
}

/**
 * Creates the access to the table `gap` of an open file: the recorded losses. A loss that was read with `after` is not widened by later
 * ones. Errors: throws SQLite errors, and so do its functions.
 */
export function createGapTable(db: Sqlite) {
  const newestId = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM gap').pluck();
  const newest = db.prepare<[string, number], GapRow>(
    'SELECT id, first_seq AS firstSeq, last_seq AS lastSeq, n FROM gap WHERE reason = ? AND id > ? AND first_seq IS NOT NULL ORDER BY id DESC LIMIT 1',
  );
  const widen = db.prepare('UPDATE gap SET first_seq = ?, last_seq = ?, n = ? WHERE id = ?');
  const insert = db.prepare('INSERT INTO gap(first_seq, last_seq, n, reason, at_ms, estimate) VALUES(?, ?, ?, ?, ?, ?)');
  const insertOnce = db.prepare(
    'INSERT INTO gap(n, reason, at_ms, boot, mark, from_seq, to_seq) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(boot, mark) DO NOTHING',
  );
  const after = db.prepare<[number, number], Gap & { readonly mergedFrom: number | null; readonly estimate: number | null }>(
    `SELECT id, estimate, merged_from AS mergedFrom, nullif(coalesce(first_seq, from_seq), 0) AS firstSeq, nullif(coalesce(last_seq, to_seq), 0) AS lastSeq,
       n AS readings, reason, at_ms AS atMs FROM gap WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM gap').pluck();
  const sum = db.prepare<[], { all: number; uncommitted: number; estimates: number }>(
    `SELECT coalesce(sum(n), 0) AS "all", coalesce(sum(CASE WHEN first_seq IS NULL THEN n ELSE 0 END), 0) AS uncommitted,
       count(estimate) AS estimates FROM gap`,
  );
  const kept = (key: string): number => Number(getMeta(db, key) ?? 0);
  /** Rows up to here may have been read, in this run or an earlier one. */
  let readId = newestId.get() ?? 0;
  return {
    /** Records a loss. A loss of the oldest rows is added to a row for the same reason, if there is one that was not read yet. */
    add: ({
      firstSeq,
      lastSeq,
      readings,
      reason,
      atMs,
      isEstimate,
    }: Omit<Gap, 'id' | 'mergedFrom' | 'reason'> & { readonly reason: LossReason }): void => {
      const open = firstSeq === null || lastSeq === null || !ONE_RANGE.has(reason) ? undefined : newest.get(reason, readId);
      if (open === undefined) insert.run(firstSeq, lastSeq, readings, reason, Math.round(atMs), isEstimate ? 1 : null);
      else widen.run(Math.min(open.firstSeq, firstSeq ?? 0), Math.max(open.lastSeq, lastSeq ?? 0), open.n + readings, open.id);
    },
    /** Records a loss of readings that were not in the file yet; a repeated mark of the same run changes nothing. */
    addOnce: ({ readings, reason, atMs, mark, rows }: MemoryGap, bootId: number): void => {
      const isOfThisFile = rows !== undefined && rows.epoch === getMeta(db, 'epoch');
      insertOnce.run(readings, reason, Math.round(atMs), bootId, mark, isOfThisFile ? rows.from : null, isOfThisFile ? rows.to : null);
    },
    /** Returns at most `limit` recorded losses with a higher id, oldest first. They count as read from then on. */
    after: (id: number, limit: number): readonly Gap[] => {
      const gaps = after.all(id, limit).map(
        ({ mergedFrom, estimate, ...gap }): Gap => ({
          ...gap,
          ...(mergedFrom === null ? {} : { mergedFrom }),
          ...(estimate === null ? {} : { isEstimate: true }),
        }),
      );
      readId = Math.max(readId, gaps.at(-1)?.id ?? 0);
      return gaps;
    },
    count: (): number => count.get() ?? 0,
    /** `all`: readings lost; `uncommitted`: those never committed to this file; `estimates`: records whose readings were not counted. */
    readings: (): { readonly all: number; readonly uncommitted: number; readonly estimates: number } => {
      const { all, uncommitted, estimates } = sum.get() ?? { all: 0, uncommitted: 0, estimates: 0 };
      return { estimates, all: all + kept('gaps_trimmed'), uncommitted: uncommitted + kept(UNNUMBERED) };
    },
    mergeOldest: createGapMerge(db),
  };
}

/** Adds, reads, counts and merges the recorded losses, the table `gap` of an open file; see `createGapTable`. */
export type GapTable = ReturnType<typeof createGapTable>;
