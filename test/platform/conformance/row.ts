/**
 * One row of the table: an assertion, and a small pure function that checks it against the evidence.
 */
import type { Evidence } from './evidence.ts';

/** The result of a row: the number of checked items, and the faults. Zero items are not a pass. */
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

/** The same row under each of these ids (blank-separated): the standard repeats many assertions. */
export function rows(
  ids: string,
  rule: string,
  check: ConformanceRow['check'],
  { level = 'must', unless }: RowOptions = {},
): ConformanceRow[] {
  return ids.split(/\s+/).map((id) => ({ id, level, rule, check, unless: unless ?? null }));
}

/** Checks each item; the result names the fault, or is empty or false. */
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

/** Merges two findings. */
export function mergedFindings(...findings: readonly RowFinding[]): RowFinding {
  return { count: findings.reduce((sum, { count }) => sum + count, 0), faults: findings.flatMap(({ faults }) => faults) };
}
