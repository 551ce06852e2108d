import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';

/** Records kept separately; beyond this number a block of the oldest becomes one record. Source: assumed; a year with a full store and a bad card every day. Confirmed by: the gaps recorded by cabinets in a year. */
const KEEP = { rows: 5_000, block: 500 };
/** The reason given in a merged record. */
const MERGED = 'merged';
/** The key in `meta` for the number of readings, in merged or removed loss records, that were never committed to this file. */
export const UNNUMBERED = 'gaps_trimmed_unnumbered';

interface OldestRows {
  readonly id: number;
  readonly mergedFrom: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly n: number;
  readonly uncommitted: number;
  readonly atMs: number;
  readonly estimate: number | null;
}

/**
 * Returns a function that merges the oldest records of losses while there are too many. A merged record has the reason `merged`, the sum
 * of the readings, the range over all their rows, and the latest time. Errors: both throw SQLite errors.
 */
export function createGapMerge(db: Sqlite): () => void {
  const count = db.prepare<[], number>('SELECT count(*) FROM gap').pluck();
  // Rows that never had numbers are 0 in a merged row: with null, its readings would count as never committed.
  const oldest = db.prepare<[number], OldestRows>(
    `SELECT max(id) AS id, min(coalesce(merged_from, id)) AS mergedFrom, sum(n) AS n, max(at_ms) AS atMs, max(estimate) AS estimate,
       coalesce(min(nullif(coalesce(first_seq, from_seq), 0)), 0) AS firstSeq, coalesce(max(coalesce(last_seq, to_seq)), 0) AS lastSeq,
       sum(CASE WHEN first_seq IS NULL THEN n ELSE 0 END) AS uncommitted
     FROM (SELECT * FROM gap ORDER BY id LIMIT ?)`,
  );
  const removeUpTo = db.prepare('DELETE FROM gap WHERE id <= ?');
  const insertMerged = db.prepare(
    `INSERT INTO gap(id, merged_from, first_seq, last_seq, n, reason, at_ms, estimate) VALUES(@id, @mergedFrom, @firstSeq, @lastSeq, @n, '${MERGED}', @atMs, @estimate)`,
  );

  return () => {
    while ((count.get() ?? 0) > KEEP.rows) {
      const old = oldest.get(KEEP.block);
      if (old === undefined) return;
      const { uncommitted, ...merged } = old;
      removeUpTo.run(merged.id);
      insertMerged.run(merged);
      // Added to the records that earlier releases removed: for a merged row they see only that it has numbers.
      setMeta(db, UNNUMBERED, Number(getMeta(db, UNNUMBERED) ?? 0) + uncommitted);
    }
  };
}
