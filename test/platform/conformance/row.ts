/**
 * One row of the table: an assertion, and the small pure question that is put to the evidence.
 *
 * Owns the words in which rows are written. Used by all `rows-*.ts`; `checker.ts` puts the questions.
 */
import type { Evidence } from './evidence.ts';

/** What a row found: how much there was to look at, and what was wrong. Nothing to look at is not a pass. */
export interface RowFinding {
  readonly count: number;
  readonly faults: readonly string[];
}

export interface ConformanceRow {
  readonly id: string;
  /** MUST, SHOULD, MAY of the standard; `own`: a row the standard's kit lacks. */
  readonly level: 'must' | 'should' | 'may' | 'own';
  readonly rule: string;
  readonly check: (evidence: Evidence) => RowFinding;
  /** Why the row does not apply when nothing of its kind was seen; without it, unseen is a failure. */
  readonly unless: string | null;
}

interface RowOptions {
  readonly level?: ConformanceRow['level'];
  readonly unless?: string;
}

/** Rows of the same meaning under each of these ids (blank-separated): the standard says many things more than once. */
export function rows(
  ids: string,
  rule: string,
  check: ConformanceRow['check'],
  { level = 'must', unless }: RowOptions = {},
): ConformanceRow[] {
  return ids.split(/\s+/).map((id) => ({ id, level, rule, check, unless: unless ?? null }));
}

/** Looks at each item; the answer names the fault, or is empty or false. */
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

/** Both findings as one. */
export function mergedFindings(...findings: readonly RowFinding[]): RowFinding {
  return { count: findings.reduce((sum, { count }) => sum + count, 0), faults: findings.flatMap(({ faults }) => faults) };
}
