import { isRecord } from '../../core/is-record.ts';

/** Completes a typed path, `zones[rue].minPct`, by one step. A section ends in a dot, a list in an open bracket. Pure. */
export function pathsFrom(document: unknown, typed: string): readonly string[] {
  const [, above = '', rest = ''] = /^(.*?)([^.[\]]*)$/.exec(typed) ?? [];
  const parent = valueAt(document, above);
  if (parent === undefined) return [];
  const prefix = rest.toLowerCase();
  return stepsOf(parent, above.endsWith('['))
    .filter(([name]) => name.toLowerCase().startsWith(prefix))
    .map(([name, value]) => `${above}${name}${ending(value, above.endsWith('['))}`);
}

/** The value before the last name of a path: after a dot, an open bracket or nothing. Undefined where there is none. */
function valueAt(document: unknown, above: string): unknown {
  let value = document;
  for (const name of above.match(/[^.[\]]+/g) ?? []) {
    const found = entriesOf(value).find(([each]) => each.toLowerCase() === name.toLowerCase());
    if (found === undefined) return undefined;
    value = found[1];
  }
  return value;
}

function stepsOf(parent: unknown, isInList: boolean): readonly (readonly [name: string, value: unknown])[] {
  if (Array.isArray(parent) !== isInList) return [];
  return isInList ? [...entriesOf(parent), ['+', null]] : entriesOf(parent);
}

/** The items of a list by id, else by position; none for a list of single values, which is set as a whole. */
function entriesOf(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value)) return Object.entries(value);
  return value.every(isRecord) ? value.map((item, index) => [typeof item['id'] === 'string' ? item['id'] : String(index), item]) : [];
}

function ending(value: unknown, isInList: boolean): string {
  if (isInList) return isRecord(value) ? '].' : ']';
  if (Array.isArray(value)) return value.every(isRecord) ? '[' : '';
  return isRecord(value) ? '.' : '';
}
