/** Filters after a bar: `| include L07 | count`, `| json`, `| csv`. Pure. */
import { Message, msg } from '../../core/message.ts';
import { withMessages } from '../../core/message-wire.ts';
import { nearest } from '../../core/suggestions.ts';
import type { Choice } from '../command-tree.ts';
import { ConsoleError } from '../console-error.ts';
import { csvLine } from '../text/text-table.ts';
import type { CompletionPlace } from './line-tree.ts';
import type { TypedWord } from './typed-words.ts';

type FilterName = 'include' | 'exclude' | 'begin' | 'count' | 'json' | 'csv';

/** One filter after a bar, with its text; the text is empty for a filter that takes none. */
export interface Filter {
  readonly name: FilterName;
  readonly text: string;
}

const FILTERS: readonly (Choice & { readonly word: FilterName; readonly takesText: boolean })[] = [
  { word: 'include', summary: msg`only lines with this text`, takesText: true },
  { word: 'exclude', summary: msg`no lines with this text`, takesText: true },
  { word: 'begin', summary: msg`from the first line with this text`, takesText: true },
  { word: 'count', summary: msg`how many lines`, takesText: false },
  { word: 'json', summary: msg`the raw answer, for scripts`, takesText: false },
  { word: 'csv', summary: msg`the answer as a table for a spreadsheet`, takesText: false },
];

/** Returns the filters of a line, from the words after each bar. Errors: throws ConsoleError 'usage', for example for an unknown filter. */
export function readFilters(stages: readonly (readonly TypedWord[])[]): readonly Filter[] {
  return stages.map(([head, ...rest]) => {
    const found = findFilter(head?.text ?? '');
    const text = rest.map((word) => word.text).join(' ');
    if (found.takesText && text === '') throw usage(msg`| ${found.word} needs a text`);
    if (!found.takesText && text !== '') throw usage(msg`| ${found.word} takes no text`);
    return { name: found.word, text };
  });
}

/**
 * Returns what may follow a bar and these words. The words after the filter are not checked. Errors: throws ConsoleError 'usage' if the first
 * word is no filter, or fits several.
 */
export function filterPlace(words: readonly TypedWord[]): CompletionPlace {
  const [head] = words;
  if (head === undefined) return { choices: FILTERS, names: null, value: null, canEnd: false };
  const { takesText } = findFilter(head.text);
  return takesText && words.length === 1
    ? { choices: [], names: null, value: { word: '<text>', summary: msg`any part of a line; case does not count` }, canEnd: false }
    : { choices: [], names: null, value: null, canEnd: true };
}

/** Returns true if a filter needs the answer as JSON instead of its text. */
export function wantsJson(filters: readonly Filter[]): boolean {
  return filters.some(({ name }) => name === 'json' || name === 'csv');
}

/**
 * Returns the lines after the filters, applied in their order. Capital and small letters are equal. `count` ignores blank lines. `csv`
 * converts each line that is JSON and leaves others; `json` changes nothing.
 */
export function filterLines(lines: readonly string[], filters: readonly Filter[]): readonly string[] {
  return filters.reduce<readonly string[]>((left, { name, text }) => {
    const has = (line: string): boolean => line.toLowerCase().includes(text.toLowerCase());
    if (name === 'include') return left.filter(has);
    if (name === 'exclude') return left.filter((line) => !has(line));
    if (name === 'begin') return left.slice(left.findIndex(has) < 0 ? left.length : left.findIndex(has));
    if (name === 'count') return [String(left.filter((line) => line.trim() !== '').length)];
    return name === 'csv' ? left.flatMap(csvOf) : left;
  }, lines);
}

/** Converts a raw answer to a table: one row per object, nested objects by their path. A message is one column with its English text. */
function csvOf(line: string): readonly string[] {
  const json = parsedJson(line);
  if (json === undefined) return [line];
  const answer = withMessages(json);
  const rows = (Array.isArray(answer) ? answer : [answer]).map((row) => new Map(cells(row, '')));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  return [csvLine(columns), ...rows.map((row) => csvLine(columns.map((column) => row.get(column) ?? '')))];
}

/** Undefined for a line that is not JSON. */
function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function cells(value: unknown, path: string): [string, string][] {
  if (typeof value === 'object' && value !== null && !(value instanceof Message)) {
    return Object.entries(value).flatMap(([key, item]) => cells(item, path === '' ? key : `${path}.${key}`));
  }
  return [[path === '' ? 'value' : path, value === null || value === undefined ? '' : String(value)]];
}

function findFilter(typed: string): (typeof FILTERS)[number] {
  const wanted = typed.toLowerCase();
  const found = FILTERS.filter(({ word }) => wanted !== '' && word.startsWith(wanted));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const words = FILTERS.map(({ word }) => word);
  const near = found.length > 1 ? undefined : nearest(typed, words);
  throw usage(near === undefined ? msg`after | you can type ${words}` : msg`after | you can type ${words}; nearest: ${near}`);
}

function usage(message: Message): ConsoleError {
  return new ConsoleError('usage', message);
}
