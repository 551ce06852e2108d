/**
 * Changes one value of a YAML text and leaves the rest as it is: comments, order, quotes. Pure.
 *
 * Shape: paths are `zones[rue].minPct`, `lines[0].serial.baud`, `lamps[+]`, `programmes[night].steps[23:00].levelPct`.
 */

import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type ToStringOptions,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { Message, msg } from '../../core/message.ts';
import type { EditedText } from '../../core/revisions.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import { readTypedValue } from './typed-value.ts';

/**
 * One step of a typed path. `key`: a key of a section. `item`: the item of a list with this id, time or text; without one, a number is its
 * position, from 0. `new`: a new item after the last.
 */
export type PathStep = { readonly kind: 'key' | 'item'; readonly name: string } | { readonly kind: 'new' };
/** A path in the document, in the form of the library. */
type Place = (string | number)[];

/** The style of our own files. */
const STYLE: ToStringOptions = { lineWidth: 0, flowCollectionPadding: true };
const MAX_PATH = 200;

/**
 * Returns the text with `value` (YAML) at a path, or without this path if `value` is null. Returns `reason` if text, path or value cannot
 * be used. A part that another part repeats by its name (`*`) cannot be removed or replaced as a whole; a change within it also changes
 * each repetition. The schema is not checked.
 */
export function editYaml(text: string, path: string, value: string | null): EditedText {
  const steps = stepsOf(path);
  if (steps instanceof Message) return { reason: steps };
  const document = parseDocument(text, { keepSourceTokens: true, logLevel: 'error' });
  if (document.errors.length > 0 || !isMap(document.contents)) return { reason: msg`it is not YAML as it stands: load a whole file first` };
  const place = placeOf(document, steps, value === null);
  if (place instanceof Message) return { reason: place };
  const repeated = repeatedParts(document);
  if (value === null) {
    document.deleteIn(place);
    return textOf(document, repeated);
  }
  const typed = readTypedValue(value);
  return typed instanceof Message ? { reason: typed } : put(document, text, { place, plain: typed.plain, repeated });
}

/** Replaces only the letters of a single value; for anything else the library writes the text again, comments included. */
function put(
  document: Document.Parsed,
  text: string,
  { place, plain, repeated }: { readonly place: Place; readonly plain: unknown; readonly repeated: Repeated },
): EditedText {
  const before = document.getIn(place, true);
  const isPlain = typeof plain !== 'object' || plain === null;
  if (isPlain && isScalar(before) && before.range && before.anchor === undefined && before.tag === undefined) {
    const [start, end] = before.range;
    // The range of a block of text (`|`) includes its last line break.
    const written = text.slice(start, end).trimEnd();
    if (written !== '') return { text: `${text.slice(0, start)}${inYaml(plain)}${text.slice(start + written.length)}` };
  }
  const node = document.createNode(plain) as Node;
  if (isCollection(node)) node.flow = isCollection(before) ? (before.flow ?? false) : true;
  if (isNode(before))
    Object.assign(node, { comment: before.comment, commentBefore: before.commentBefore, spaceBefore: before.spaceBefore });
  document.setIn(place, node);
  return textOf(document, repeated);
}

type Repeated = ReadonlyMap<Alias, Node | undefined>;

/** The part that each `*` of the document repeats. */
function repeatedParts(document: Document.Parsed): Repeated {
  const parts = new Map<Alias, Node | undefined>();
  visit(document, { Alias: (_, alias) => void parts.set(alias, alias.resolve(document)) });
  return parts;
}

/** Refuses an edit after which a `*` would repeat another part, or none. */
function textOf(document: Document.Parsed, repeated: Repeated): EditedText {
  const [first] = [...repeatedParts(document)].flatMap(([alias, part]) => (part === repeated.get(alias) ? [] : [alias.source]));
  return first === undefined
    ? { text: document.toString(STYLE) }
    : { reason: msg`another part of the file repeats this one (*${first}): change it there first` };
}

/** One value as YAML for any place in a file. A text that could be read as something else is quoted. */
function inYaml(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z][\w./-]*$/.test(value) && parseDocument(value).toJS() === value ? value : JSON.stringify(value);
}

/**
 * Returns the steps of a path such as `zones[rue].minPct`, or a message if it is malformed or longer than 200 characters. The named parts
 * need not exist.
 */
export function stepsOf(path: string): PathStep[] | Message {
  const wrong = msg`bad path "${path.slice(0, MAX_PATH)}": write keys with dots and items by id or number, as zones[rue].minPct or lines[0].port`;
  if (path.length > MAX_PATH || !/^[A-Za-z_][\w-]*(\[[^[\]]+\]|\.[A-Za-z_][\w-]*)*$/.test(path)) return wrong;
  return [...path.matchAll(/\[([^[\]]+)\]|([A-Za-z_][\w-]*)/g)].map(([, item, key]): PathStep => {
    if (item === undefined) return { kind: 'key', name: key ?? '' };
    return item === '+' ? { kind: 'new' } : { kind: 'item', name: item };
  });
}

/** Finds the path in the document. Returns a message if a part is missing; keys may be new, and one item after the last of a list. */
function placeOf(document: Document.Parsed, steps: readonly PathStep[], mustExist: boolean): Place | Message {
  const place: Place = [];
  let node: unknown = document.contents;
  for (const step of steps) {
    if (isAlias(node)) return msg`${pathText(place)} repeats another part of the file (*): change it there`;
    if (step.kind === 'key') {
      if (isSeq(node))
        return msg`${pathText(place)} is a list: name an item, as ${pathText(place)}[0], ${pathText(place)}[ID] or ${pathText(place)}[+]`;
      if (node !== undefined && !isMap(node)) return msg`${pathText(place)} holds no keys`;
      place.push(step.name);
    } else {
      const index = itemOf(node, step, pathText(place));
      if (index instanceof Message) return index;
      place.push(index);
    }
    node = document.getIn(place, true);
    if (node === undefined && mustExist) return msg`there is no ${pathText(place)}`;
  }
  return place;
}

function itemOf(at: unknown, step: Exclude<PathStep, { kind: 'key' }>, where: string): number | Message {
  if (!isSeq(at)) return msg`${where} is not a list`;
  const { items } = at as YAMLSeq;
  if (step.kind === 'new') return items.length;
  // Steps of a programme have no id: their time names them.
  const ids = items.map((item) =>
    isMap(item) ? String((item as YAMLMap).get('id') ?? (item as YAMLMap).get('at') ?? '') : String(isScalar(item) ? item.value : ''),
  );
  const index = ids.indexOf(step.name);
  if (index < 0 && /^\d+$/.test(step.name))
    return Number(step.name) < items.length ? Number(step.name) : msg`${where} has ${items.length} items, counted from 0`;
  const near = didYouMean(step.name, ids, msg`; there are: ${listNames(ids.filter((id) => id !== ''))}`);
  return index >= 0 ? index : msg`${where} has no "${step.name}"${near}`;
}

function pathText(place: Place): string {
  return place.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
