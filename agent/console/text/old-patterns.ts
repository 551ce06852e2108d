/**
 * Transitional: the French of a finished English sentence, by patterns. It is removed with `agent/console/french` once all that is said is a message.
 *
 * A sentence is translated as a whole, by its pattern, or part by part. What the catalogue does not contain stays English.
 */
import type { Pairs } from '../french/pairs.ts';

interface Pattern {
  readonly shape: RegExp;
  readonly names: readonly string[];
  readonly translation: string;
  readonly letters: number;
}

/** Values that are one name, which stays as it is, though the catalogue may have the same word. */
const NAMES = 'id lamp zone line device unit point profile programme pole user role own path file dir'.split(' ');
/** Values that stay as they are too: words to type, codes, addresses. */
const CODES = 'word command option broker code head'.split(' ');
/** And of any length and shape: what was typed, lists of names, words of another program. */
const QUOTED = 'verbs near words text key'.split(' ');
/** What a person wrote, or the agent for a person who wrote nothing: only the words of the agent are translated. */
const REMARK = 'remark';
const AS_TYPED: ReadonlySet<string> = new Set([...NAMES, ...CODES, ...QUOTED]);

interface Joint {
  readonly at: RegExp;
  readonly by: string;
}

const LINES: readonly Joint[] = [{ at: /\n/, by: '\n' }];
const SENTENCES: readonly Joint[] = [
  { at: /\. (?=[A-Z`])/, by: '. ' },
  { at: /\? (?=[A-Z])/, by: ' ? ' },
  { at: /(?<=\S\?) (?=[a-z])/, by: ' ' },
];
/** A semicolon that stands in no bracket. */
const CLAUSES: readonly Joint[] = [{ at: /; (?![^()]*\))/, by: ' ; ' }];
/** Parts of a sentence, the weakest link first, and how French links them. A colon ends what names the rest. */
const JOINTS: readonly Joint[] = [
  { at: /; /, by: ' ; ' },
  { at: /: /, by: ' : ' },
  { at: /, /, by: ', ' },
];
/** A pattern with fewer letters of its own fits too much: its values end at a semicolon. */
const SHORT_LETTERS = 16;
/** What may stand for a value of this name; for others anything. */
const NUMBER = '([-\\d.,]+)';
const DATE = '(\\d{4}-\\d\\d-\\d\\d[-\\dT:.Z ]*)';
const AGE = '([\\d.]+ [a-z]+(?: [\\d.]+ [a-z]+)?)';
const SIZE = '([\\d.]+ [kM]?B)';
const VALUES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NAMES.map((name) => [name, '(\\S+?)'])),
  ...Object.fromEntries(CODES.map((name) => [name, '((?:(?![:;] ).)+?)'])),
  ...{ n: NUMBER, m: NUMBER, h: NUMBER, k: NUMBER },
  ...{ date: DATE, until: DATE, clock: '([\\d:]+)', age: AGE, size: SIZE, total: SIZE },
};
/** A sentence in a sentence in a sentence; deeper is none of ours. */
const MAX_DEPTH = 8;

type Missed = (part: string) => void;

let made: Catalogue | undefined;

/** Loads the patterns; until then sentences stay English. */
export async function learnPatterns(): Promise<void> {
  made ??= catalogueOf((await import('../french/catalogue.ts')).FRENCH);
}

/** Sentences are English again; for tests of what is a message. */
export function forgetPatterns(): void {
  made = undefined;
}

/** The French of an English sentence. */
export function frenchByPattern(text: string): string {
  return made === undefined ? text : french(text, 0, () => {});
}

/** What of a sentence the catalogue does not know, names and numbers in it included. */
export function leftInEnglish(text: string): readonly string[] {
  const parts: string[] = [];
  french(text, 0, (part) => parts.push(part));
  return parts;
}

function french(text: string, depth: number, missed: Missed): string {
  const known = made?.whole.get(text);
  if (known !== undefined || !/[a-z]{2}/i.test(text)) return known ?? text;
  if (depth <= MAX_DEPTH) {
    const inner = (part: string): string => french(part, depth + 1, missed);
    const translation =
      joined(text, LINES, inner) ??
      byPattern(text, inner) ??
      joined(text, SENTENCES, inner) ??
      takenApart(text, depth, missed) ??
      joined(text, JOINTS, inner);
    if (translation !== null) return translation;
  }
  missed(text);
  return text;
}

function byPattern(text: string, inner: (part: string) => string): string | null {
  for (const { shape, names, translation } of patternsFor(text)) {
    const found = shape.exec(text);
    if (found === null) continue;
    const values = Object.fromEntries(names.map((name, index) => [name, translatedValue(name, found[index + 1] ?? '', inner)]));
    return translation.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
  }
  return null;
}

/** Of a list of names only the conjunctions are translated. */
function translatedValue(name: string, value: string, inner: (part: string) => string): string {
  if (name === 'words')
    return value
      .replace(/ or (?=\S+$)/, ' ou ')
      .replace(/ and (\d+) more$/, (_, more) => ` et ${more} ${more === '1' ? 'autre' : 'autres'}`);
  if (name === REMARK) return made?.whole.get(value) ?? value;
  return AS_TYPED.has(name) ? value : inner(value);
}

/** A sentence with brackets and several clauses: of the two ways to take it apart the one that leaves fewer parts in English. */
function takenApart(text: string, depth: number, missed: Missed): string | null {
  const ways = [bracketed, (each: string, inner: (part: string) => string) => joined(each, CLAUSES, inner)];
  const tried = ways.map((way) => {
    const left: string[] = [];
    return { translation: way(text, (part) => french(part, depth + 1, (each) => left.push(each))), left };
  });
  if (tried[0]?.translation === null) return null;
  const [best] = tried.filter(({ translation }) => translation !== null).sort((a, b) => a.left.length - b.left.length);
  best?.left.forEach(missed);
  return best?.translation ?? null;
}

/** Translates text in brackets as a sentence of its own. */
function bracketed(text: string, inner: (part: string) => string): string | null {
  const [, before, within, after] = /^(.*?) \(((?:[^()]|\([^()]*\))+)\)(.*)$/s.exec(text) ?? [];
  return before === undefined || within === undefined ? null : `${inner(before)} (${inner(within)})${inner(after ?? '')}`;
}

function joined(text: string, joints: readonly Joint[], inner: (part: string) => string): string | null {
  const joint = joints.find(({ at }) => at.test(text));
  if (joint === undefined) return null;
  const parts = text.split(joint.at);
  const translation = parts.map(inner);
  return translation.some((part, index) => part !== parts[index]) ? translation.join(joint.by) : text;
}

interface Catalogue {
  readonly whole: ReadonlyMap<string, string>;
  /** Under a word of each: a sentence is held against few. Under '' those without one. */
  readonly byWord: ReadonlyMap<string, readonly Pattern[]>;
}

function catalogueOf(pairs: Pairs): Catalogue {
  return {
    whole: new Map(pairs),
    byWord: Map.groupBy(pairs.filter(([english]) => english.includes('{')).map(patternOf), ({ word }) => word),
  };
}

function patternOf([english, translation]: readonly [string, string]): Pattern & { readonly word: string } {
  const literal = english.replace(/\{\w+\}/g, '\0');
  const any = literal.length < SHORT_LETTERS ? '((?:(?!; ).)+?)' : '(.+?)';
  return {
    shape: new RegExp(
      `^${english.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? any)}$`,
      's',
    ),
    names: [...english.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    translation,
    letters: literal.length,
    // The longest word that touches no value: it is the most specific one.
    word:
      [...literal.matchAll(/(?<![\0A-Za-z])[A-Za-z]+(?![\0A-Za-z])/g)].map(([word]) => word).sort((a, b) => b.length - a.length)[0] ?? '',
  };
}

/** Patterns that may fit, the most specific first. */
function patternsFor(text: string): readonly Pattern[] {
  const words = new Set(['', ...(text.match(/[A-Za-z]+/g) ?? [])]);
  return [...words].flatMap((word) => made?.byWord.get(word) ?? []).sort((a, b) => b.letters - a.letters);
}
