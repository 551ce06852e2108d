/**
 * Edits of a YAML text that leave every other byte as it is, comments and layout included.
 */

import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { type Message, msg } from '../../core/message.ts';
import type { ImportFields } from './import-plan.ts';

type Path = readonly (string | number)[];

/** Thrown for a place that these edits cannot change, such as an alias or a missing value. `said`: the message for a person. */
export class UneditableError extends Error {
  override readonly name = 'UneditableError';
  readonly said: Message;

  constructor(said: Message) {
    super(String(said));
    this.said = said;
  }
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** The changes of one list. */
interface ListChange {
  readonly path: Path;
  readonly list: YAMLSeq<Node>;
  readonly removed: Set<number>;
  readonly added: string[];
}

/**
 * Collects edits of one text, and applies them in `text`. Shape: paths and indexes are those of the text before any edit. After an error the
 * edits are incomplete: discard them.
 */
export class YamlEdits {
  readonly #source: string;
  readonly #document: Document.Parsed;
  readonly #edits: Edit[] = [];
  readonly #lists = new Map<string, ListChange>();

  constructor(source: string) {
    this.#source = source;
    this.#document = parseDocument(source, { keepSourceTokens: true, logLevel: 'error' });
  }

  /** Sets keys of the section at `path`, and adds those that it lacks. Do not set a key twice. Errors: throws UneditableError. */
  set(path: Path, fields: ImportFields): void {
    const map = this.#nodeAt(path);
    if (!isMap(map)) throw uneditable(path);
    for (const [key, value] of Object.entries(fields)) {
      const pair = map.items.find((each) => isScalar(each.key) && each.key.value === key);
      if (pair === undefined) this.#addKey(map as YAMLMap<Node, Node | null>, key, value);
      else {
        const range = rangeOf(pair.value, [...path, key]);
        // The range of a block of text (`|`) includes its last line break.
        this.#put(range[0], scalarText(value), this.#source.slice(...range).trimEnd().length);
      }
    }
  }

  /** Adds an entry at the end of a list, which must be written, at least as `[]`. Errors: as `set`. */
  append(path: Path, item: ImportFields | string): void {
    this.#listAt(path).added.push(typeof item === 'string' ? scalarText(item) : mapText(item));
  }

  /** Removes an entry of a list, by its index. Errors: as `set`. */
  remove(path: Path, index: number): void {
    this.#listAt(path).removed.add(index);
  }

  /**
   * Returns the text with all edits. Call it once, after the last edit. Errors: as `set`, also for a list whose layout cannot be continued.
   */
  text(): string {
    for (const change of this.#lists.values()) this.#revise(change);
    this.#lists.clear();
    // From the end, so that earlier positions stay valid; edits at one position keep their order.
    const ordered = this.#edits.map((edit, order) => ({ ...edit, order })).toSorted((a, b) => b.at - a.at || b.order - a.order);
    return ordered.reduce((text, { at, length, text: added }) => text.slice(0, at) + added + text.slice(at + length), this.#source);
  }

  #nodeAt(path: Path): unknown {
    return path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
  }

  #listAt(path: Path): ListChange {
    const key = path.join('.');
    const list = this.#nodeAt(path);
    if (list === undefined || (isScalar(list) && list.value === null))
      throw new UneditableError(msg`${path.join('.')} is not written: write \`${path.at(-1) ?? ''}: []\` there first`);
    if (!isSeq<Node>(list)) throw uneditable(path);
    // Checked now rather than in `text`, so that the flaw is reported with the row that caused it.
    for (const item of list.items) rangeOf(item, path);
    const change = this.#lists.get(key) ?? { path, list, removed: new Set<number>(), added: [] };
    this.#lists.set(key, change);
    return change;
  }

  #revise(change: ListChange): void {
    const { path, list, removed, added } = change;
    if (list.items.length === 0) this.#fillEmpty(list, added);
    else if (list.flow === true) this.#reviseFlow(change);
    else {
      const last = list.items.at(-1);
      const [start, end] = rangeOf(last, path);
      const dash = this.#source.slice(this.#lineStart(start), start);
      if (!/^\s*-\s+$/.test(dash)) throw uneditable(path);
      // Before the removals: one of them may begin at the same position.
      if (removed.size === list.items.length && added.length === 0) this.#put(this.#afterKey(path, list), ' []');
      // Includes the line break before it, so that an entry added after the last one has a position of its own.
      for (const index of removed) {
        const [from, to] = rangeOf(list.items[index], path);
        this.#put(this.#lineStart(from) - 1, '', this.#lineEnd(to - 1) - this.#lineStart(from) + 1);
      }
      for (const text of added) this.#put(this.#lineEnd(end - 1), `\n${dash}${text}`);
    }
  }

