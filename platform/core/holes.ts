/**
 * Decides which missing rows are requested from a node again. Pure.
 *
 * Source: docs/platform.md, "First contact", step 6, and "Request rows again".
 */

/** Rows `from` to `to` of one epoch of one node, both included. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

/** A hole that was seen before. Units: ms of a clock that never steps back. */
interface WatchedHole extends RowSpan {
  readonly sinceMs: number;
  readonly requests: number;
  readonly askedMs: number | null;
}

/** The missing rows of one epoch of one node, with what `watchHoles` keeps about each range. Empty before its first call. */
export type WatchedHoles = readonly WatchedHole[];

/** A row that is missing this long after a later one was lost on the way. Units: ms. Source: docs/platform.md, "First contact", step 6. */
const HOLE_AGE_MS = 60_000;
/** Longest pause between two requests for the same rows. Units: ms. Source: assumed; an hour costs a metered link little. Confirmed by: rows that a real fleet never sends. */
const LONGEST_PAUSE_MS = 3_600_000;
/** Holes of one node that are requested at once. Source: docs/platform.md allows 16 waiting requests; half is left to others. */
const MOST_HOLES = 8;
/** Holes of one node that are compared, the lowest first: a client that sends every other row must not occupy the process. Source: assumed; eight times those that are requested at once. Confirmed by: the holes of a real fleet after the loss of a worker. */
export const MOST_WATCHED = 64;
/** Rows of one request. Source: assumed; an hour at one row each 0.4 s, so that an answer does not block the next for long. Confirmed by: the time that a resend takes over a slow link. */
const MOST_ROWS = 10_000;

/** Returns the missing rows up to `sent`, included: the row up to which the node has sent everything. Rows above it are still to come. */
export function holesBelow(missing: readonly RowSpan[], sent: number): RowSpan[] {
  return missing.flatMap(({ from, to }) => (from > sent ? [] : [{ from, to: Math.min(to, sent) }]));
}

/**
 * Compares the holes with those seen before. Returns what to watch from now on, and what to request now: some of the holes, and of a large
 * one its first rows. `nowMs`: of a clock that never steps back.
 *
 * A hole is requested a minute after it was first seen, at the earliest. Each request doubles the pause to the next, up to an hour. When
 * one of its ends moves, for example because it is being filled, it counts as a new hole.
 */
export function watchHoles(
  known: WatchedHoles,
  holes: readonly RowSpan[],
  nowMs: number,
): { readonly watched: WatchedHoles; readonly due: readonly RowSpan[] } {
  const due: RowSpan[] = [];
  const byFrom = new Map(known.map((hole) => [hole.from, hole]));
  const watched = holes.map(({ from, to }): WatchedHole => {
    const before = byFrom.get(from);
    if (before === undefined || before.to !== to) return { from, to, sinceMs: nowMs, requests: 0, askedMs: null };
    const pauseMs = Math.min(LONGEST_PAUSE_MS, HOLE_AGE_MS * 2 ** before.requests);
    if (nowMs - (before.askedMs ?? before.sinceMs) < pauseMs || due.length >= MOST_HOLES) return before;
    due.push({ from, to: Math.min(to, from + MOST_ROWS - 1) });
    return { ...before, requests: before.requests + 1, askedMs: nowMs };
  });
  return { watched, due };
}
