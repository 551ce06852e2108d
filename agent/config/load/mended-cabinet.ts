/**
 * Repairs a cabinet with mistakes as far as possible, so that one mistake does not hide those that only the device types or the machine show.
 *
 * Pure. The result is only for display and checks; no agent runs with it.
 */
import { isRecord } from '../../core/is-record.ts';
import { valueAt } from '../../core/schema-findings.ts';
import type { Path } from '../check/finding.ts';
import { type CabinetDocument, cabinetSchema } from '../schema/schema.ts';

/** Replacements for values that every cabinet needs. */
const SUBSTITUTES: Readonly<Record<string, unknown>> = {
  cabinet: { id: 'unnamed', name: 'unnamed', latitudeDeg: 47, longitudeDeg: 0, timezone: 'Europe/Paris' },
  lines: [],
  poles: [],
  lamps: [],
  zones: [],
  programmes: [],
};
/** Rounds of repair: first wrong values are removed, then items that lack one, then what becomes empty. */
const ROUNDS = 4;

/** A document whose wrong values were removed or replaced, and where its remaining parts are in the document as written. */
export interface MendedDocument {
  readonly document: CabinetDocument;
  /** Returns the path in the document as written for a path in the repaired one, which may lack items of lists. */
  originalPath(path: Path): Path;
}

type Issue = NonNullable<ReturnType<typeof cabinetSchema.safeParse>['error']>['issues'][number];

/** Returns a copy in which parts that do not fit the schema are removed or replaced. Undefined if the copy still does not fit. */
export function mendedDocument(value: unknown): MendedDocument | undefined {
  const copy = structuredClone(value);
  const places = new Map<unknown, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    const result = cabinetSchema.safeParse(copy);
    if (result.success) return { document: result.data, originalPath: (path) => originalPath(copy, places, path) };
    if (!repair(copy, places, result.error.issues)) return undefined;
  }
  return undefined;
}

/** Returns whether anything could be removed. */
function repair(copy: unknown, places: Map<unknown, number[]>, issues: readonly Issue[]): boolean {
  const items = new Map<string, Path>();
  let isChanged = false;
  for (const issue of issues) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      const section = valueAt(copy, path);
      for (const key of issue.keys) if (isRecord(section)) isChanged = Reflect.deleteProperty(section, key) || isChanged;
      continue;
    }
    const parent = valueAt(copy, path.slice(0, -1));
    const key = path.at(-1);
    if (isRecord(parent) && key !== undefined && parent[key] !== undefined) isChanged = Reflect.deleteProperty(parent, key) || isChanged;
    else {
      const item = path.slice(0, path.findLastIndex((part) => typeof part === 'number') + 1);
      if (item.length > 0) items.set(JSON.stringify(item), item);
      else isChanged = replaceSection(copy, path) || isChanged;
    }
  }
  // The lists are found before any removal, and each is cut from last to first, so that paths and indexes stay valid.
  const found = [...items.values()].map((item) => ({ list: valueAt(copy, item.slice(0, -1)), at: Number(item.at(-1)) }));
  for (const { list, at } of found.toSorted((a, b) => b.at - a.at)) {
    if (!Array.isArray(list)) continue;
    const indexes = places.get(list) ?? list.map((_, i) => i);
    list.splice(at, 1);
    indexes.splice(at, 1);
    places.set(list, indexes);
    isChanged = true;
  }
  return isChanged;
}

/** A section that lacks a value: if every cabinet needs the section, the value is replaced; otherwise the section is removed. */
function replaceSection(copy: unknown, path: Path): boolean {
  const substitute = valueAt(SUBSTITUTES, path);
  const [at, value] = substitute === undefined ? [path.slice(0, -1), undefined] : [path, structuredClone(substitute)];
  const parent = valueAt(copy, at.slice(0, -1));
  const key = at.at(-1);
  if (!isRecord(parent) || key === undefined) return false;
  if (value === undefined) return Reflect.deleteProperty(parent, key);
  (parent as Record<string | number, unknown>)[key] = value;
  return true;
}

function originalPath(copy: unknown, places: ReadonlyMap<unknown, number[]>, path: Path): Path {
  return path.map((part, i) => {
    const list = valueAt(copy, path.slice(0, i));
    return typeof part === 'number' ? (places.get(list)?.[part] ?? part) : part;
  });
}
