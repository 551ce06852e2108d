/**
 * One row of the table: an assertion, and a small pure function that checks it against the evidence.
 */
import type { Evidence } from './evidence.ts';

/** The result of a row: the number of checked items, and the faults. A count of 0 is not a pass. */
export interface RowFinding {
  readonly count: number;
  readonly faults: readonly string[];
}

export interface ConformanceRow {
  readonly id: string;
  /** MUST, SHOULD, MAY of the standard; `own`: a row that the standard's kit does not have. */
  readonly level: 'must' | 'should' | 'may' | 'own';
  readonly rule: string;
  readonly check: (evidence: Evidence) => RowFinding;
  /** Why the row does not apply when there is nothing to check; without it, that is a failure. */
  readonly unless: string | null;
}

interface RowOptions {
  readonly level?: ConformanceRow['level'];
  readonly unless?: string;
}

/** One row for each of these ids (separated by blanks), otherwise equal: the standard repeats assertions. Default: `must`, without `unless`. */
export function rows(
  ids: string,
  rule: string,
  check: ConformanceRow['check'],
  { level = 'must', unless }: RowOptions = {},
): ConformanceRow[] {
  return ids.split(/\s+/).map((id) => ({ id, level, rule, check, unless: unless ?? null }));
}

/** Counts the items and collects what `faultOf` returns for them. An empty text, false or undefined: no fault. */
export function each<T>(items: Iterable<T>, faultOf: (item: T) => string | false | undefined): RowFinding {
  let count = 0;
  const faults: string[] = [];
  for (const item of items) {
    count += 1;
    const fault = faultOf(item);
    if (fault !== false && fault !== undefined && fault !== '') faults.push(fault);
  }
  return { count, faults };
}

/** One finding with the sum of the counts and the faults of all. */
export function mergedFindings(...findings: readonly RowFinding[]): RowFinding {
  return { count: findings.reduce((sum, { count }) => sum + count, 0), faults: findings.flatMap(({ faults }) => faults) };
}
