/**
 * Applies every row of the table to every recording, with the verdict pass, fail or not applicable.
 *
 * These are own checks derived from the text of Sparkplug 3.0.0. They are not the standard's compatibility kit and make no claim in its name.
 */
import { type Recording, readEvidence } from './evidence.ts';
import type { ConformanceRow } from './row.ts';
import { ROWS } from './table.ts';

export interface RowVerdict {
  readonly row: ConformanceRow;
  readonly verdict: 'pass' | 'fail' | 'not-applicable';
  /** Number of packets, metrics or sessions checked. */
  readonly count: number;
  /** The faults, or why the row does not apply. */
  readonly reasons: readonly string[];
}

export interface CheckOptions {
  readonly rows?: readonly ConformanceRow[];
  /** Omits rows without evidence: a single recording does not show everything. */
  readonly isPartial?: boolean;
}

/**
 * Applies each row to all recordings. Returns one verdict per row, in the order of `rows`.
 *
 * A row that finds nothing to check is 'not-applicable' if it has an `unless`; otherwise it fails, or is omitted with `isPartial`.
 */
export function check(recordings: readonly Recording[], { rows = ROWS, isPartial = false }: CheckOptions = {}): RowVerdict[] {
  const evidence = recordings.map((recording) => ({ name: recording.name, evidence: readEvidence(recording) }));
  return rows.flatMap((row): RowVerdict[] => {
    let count = 0;
    const faults: string[] = [];
    for (const { name, evidence: seen } of evidence) {
      const finding = row.check(seen);
      count += finding.count;
      faults.push(...finding.faults.map((fault) => `${name}: ${fault}`));
    }
    if (faults.length > 0) return [{ row, verdict: 'fail', count, reasons: faults }];
    if (count > 0) return [{ row, verdict: 'pass', count, reasons: [] }];
    if (row.unless !== null) return [{ row, verdict: 'not-applicable', count, reasons: [row.unless] }];
    return isPartial ? [] : [{ row, verdict: 'fail', count, reasons: ['not observed'] }];
  });
}
