/**
 * Texts with values: `Bikes today: {bikes}`. Pure.
 *
 * A name in braces is replaced by the value with this id. Everything else is shown as it is.
 */
import type { PanelValue } from '../core/panel-config.ts';

const NAME = /\{([a-z][a-z0-9_]{0,31})\}/g;
/**
 * Longest number in a text, with sign and decimal point. Units: characters. Source: assumed; 9,999,999 bicycles. Confirmed by: the counters of a commune.
 */
const NUMBER_LENGTH = 7;

/** Returns the names of the values that a text needs, which it has in braces; in the order of the text, with repetitions. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(NAME)].map(([, name = '']) => name);
}

/**
 * Returns the text with the value in place of each name in braces, or as `missing` the first name without one. `valueNamed` returns null
 * for a missing value.
 */
export function filledText(
  text: string,
  valueNamed: (name: string) => string | null,
): { readonly text: string } | { readonly missing: string } {
  const values = new Map(namesIn(text).map((name) => [name, valueNamed(name)]));
  const missing = [...values].find(([, value]) => value === null);
  if (missing !== undefined) return { missing: missing[0] };
  return { text: text.replace(NAME, (_, name: string) => values.get(name) ?? '') };
}

/** A value as the file writes it; its parts may be missing. */
interface ValueSize {
  readonly id?: string | undefined;
  readonly missing?: string | null | undefined;
  readonly words?: readonly ({ readonly word?: string | undefined } | undefined)[] | null | undefined;
}

/**
 * Returns an estimate of the greatest length of a text with its values in place of the names in braces. A value counts with the longest of
 * its words and its `missing` text. Without words, or without an entry in `values`, it has at least an assumed length. Units: characters.
 */
export function longestText(text: string, values: readonly ValueSize[]): number {
  const lengthOf = (name: string): number => {
    const value = values.find(({ id }) => id === name);
    const words = (value?.words ?? []).map((each) => lengthOfText(each?.word));
    return Math.max(lengthOfText(value?.missing), ...(words.length === 0 ? [NUMBER_LENGTH] : words));
  };
  return [...text.replace(NAME, (_, name: string) => '0'.repeat(lengthOf(name)))].length;
}

function lengthOfText(text: string | null | undefined): number {
  return [...(text ?? '')].length;
}

/**
 * Returns the characters of a text that may not be shown, without repetitions. `allowed`: the permitted ones; null permits all except
 * control characters and others of Unicode category C. Space and newline are always permitted.
 */
export function foreignCharacters(text: string, allowed: string | null): readonly string[] {
  const set = allowed === null ? null : new Set(allowed);
  const isForeign = (character: string): boolean => (set === null ? /\p{C}/u.test(character) : character !== ' ' && !set.has(character));
  return [...new Set(text)].filter((character) => character !== '\n' && isForeign(character));
}

/**
 * Returns the characters that may not be shown, as `foreignCharacters`, for a text whose values are still names in braces. The names are
 * not checked. Space and newline are always permitted; null for `allowed` also permits all but Unicode category C.
 */
export function foreignInTemplate(text: string, allowed: string | null): readonly string[] {
  return foreignCharacters(text.replace(NAME, ' '), allowed);
}

/** Returns a character for people: unchanged, or as its number (`U+000A`), for example for a control character. */
export function characterName(character: string): string {
  return /[\p{C}\p{M}\p{Zl}\p{Zp}]/u.test(character)
    ? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
    : character;
}

/**
 * Returns a value as text: with the configured decimals, or as a word. Without a value or a fitting word it returns `missing`, which may be
 * null.
 */
export function valueText({ decimals, words, missing }: PanelValue, value: number | null): string | null {
  if (value === null) return missing;
  if (words === null) return value.toFixed(decimals);
  return words.find(({ below }) => below === null || value < below)?.word ?? missing;
}
