/**
 * Rules for the facts that must change when a copy replaces `state.db`, as data for the storage thread. Pure.
 *
 * A copy is older than the state that it replaces. Without these rules an intent that has ended would apply again, and a counter
 * would decrease.
 */
import type { WallMs } from './clock.ts';
import { isRecord } from './is-record.ts';

/** How one stored fact (a value under a key) changes when an older copy replaces `state.db`. */
export type CopyRule =
  | { readonly key: string; readonly change: 'remove' }
  /** Removes the items of a list whose fields match all of these patterns. A missing field counts as an empty text. */
  | { readonly key: string; readonly change: 'remove-items'; readonly where: Readonly<Record<string, RegExp>> }
  /** Adds `by` to a counter that runs from 0 to `count` - 1 and then wraps to 0. */
  | { readonly key: string; readonly change: 'advance'; readonly by: number; readonly count: number }
  /** Adds the age of the copy, in units of `unitMs`, to the numbers of a record; rounds the sums to hundredths. */
  | { readonly key: string; readonly change: 'add-age'; readonly unitMs: number };

/** The times of the copy from which the present `state.db` was made. Units: ms of wall time. */
export interface CopiedState {
  /** When the copy was made, and when the agent first opened it as `state.db`, each by the clock at that moment. */
  readonly copiedMs: WallMs;
  readonly adoptedMs: WallMs;
}

/** Key under which `state.db` stores its own `CopiedState`. */
export const COPIED_STATE_KEY = 'store.copied-state';
/**
 * Limit of the age, because a clock that is decades off must not spoil the counters that grow with it. Units: ms. Source: assumed; 400
 * days, as long as readings are kept. Confirmed by: the age of the copies that sites have restored.
 */
const MAX_AGE_MS = 400 * 86_400_000;

/** Converts the value that was loaded from `COPIED_STATE_KEY`; null if it is missing or has another shape. */
export function readCopiedState(stored: unknown): CopiedState | null {
  if (!isRecord(stored)) return null;
  const { copiedMs, adoptedMs } = stored;
  return typeof copiedMs === 'number' && typeof adoptedMs === 'number' ? { copiedMs, adoptedMs } : null;
}

/** Returns how old the copy was when the agent first opened it as `state.db`: 0 if the clock was behind, at most 400 days. Units: ms. */
export function copyAgeMs({ copiedMs, adoptedMs }: CopiedState): number {
  return Math.min(Math.max(0, adoptedMs - copiedMs), MAX_AGE_MS);
}

/**
 * Returns the value of a fact after a copy of this age (ms) has replaced `state.db`; undefined if the fact must be removed. `value`: its
 * value in the copy, which stays unchanged if the rule does not fit its type.
 */
export function afterCopy(rule: CopyRule, value: unknown, ageMs: number): unknown {
  switch (rule.change) {
    case 'remove':
      return undefined;
    case 'remove-items':
      return Array.isArray(value) ? value.filter((item) => !matchesAll(item, rule.where)) : value;
    case 'advance':
      return typeof value === 'number' && Number.isInteger(value) ? (value + rule.by) % rule.count : value;
    case 'add-age':
      return isRecord(value) ? grown(value, ageMs / rule.unitMs) : value;
  }
}

function matchesAll(item: unknown, where: Readonly<Record<string, RegExp>>): boolean {
  if (!isRecord(item)) return false;
  return Object.entries(where).every(([field, pattern]) => {
    const value = item[field] ?? '';
    return typeof value === 'string' && pattern.test(value);
  });
}

/** Rounds to hundredths. */
function grown(record: Readonly<Record<string, unknown>>, by: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'number' ? Math.round((value + by) * 100) / 100 : value]),
  );
}
