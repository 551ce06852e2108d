/** Moves through the earlier lines while a new one is typed: back, forward, or by a search. Pure. */

/** Where a person is in lines typed before, oldest first. */
export interface HistoryPlace {
  /** Their number is the line that is being typed. */
  readonly at: number;
  /** What was being typed when they were first looked at. */
  readonly typed: string;
}

/** A search back, and the line that it has found last. */
export interface HistorySearch {
  readonly term: string;
  readonly at: number;
}

/** Moves one line back or forward and returns that line; null at either end. */
export function recalled(
  history: readonly string[],
  { at, typed }: HistoryPlace,
  { step, line }: { readonly step: -1 | 1; readonly line: string },
): { readonly place: HistoryPlace; readonly line: string } | null {
  const to = at + step;
  if (to < 0 || to > history.length) return null;
  const place = { at: to, typed: at === history.length ? line : typed };
  return { place, line: history[to] ?? place.typed };
}

/** Finds the newest line at or before `from` that contains the term; without one the search stays and `line` is null. */
export function sought(
  history: readonly string[],
  { term, from, before }: { readonly term: string; readonly from: number; readonly before: HistorySearch },
): { readonly search: HistorySearch; readonly line: string | null } {
  const found = history.findLastIndex((each, index) => index <= from && each.includes(term));
  return found < 0 ? { search: { term, at: before.at }, line: null } : { search: { term, at: found }, line: history[found] ?? '' };
}
