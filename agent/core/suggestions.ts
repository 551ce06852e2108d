/**
 * "Did you mean": the known word nearest to a mistyped one.
 *
 * Configuration, profiles, names and command lines use one distance and one threshold. The threshold depends on the longer of the two
 * words, so `--uplink` leads to `--no-uplink`; a threshold on the typed word alone would not allow that.
 */

import { type Message, msg, NO_TEXT } from './message.ts';

/** Most errors that a suggestion corrects: one in a short word, one more for each three letters of the longer word. Source: assumed, tried on the words of the cabinet's schema and of the console. Confirmed by: a list of typing errors from console sessions. */
const LETTERS_PER_ERROR = 3;

/** Added to the distance if the first letters differ: ids of one kind mostly share theirs, so `S02` is nearer to `S01` than to `L02`. */
const OTHER_INITIAL = 0.5;

/**
 * Returns the candidate that is nearest to `word` by typing errors; undefined if none is near enough. Of equally near ones, the first with
 * the first letter of `word`, or else the first. Upper and lower case are equal.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const folded = Array.from(candidates, (candidate) => [candidate.toLowerCase(), candidate] as const);
  return closestOf(word.toLowerCase(), folded)[0];
}

/**
 * Returns those of the near enough candidates that are nearest to `word` by typing errors, in alphabetical order; a longer word may have
 * more errors. Of equally near ones, those with its first letter, or else all. Upper and lower case differ.
 */
export function closest(word: string, candidates: Iterable<string>): readonly string[] {
  return closestOf(
    word,
    Array.from(new Set(candidates), (candidate) => [candidate, candidate]),
  ).toSorted();
}

/** Candidates with the least distance, in their order; none beyond the threshold. Shape: pairs of the compared form and the candidate. */
function closestOf(word: string, candidates: readonly (readonly [form: string, candidate: string])[]): readonly string[] {
  let found: string[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const [form, candidate] of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(word.length, form.length) / LETTERS_PER_ERROR)) + 1;
    if (Math.abs(form.length - word.length) >= Math.min(limit, least + 1)) continue;
    const distance = editDistance(word, form) + (word[0] === form[0] ? 0 : OTHER_INITIAL);
    if (distance >= limit || distance > least) continue;
    found = distance === least ? [...found, candidate] : [candidate];
    least = distance;
  }
  return found;
}

/**
 * Returns all candidates, the fewest typing errors for each letter of the longer word first. Equally near ones keep their order. Upper and
 * lower case are equal.
 */
export function byNearness(word: string, candidates: Iterable<string>): string[] {
  const distanceTo = (candidate: string): number =>
    editDistance(word.toLowerCase(), candidate.toLowerCase()) / Math.max(1, word.length, candidate.length);
  const ranked = [...candidates].map((candidate) => ({ candidate, distance: distanceTo(candidate) }));
  return ranked.sort((a, b) => a.distance - b.distance).map(({ candidate }) => candidate);
}

/** Returns the end of a sentence: `; did you mean "x"?`, or `otherwise` if no candidate is near enough. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: Message = NO_TEXT): Message {
  const guess = nearest(word, candidates);
  return guess === undefined ? otherwise : msg`; did you mean "${guess}"?`;
}

/** Longest list of names in a message, so that it stays one line on a terminal. */
const NAMES_SHOWN = 8;

/** Returns names for the end of a sentence: the first eight and, if there are more, the number of the others; `none` for an empty list. */
export function listNames(names: Iterable<string>): Message {
  const all = [...names];
  if (all.length === 0) return msg`none`;
  const rest = all.length - NAMES_SHOWN;
  const shown = all.slice(0, NAMES_SHOWN);
  return rest > 0 ? msg`${shown} and ${rest} more` : msg`${shown}`;
}

/** Shortest part of a word that is compared with the words of a key: `lat`, `min`. Units: letters. Source: assumed. Confirmed by: a list of typing errors from console sessions. */
const MIN_PART_LETTERS = 3;
/** Most keys in one suggestion. Source: assumed; two or three are a choice, more are a list. Confirmed by: a list of typing errors from console sessions. */
const MAX_SUGGESTED_KEYS = 3;

/**
 * Returns the end of a sentence: `; did you mean "x"?`, or `otherwise` if no key is near enough. It also finds keys by their
 * single words: `latitude` leads to `latitudeDeg`. It may suggest up to three keys.
 */
export function didYouMeanKey(typed: string, keys: readonly string[], otherwise: Message = NO_TEXT): Message {
  // `__proto__` is not a typing error.
  const parts = /^[A-Za-z]/.test(typed) ? wordsOf(typed).filter(({ length }) => length >= MIN_PART_LETTERS) : [];
  const contains = (key: string): boolean => parts.every((part) => wordsOf(key).some((word) => word.startsWith(part)));
  const related = parts.length === 0 ? [] : keys.filter(contains);
  const [only] = related;
  if (only === undefined || related.length > MAX_SUGGESTED_KEYS) return didYouMean(typed, keys, otherwise);
  return related.length === 1 ? msg`; did you mean "${only}"?` : msg`; did you mean one of ${related}?`;
}

/** `ratedPowerW`: rated, power, w. */
function wordsOf(key: string): readonly string[] {
  return key
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');
}

/**
 * Returns how many typing errors two words are apart: characters that are inserted, removed, changed or swapped with their neighbour.
 * Upper and lower case differ.
 *
 * Source: optimal string alignment distance (Damerau 1964, restricted to one swap per place).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + changed);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
