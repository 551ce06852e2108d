/** Answers `?` and TAB at one place of a line. Names are requested from the agent; the rest is pure. */

import { TRUE_OR_FALSE, type WantedValue } from '../../core/json-schema.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../core/message.ts';
import type { ValueInForce } from '../../core/revisions.ts';
import type { NameKind } from '../command-spec.ts';
import type { Choice } from '../command-tree.ts';
import { wrap } from '../text/text-lines.ts';
import { filterPlace } from './filters.ts';
import type { CompletionPlace, Tree } from './line-tree.ts';
import { splitLine } from './typed-words.ts';

/** More names are counted, not listed. Source: assumed; half a screen of five columns. Confirmed by: name lengths in cabinet files. */
const MAX_NAMES = 60;
/** Width of the words before their summaries. Units: columns. */
const WORD_COLS = { min: 10, max: 24 };
const GAP_COLS = 2;

/** What the help for `?` and TAB uses: commands, names, configuration values and translations. */
export interface TypingHelp {
  readonly tree: Tree;
  /** Resolves with the names of this kind; none if no agent answers. `typed`: the word so far; configuration keys depend on it. */
  readonly names: (kind: NameKind, typed: string) => Promise<readonly string[]>;
  /** Resolves with the values that a configuration key allows, or why the key is invalid. */
  readonly wanted: (path: string) => Promise<WantedValue | { readonly problem: Message }>;
  /** Resolves with the value in force of a configuration key; null if it has none, or if that is not known. */
  readonly inForce: (path: string) => Promise<ValueInForce | null>;
  readonly translate: (said: Said) => string;
}

/**
 * Resolves with the lines of help on what may be typed after this text. Errors: rejects with ConsoleError, for example for an unknown
 * command word that is complete. Values and the number of words are not checked.
 */
export async function helpLines(before: string, widthCols: number, help: TypingHelp): Promise<readonly string[]> {
  const { place, typed, isFilter } = placeOf(before, help.tree);
  const fits = startsWith(typed);
  const rows: Choice[] = place.choices.filter(({ word }) => fits(word));
  if (place.value !== null && (typed === '' || rows.length === 0)) rows.unshift(...(await valueRows(place.value, place, help)));
  if (typed === '' && place.canEnd)
    rows.push({ word: '<enter>', summary: msg`carry it out` }, { word: '|', summary: msg`filter the output` });
  const names = place.names === null ? [] : (await help.names(place.names, typed)).filter(fits);
  if (rows.length === 0 && names.length === 0) rows.push(...(place.unlisted ?? []).filter(({ word }) => fits(word)));
  if (rows.length === 0 && names.length === 0) return [help.translate(isFilter ? msg`nothing fits there` : msg`nothing begins like that`)];
  return [...choiceLines(rows, widthCols, help.translate), ...nameLines(names, widthCols, help.translate)];
}

/**
 * Resolves with what TAB inserts after this text, with a blank after a finished word. If it inserts nothing, `lines` are the words to
 * choose from. Both are empty if `helpLines` would reject the text, or if nothing fits.
 */
export async function completion(
  before: string,
  widthCols: number,
  help: TypingHelp,
): Promise<{ readonly insert: string; readonly lines: readonly string[] }> {
  let found: ReturnType<typeof placeOf>;
  try {
    found = placeOf(before, help.tree);
  } catch {
    return { insert: '', lines: [] };
  }
  const { place, typed } = found;
  const wanted = place.valueAt === undefined ? null : await help.wanted(place.valueAt);
  const values = wanted === null || 'problem' in wanted ? [] : wanted.choices;
  const names = place.names === null ? [] : await help.names(place.names, typed);
  const words = [...values, ...place.choices.map(({ word }) => word), ...names];
  const fitting = words.filter(startsWith(typed));
  const [only = ''] = fitting;
  // A partial configuration key can be continued, so no blank follows it.
  if (fitting.length === 1) return { insert: `${only.slice(typed.length)}${/[.[]$/.test(only) ? '' : ' '}`, lines: [] };
  const common = commonStart(fitting);
  if (common.length > typed.length) return { insert: common.slice(typed.length), lines: [] };
  return { insert: '', lines: nameLines(fitting, widthCols, help.translate) };
}

