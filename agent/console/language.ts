/**
 * Sentences in the language of the person: English as the code and the agent say them, or French from the catalogue.
 *
 * Owns the way from an English sentence to the one shown: whole, by its pattern, or part by part. Pure.
 * What the catalogue does not know stays English. Command words and names are the same in every language.
 */
import type { Language } from '../core/words.ts';
import { FRENCH } from './french.ts';

interface Pattern {
  readonly shape: RegExp;
  readonly names: readonly string[];
  readonly translation: string;
  readonly letters: number;
}

/** Parts of a sentence that are command words. */
const AS_TYPED: readonly string[] = ['verbs', 'near'];

/** Parts of a sentence, the weakest link first. A colon ends what names the rest. */
const JOINTS = ['; ', ': ', ', '];
/** What may stand for a value of this name; for others anything. */
const NUMBER = '([-\\d.,]+)';
const VALUES: Readonly<Record<string, string>> = { n: NUMBER, m: NUMBER, h: NUMBER, clock: '([\\d:]+)' };
/** A sentence in a sentence in a sentence; deeper is none of ours. */
const MAX_DEPTH = 6;

/** The sentence in that language. */
export function translate(language: Language, text: string): string {
  return language === 'fr' ? french(text, 0) : text;
}

function french(text: string, depth: number): string {
  const whole = FRENCH.get(text);
  if (whole !== undefined || depth > MAX_DEPTH || !/[a-z]{2}/i.test(text)) return whole ?? text;
  for (const { shape, names, translation } of patterns()) {
    const found = shape.exec(text);
    if (found === null) continue;
    const values = Object.fromEntries(
      names.map((name, index) => [name, AS_TYPED.includes(name) ? (found[index + 1] ?? '') : french(found[index + 1] ?? '', depth + 1)]),
    );
    return translation.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
  }
  const [, before, inner, after] = /^(.*?) \((.+)\)(.*)$/.exec(text) ?? [];
  if (before !== undefined && inner !== undefined) {
    return `${french(before, depth + 1)} (${french(inner, depth + 1)})${french(after ?? '', depth + 1)}`;
  }
  const joint = JOINTS.find((each) => text.includes(each));
  if (joint === undefined) return text;
  const parts = text.split(joint);
  const told = parts.map((part) => french(part, depth + 1));
  return told.some((part, index) => part !== parts[index]) ? told.join(joint === ', ' ? joint : ` ${joint}`) : text;
}

/** Made when first wanted: most sessions are in one language. Those that say most are tried first. */
function patterns(): readonly Pattern[] {
  known ??= [...FRENCH]
    .filter(([english]) => english.includes('{'))
    .map(([english, translation]) => ({
      shape: new RegExp(
        `^${english.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? '(.+?)')}$`,
      ),
      names: [...english.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      translation,
      letters: english.replace(/\{\w+\}/g, '').length,
    }))
    .sort((a, b) => b.letters - a.letters);
  return known;
}

let known: readonly Pattern[] | undefined;
