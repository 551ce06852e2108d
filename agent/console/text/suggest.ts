/** The nearest of the words a person may have meant, or undefined when none is near. Case does not count. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  /** A third of the letters may be wrong. Source: assumed. */
  const limit = Math.min(3, Math.max(1, Math.ceil(typed.length / 3)));
  const ranked = words
    .map((word) => ({ word, distance: editDistance(wanted, word.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}

/**
 * The words that need the fewest changes, in alphabetic order; none when all of them need too many. Case counts.
 *
 * Source: at most 3 changes, and more than 0.4 of the letters right, as command lines made with `commander` have it.
 */
export function closest(typed: string, words: readonly string[]): readonly string[] {
  const ranked = [...new Set(words)]
    .filter((word) => word.length > 1)
    .map((word) => ({ word, distance: editDistance(typed, word), length: Math.max(typed.length, word.length) }))
    .filter(({ distance, length }) => distance <= 3 && (length - distance) / length > 0.4);
  const best = Math.min(...ranked.map(({ distance }) => distance));
  return ranked.flatMap(({ word, distance }) => (distance === best ? [word] : [])).sort();
}

/** Letters to insert, drop, change or swap with their neighbour to get from one word to the other. Source: Damerau 1964, as optimal string alignment. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
