/**
 * "Did you mean": the known word nearest to a mistyped one. Pure.
 */

/** Misspellings a suggestion may bridge: one in a short word, one more for each three letters. Source: assumed, tried on the words of the cabinet's schema. */
const LETTERS_PER_ERROR = 3;

/** Added to the distance when the first letters differ: ids of one kind mostly share theirs, `S02` is nearer to `S01` than to `L02`. */
const OTHER_INITIAL = 0.5;

/** The candidate nearest to `word`, upper and lower case being the same; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / LETTERS_PER_ERROR)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const known = candidate.toLowerCase();
    const distance = editDistance(wanted, known) + (wanted[0] === known[0] ? 0 : OTHER_INITIAL);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The nearest first, by the share of letters that differ; those equally near stay in order. */
export function byNearness(word: string, candidates: Iterable<string>): string[] {
  const distanceTo = (candidate: string): number =>
    editDistance(word.toLowerCase(), candidate.toLowerCase()) / Math.max(1, word.length, candidate.length);
  const ranked = [...candidates].map((candidate) => ({ candidate, distance: distanceTo(candidate) }));
  return ranked.sort((a, b) => a.distance - b.distance).map(({ candidate }) => candidate);
}

/** `; did you mean "x"?`, or the given text when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise = ''): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? otherwise : `; did you mean "${guess}"?`;
}

/**
 * Inserted, lost, changed and swapped letters between two words.
 *
 * Source: optimal string alignment distance (Damerau 1964, restricted to one swap a place).
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
