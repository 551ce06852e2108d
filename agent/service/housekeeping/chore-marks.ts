/**
 * Results of the chores as they are stored over a restart. Stored data may come from another version of the agent.
 */
import { isRecord } from '../../core/is-record.ts';
import type { ChoreView } from '../../core/views.ts';

/** Under this the marks are stored. */
export const CHORES_KEY = 'chores';

export type Mark = Pick<ChoreView, 'lastMs' | 'result' | 'failed'>;

/** A chore that has not run yet. */
export const NEVER: Mark = { lastMs: null, result: '', failed: false };

/** By name of chore; what is no mark is left out. */
export function readMarks(stored: unknown): ReadonlyMap<string, Mark> {
  if (!isRecord(stored)) return new Map();
  return new Map(Object.entries(stored).flatMap(([name, value]) => (isMark(value) ? [[name, value] as const] : [])));
}

function isMark(value: unknown): value is Mark {
  if (!isRecord(value)) return false;
  const { lastMs, result, failed } = value;
  return (lastMs === null || typeof lastMs === 'number') && typeof result === 'string' && typeof failed === 'boolean';
}