  /** The position after the `:` of a list below its key; only comments may be between them. */
  #afterKey(path: Path, list: YAMLSeq<Node>): number {
    const map = this.#nodeAt(path.slice(0, -1));
    const key = isMap<Node>(map) ? map.items.find(({ value }) => (value as unknown) === list)?.key : undefined;
    const at = this.#source.indexOf(':', rangeOf(key, path)[1]) + 1;
    const between = this.#source.slice(at, rangeOf(list, path)[0]).replaceAll(/#.*/g, '');
    if (between.trim() !== '') throw uneditable(path);
    return at;
  }

  /** `[a, b]`: the remaining entries keep their own text, so that edits within them hold. */
  #reviseFlow({ list, removed, added }: ListChange): void {
    const ranges = list.items.map((item) => rangeOf(item, []));
    const [start = 0, end = 0] = [ranges[0]?.[0], ranges.at(-1)?.[1]];
    const firstKept = ranges.findIndex((_, index) => !removed.has(index));
    if (firstKept < 0) {
      this.#put(start, added.join(', '), end - start);
      return;
    }
    if (firstKept > 0) this.#put(start, '', (ranges[firstKept]?.[0] ?? end) - start);
    for (const index of removed) {
      const [from, to] = [ranges[index - 1]?.[1] ?? start, ranges[index]?.[1] ?? end];
      if (index > firstKept) this.#put(from, '', to - from);
    }
    if (added.length > 0) this.#put(end, added.map((text) => `, ${text}`).join(''));
  }

  /** `devices: []` becomes a list below its key, unless it is within `{ }`. */
  #fillEmpty(list: YAMLSeq<Node>, added: readonly string[]): void {
    const [start, end] = rangeOf(list, []);
    if (!/^[\s-]*[\w-]+: +$/.test(this.#source.slice(this.#lineStart(start), start))) {
      this.#put(start, `[${added.join(', ')}]`, end - start);
      return;
    }
    const indent = /^[\s-]*/.exec(this.#source.slice(this.#lineStart(start), start))?.[0].replaceAll('-', ' ') ?? '';
    this.#put(start - 1, '', end - start + 1);
    this.#put(this.#lineEnd(end), added.map((text) => `\n${indent}  - ${text}`).join(''));
  }

  #addKey(map: YAMLMap<Node, Node | null>, key: string, value: string | number): void {
    const last = map.items.at(-1) as Pair<Node, Node | null> | undefined;
    const [, end] = rangeOf(last?.value, [key]);
    const [first] = rangeOf(map.items[0]?.key, [key]);
    const text = `${key}: ${scalarText(value)}`;
    if (map.flow === true) this.#put(end, `, ${text}`);
    else this.#put(this.#lineEnd(end - 1), `\n${' '.repeat(first - this.#lineStart(first))}${text}`);
  }

  #put(at: number, text: string, length = 0): void {
    this.#edits.push({ at, length, text });
  }

  #lineStart(at: number): number {
    return this.#source.lastIndexOf('\n', at - 1) + 1;
  }

  #lineEnd(at: number): number {
    const end = this.#source.indexOf('\n', at);
    return end < 0 ? this.#source.length : end;
  }
}

/** The positions of a node, without the comment after it. Errors: throws UneditableError for a value that is missing or elsewhere. */
function rangeOf(node: unknown, path: Path): [start: number, end: number] {
  const range = isScalar(node) || isMap(node) || isSeq(node) ? node.range : null;
  if (range === undefined || range === null || range[0] === range[1]) throw uneditable(path);
  return [range[0], range[1]];
}

function uneditable(path: Path): UneditableError {
  return new UneditableError(msg`${path.join('.')} is written in a way that cannot be changed here: change it by hand`);
}

function mapText(item: ImportFields): string {
  const entries = Object.entries(item).map(([key, value]) => `${key}: ${scalarText(value)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Quotes ids such as `0012`, `1e3`, `on` or `null`, which would be read as something else without quotes. */
function scalarText(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const isPlain = /^[A-Za-z][A-Za-z0-9._-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
