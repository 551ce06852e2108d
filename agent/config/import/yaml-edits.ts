/**
 * Changes to a YAML text that leave every other byte of it as it is, comments and layout included.
 *
 * Owns the places where text goes in and out. Knows nothing about cabinets.
 */
import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ImportFields } from './import-plan.ts';

type Path = readonly (string | number)[];

/** A place that was written in a way these edits do not know: an alias, a value that is missing. */
export class UneditableError extends Error {
  override readonly name = 'UneditableError';
}

export interface YamlEdits {
  /** New values of a section, present or not. Errors: throws UneditableError. */
  set(path: Path, fields: ImportFields): void;
  /** One more entry at the end of a list. Errors: as `set`. */
  append(path: Path, item: ImportFields | string): void;
  /** One entry of a list, by its place. Errors: as `set`. */
  remove(path: Path, index: number): void;
  /** The text with all of it done. */
  text(): string;
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** What happens to one list. */
interface ListChange {
  readonly list: YAMLSeq<Node>;
  readonly removed: Set<number>;
  readonly added: string[];
}

/** Shape: paths and places are those of the text before any edit. */
export function openYamlEdits(source: string): YamlEdits {
  const document: Document.Parsed = parseDocument(source, { keepSourceTokens: true, logLevel: 'error' });
  const edits: Edit[] = [];
  const lists = new Map<string, ListChange>();
  const lineStart = (at: number): number => source.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = (at: number): number => {
    const end = source.indexOf('\n', at);
    return end < 0 ? source.length : end;
  };
  const put = (at: number, text: string, length = 0): void => {
    edits.push({ at, length, text });
  };

  return {
    set(path, fields) {
      const map = nodeAt(path);
      if (!isMap(map)) throw uneditable(path);
      for (const [key, value] of Object.entries(fields)) {
        const pair = map.items.find((each) => isScalar(each.key) && each.key.value === key);
        if (pair === undefined) addKey(map as YAMLMap<Node, Node | null>, key, value);
        else {
          const [start, end] = rangeOf(pair.value, [...path, key]);
          put(start, scalarText(value), end - start);
        }
      }
    },
    append(path, item) {
      listAt(path).added.push(typeof item === 'string' ? scalarText(item) : mapText(item));
    },
    remove(path, index) {
      listAt(path).removed.add(index);
    },
    text() {
      for (const [path, change] of lists) revise(change, path);
      lists.clear();
      // From the end, so that places before stay true; what goes in at one place keeps its order.
      const ordered = edits.map((edit, order) => ({ ...edit, order })).toSorted((a, b) => b.at - a.at || b.order - a.order);
      return ordered.reduce((text, { at, length, text: added }) => text.slice(0, at) + added + text.slice(at + length), source);
    },
  };

  function nodeAt(path: Path): unknown {
    return path.length === 0 ? document.contents : document.getIn(path, true);
  }

  function listAt(path: Path): ListChange {
    const key = path.join('.');
    const list = nodeAt(path);
    if (!isSeq<Node>(list)) throw uneditable(path);
    // Found now rather than at the end, so that it is told with the row that wanted it.
    for (const item of list.items) rangeOf(item, path);
    const change = lists.get(key) ?? { list, removed: new Set<number>(), added: [] };
    lists.set(key, change);
    return change;
  }

  function revise(change: ListChange, path: string): void {
    const { list, removed, added } = change;
    if (list.items.length === 0) fillEmpty(list, added);
    else if (list.flow === true) reviseFlow(change);
    else {
      const last = list.items.at(-1);
      const [start, end] = rangeOf(last, [path]);
      const dash = source.slice(lineStart(start), start);
      if (!/^\s*-\s+$/.test(dash)) throw uneditable([path]);
      // With the line break before it, so that what is added behind the last entry has a place of its own.
      for (const index of removed) {
        const [from, to] = rangeOf(list.items[index], [path]);
        put(lineStart(from) - 1, '', lineEnd(to - 1) - lineStart(from) + 1);
      }
      if (removed.size === list.items.length && added.length === 0) put(lineStart(rangeOf(list.items[0], [path])[0]) - 1, ' []');
      for (const text of added) put(lineEnd(end - 1), `\n${dash}${text}`);
    }
  }

  /** `[a, b]`: what stays keeps its own text. */
  function reviseFlow({ list, removed, added }: ListChange): void {
    const ranges = list.items.map((item) => rangeOf(item, []));
    const [start = 0, end = 0] = [ranges[0]?.[0], ranges.at(-1)?.[1]];
    const kept = ranges.filter((_, index) => !removed.has(index)).map(([from, to]) => source.slice(from, to));
    if (removed.size === 0) put(end, added.map((text) => `, ${text}`).join(''));
    else put(start, [...kept, ...added].join(', '), end - start);
  }

  /** `devices: []` becomes a list below its key, unless it stands within `{ }`. */
  function fillEmpty(list: YAMLSeq<Node>, added: readonly string[]): void {
    const [start, end] = rangeOf(list, []);
    if (!/^[\s-]*[\w-]+: +$/.test(source.slice(lineStart(start), start))) {
      put(start, `[${added.join(', ')}]`, end - start);
      return;
    }
    const indent = /^[\s-]*/.exec(source.slice(lineStart(start), start))?.[0].replaceAll('-', ' ') ?? '';
    put(start - 1, '', end - start + 1);
    put(lineEnd(end), added.map((text) => `\n${indent}  - ${text}`).join(''));
  }

  function addKey(map: YAMLMap<Node, Node | null>, key: string, value: string | number): void {
    const last = map.items.at(-1) as Pair<Node, Node | null> | undefined;
    const [, end] = rangeOf(last?.value, [key]);
    const [first] = rangeOf(map.items[0]?.key, [key]);
    const text = `${key}: ${scalarText(value)}`;
    if (map.flow === true) put(end, `, ${text}`);
    else put(lineEnd(end - 1), `\n${' '.repeat(first - lineStart(first))}${text}`);
  }

  /** Without the comment behind it. Errors: throws UneditableError for what is not there or stands elsewhere. */
  function rangeOf(node: unknown, path: Path): [start: number, end: number] {
    const range = isScalar(node) || isMap(node) || isSeq(node) ? node.range : null;
    if (range === undefined || range === null || range[0] === range[1]) throw uneditable(path);
    return [range[0], range[1]];
  }
}

function uneditable(path: Path): UneditableError {
  return new UneditableError(`${path.join('.')} is written in a way that cannot be changed here: change it by hand`);
}

function mapText(item: ImportFields): string {
  const entries = Object.entries(item).map(([key, value]) => `${key}: ${scalarText(value)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Ids such as `0012`, `1e3`, `on` or `null` would be something else without quotes. */
function scalarText(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const isPlain = /^[A-Za-z][A-Za-z0-9._-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
