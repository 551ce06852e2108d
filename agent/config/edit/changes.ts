import { isRecord } from '../../core/is-record.ts';
import type { ConfigChange } from '../../core/revisions.ts';
import { SECRET_KEY, withoutUrlPasswords } from '../../core/secrets.ts';

/** Longest value that is shown in full. Units: UTF-16 units. Source: the list of 247 lamps of a zone, `"L001",` each. */
const SHOWN_LENGTH = 2_000;

/**
 * Returns the values that differ between two configurations, with their paths; empty if there are none. Another order of items with ids is
 * no change. The returned texts hide secrets, as `shownValue` does. `path`: the path of both values.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): ConfigChange[] {
  if (before === after) return [];
  if (isList(before) && isList(after)) {
    const [was, is] = [named(before), named(after)];
    if (was !== null && is !== null) return changesOf(was, is, (key) => `${path}[${key}]`);
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [change(path, before, after)];
  }
  if (isRecord(before) && isRecord(after)) {
    const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
    return changesOf(new Map(Object.entries(before)), new Map(Object.entries(after)), below);
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [change(path, before, after)];
}

function changesOf(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  below: (key: string) => string,
): ConfigChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key) => changesBetween(before.get(key), after.get(key), below(key)));
}

/** Names of the items: ids, otherwise positions; null for a list of single values, which is shown as a whole. */
function named(list: readonly unknown[]): ReadonlyMap<string, unknown> | null {
  if (!list.every(isRecord)) return null;
  const items = list.map((item, i) => [typeof item['id'] === 'string' ? item['id'] : String(i), item] as const);
  return new Map(items);
}

function change(path: string, before: unknown, after: unknown): ConfigChange {
  return { path, before: shownOrNull(path, before), after: shownOrNull(path, after) };
}

function shownOrNull(path: string, value: unknown): string | null {
  return value === undefined ? null : shownValue(path, value);
}

/**
 * Returns the JSON of a value for a person; a long one is cut. Secrets are replaced: texts directly at a secret key, passwords in URLs, and
 * the whole value if the last key of `path` is secret. `value` must not be undefined.
 */
export function shownValue(path: string, value: unknown): string {
  // An id or a position in brackets is no key.
  const keys = path.replace(/\[[^\]]*\]/g, '');
  const key = keys.slice(keys.lastIndexOf('.') + 1);
  const text = JSON.stringify(SECRET_KEY.test(key) ? '[redacted]' : value, hideSecrets);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}

function hideSecrets(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return SECRET_KEY.test(key) ? '[redacted]' : withoutUrlPasswords(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
