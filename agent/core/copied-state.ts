/**
 * What may not go on as a copy of `state.db` has it, as data for the storage thread. Pure.
 *
 * A copy is older than the state that it replaces: without these rules an intent that has ended would hold again, and a number that has grown
 * would fall.
 */
import type { WallMs } from './clock.ts';
import { isRecord } from './is-record.ts';

/** The change of one fact when a copy takes the place of `state.db`. Shape: survives a structured clone. */
export type CopyRule =
  | { readonly key: string; readonly change: 'remove' }
  /** A list loses the items that have all of these values. */
  | { readonly key: string; readonly change: 'remove-items'; readonly where: Readonly<Record<string, string>> }
  /** A number that counts from 0 to `count` - 1 and then from 0 again. */
  | { readonly key: string; readonly change: 'advance'; readonly by: number; readonly count: number }
  /** The numbers of a record grow by the age of the copy, in units of `unitMs`. */
  | { readonly key: string; readonly change: 'add-age'; readonly unitMs: number };

/** The copy that `state.db` began with. */
export interface CopiedState {
  /** When the copy was made, and when it was taken into use, by the clocks of those moments. */
  readonly copiedMs: WallMs;
  readonly adoptedMs: WallMs;
}

/** The fact in the store that says so. Shape: `CopiedState`; absent where `state.db` never was a copy. */
export const COPIED_STATE_KEY = 'store.copied-state';
/** An older copy counts as this old: a clock that is decades off must not spoil what grows with the age. Units: ms. Source: assumed; 400 days, as long as readings are kept. */
const MAX_AGE_MS = 400 * 86_400_000;

/** The stored fact; null for anything else. */
export function readCopiedState(stored: unknown): CopiedState | null {
  if (!isRecord(stored)) return null;
  const { copiedMs, adoptedMs } = stored;
  return typeof copiedMs === 'number' && typeof adoptedMs === 'number' ? { copiedMs, adoptedMs } : null;
}

/** The age of a copy; 0 by a clock that is behind. Units: ms. */
export function copyAgeMs({ copiedMs, adoptedMs }: CopiedState): number {
  return Math.min(Math.max(0, adoptedMs - copiedMs), MAX_AGE_MS);
}

/** The value that goes on; undefined removes the fact. What has another shape than the rule expects stays as it is. */
export function afterCopy(rule: CopyRule, value: unknown, ageMs: number): unknown {
  switch (rule.change) {
    case 'remove':
      return undefined;
    case 'remove-items':
      return Array.isArray(value) ? value.filter((item) => !hasAll(item, rule.where)) : value;
    case 'advance':
      return typeof value === 'number' && Number.isInteger(value) ? (value + rule.by) % rule.count : value;
    case 'add-age':
      return isRecord(value) ? grown(value, ageMs / rule.unitMs) : value;
  }
}

function hasAll(item: unknown, where: Readonly<Record<string, string>>): boolean {
  return isRecord(item) && Object.entries(where).every(([field, value]) => item[field] === value);
}

/** To hundredths. */
function grown(record: Readonly<Record<string, unknown>>, by: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'number' ? Math.round((value + by) * 100) / 100 : value]),
  );
}