/** Resolves with the help of a configuration value: what its key allows. */
async function valueRows(value: Choice, { valueAt }: CompletionPlace, { wanted, inForce }: TypingHelp): Promise<readonly Choice[]> {
  return valueAt === undefined ? [value] : wantedRows(value.word, valueAt, await wanted(valueAt), await inForce(valueAt));
}

function placeOf(before: string, tree: Tree): { place: CompletionPlace; typed: string; isFilter: boolean } {
  const { stages, isWordOpen } = splitLine(before);
  const last = stages.at(-1) ?? [];
  const typed = isWordOpen ? (last.at(-1)?.text ?? '') : '';
  const words = isWordOpen ? last.slice(0, -1) : last;
  const isFilter = stages.length > 1;
  const place = isFilter
    ? filterPlace(words)
    : tree.placeAfter(words.map(({ text }) => text).filter((word, at) => at > 0 || word !== 'luciole'));
  return { place, typed, isFilter };
}

function choiceLines(choices: readonly Choice[], widthCols: number, translate: (said: Said) => string): readonly string[] {
  const widest = Math.max(0, ...choices.map(({ word }) => word.length));
  const cols = Math.min(Math.max(widest, WORD_COLS.min), WORD_COLS.max) + GAP_COLS;
  return choices.flatMap(({ word, summary }) => {
    const lines = wrap(translate(summary), Math.max(20, widthCols - cols - GAP_COLS));
    return lines.map((line, index) => `  ${(index === 0 ? word : '').padEnd(cols)}${line}`.trimEnd());
  });
}

/** Places names side by side, as many as fit. */
function nameLines(names: readonly string[], widthCols: number, translate: (said: Said) => string): readonly string[] {
  const shown = names.slice(0, MAX_NAMES);
  const cols = Math.max(0, ...shown.map((name) => name.length)) + GAP_COLS;
  const perRow = Math.max(1, Math.floor((widthCols - GAP_COLS) / Math.max(1, cols)));
  const rows = Array.from({ length: Math.ceil(shown.length / perRow) }, (_, row) => shown.slice(row * perRow, (row + 1) * perRow));
  const lines = rows.map((row) => `  ${row.map((name) => name.padEnd(cols)).join('')}`.trimEnd());
  return shown.length < names.length ? [...lines, `  ${translate(msg`... and ${names.length - shown.length} more`)}`] : lines;
}

function startsWith(typed: string): (word: string) => boolean {
  return (word) => word.toLowerCase().startsWith(typed.toLowerCase());
}

function commonStart(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) {
    while (length > 0 && word.slice(0, length).toLowerCase() !== first.slice(0, length).toLowerCase()) length--;
  }
  return first.slice(0, length);
}

/**
 * Returns the rows of help for a configuration value, or one row with the problem of an invalid key. `word` is the word of the first row.
 */
export function wantedRows(
  word: string,
  path: string,
  wanted: WantedValue | { readonly problem: Message },
  inForce: ValueInForce | null = null,
): readonly Choice[] {
  if ('problem' in wanted) return [{ word, summary: wanted.problem }];
  const { purpose, choices, unit, usual, mustBeThere, example } = wanted;
  const isListed = choices.length > 0 && wanted.allowed !== TRUE_OR_FALSE;
  const allowed = isListed ? msg`one of: ${choices.join(' ')}` : wanted.allowed;
  const sentences = [
    purpose,
    inForce === null ? NO_TEXT : nowText(inForce),
    unit === NO_TEXT ? allowed : msg`${allowed}, in ${unit}`,
    usual === null ? (mustBeThere ? msg`required` : msg`optional`) : msg`default: ${usual}`,
    msg`example: config set ${path} ${quoted(example)}`,
  ];
  return sentences.filter((each) => each !== NO_TEXT).map((summary, index) => ({ word: index === 0 ? word : '', summary }));
}

function nowText({ value, step }: ValueInForce): Message {
  return step == null ? msg`in force: ${value}` : msg`in force: ${value} (step "${step}")`;
}

/** Quotes the value if it is more than one word. */
function quoted(yaml: string): string {
  return /[\s'|]/.test(yaml) ? `"${yaml}"` : yaml;
}
