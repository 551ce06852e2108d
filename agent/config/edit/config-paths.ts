import { isRecord } from '../../core/is-record.ts';
import type { ValueInForce } from '../../core/revisions.ts';
import { shownValue } from './changes.ts';

/**
 * Returns the texts to which a typed path can be completed by one step: `zones[`, `zones[rue].`, `zones[rue].minPct`; for a list also
 * `zones[+]`, a new item. Empty if nothing fits. Ignores case; earlier steps stay as typed.
 */
export function pathsFrom(document: unknown, typed: string): readonly string[] {
  // An id may contain dots, so an open bracket counts before the last dot.
  const [, above = '', rest = ''] = /^(.*\[)([^[\]]*)$/.exec(typed) ?? /^(.*?)([^.[\]]*)$/.exec(typed) ?? [];
  const parent = valueAt(document, above);
  if (parent === undefined) return [];
  const prefix = rest.toLowerCase();
  return stepsOf(parent, above.endsWith('['))
    .filter(([name]) => name.toLowerCase().startsWith(prefix))
    .map(([name, value]) => `${above}${above.endsWith(']') ? '.' : ''}${name}${ending(value, above.endsWith('['))}`);
}

/** The value before the last name of a path: after a dot, an open bracket or nothing. Undefined if there is none. */
function valueAt(document: unknown, above: string): unknown {
  const steps = stepsTo(document, above);
  return steps?.length === 0 ? document : steps?.at(-1)?.value;
}

/** The values along a path, ignoring case, items by name or position. Undefined if one does not exist. */
function stepsTo(document: unknown, path: string): readonly { readonly value: unknown }[] | undefined {
  const steps: { readonly value: unknown }[] = [];
  let value = document;
  for (const [, item, key] of path.matchAll(/\[([^[\]]+)\]|([^.[\]]+)/g)) {
    const name = item ?? key ?? '';
    const list = Array.isArray(value) ? value : [];
    const found = entriesOf(value).find(([each]) => each.toLowerCase() === name.toLowerCase());
    if (found === undefined && !(/^\d+$/.test(name) && Number(name) < list.length)) return undefined;
    value = found === undefined ? list[Number(name)] : found[1];
    steps.push({ value });
  }
  return steps;
}

function stepsOf(parent: unknown, isInList: boolean): readonly (readonly [name: string, value: unknown])[] {
  if (Array.isArray(parent) !== isInList) return [];
  return isInList ? [...entriesOf(parent), ['+', null]] : entriesOf(parent);
}

/**
 * The value of `document` at a path, in the form of `shownValue`; null if there is no value, it is null, or the path is empty. `step`: the
 * time (`at`) of the last item on the path that has one; null for none. Ignores case. Items are found by id or time first, then by
 * position.
 */
export function valueInForce(document: unknown, path: string): ValueInForce | null {
  const found = stepsTo(document, path);
  const last = found?.at(-1);
  if (found === undefined || last === undefined || last.value === undefined || last.value === null) return null;
  const step = found.findLast(({ value }) => isRecord(value) && typeof value['at'] === 'string')?.value;
  return { value: shownValue(path, last.value), step: isRecord(step) ? String(step['at']) : null };
}

/** The items of a list by id or time, otherwise by position; empty for a list of single values, which is set as a whole. */
function entriesOf(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value)) return Object.entries(value);
  return value.every(isRecord) ? value.map((item, index) => [nameOf(item) ?? String(index), item]) : [];
}

/** The name of an item in a path: its id, or the time of a step. */
function nameOf({ id, at }: Readonly<Record<string, unknown>>): string | undefined {
  return [id, at].find((name) => typeof name === 'string');
}

function ending(value: unknown, isInList: boolean): string {
  if (isInList) return isRecord(value) ? '].' : ']';
  if (Array.isArray(value)) return value.every(isRecord) ? '[' : '';
  return isRecord(value) ? '.' : '';
}
