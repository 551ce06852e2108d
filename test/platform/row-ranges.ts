/**
 * The rows of one node's store that the platform has: duplicates, missing parts, and the head that can be acknowledged. Pure.
 *
 * Source: docs/platform.md, "Delivery".
 */

/** `Sync/Rows` of a message, parsed: rows `from` to `to`, both included, part 1 to `parts` of them. `isAgain`: sent again on request. */
export interface ParsedRowsMark {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly part: number;
  readonly parts: number;
  readonly isAgain: boolean;
}

/** Rows `from` to `to`, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface RowRanges {
  /** Adds a message. Returns 'duplicate' if this part, or all its rows, were present already. */
  add(mark: ParsedRowsMark): 'new' | 'duplicate';
  /** Counts these rows as present, because they will never arrive. */
  cover(range: Range): void;
  /** All rows from 1 up to here are present; 0 if row 1 is missing. */
  readonly head: number;
  /** Complete ranges, in order; two ranges never touch. */
  readonly complete: readonly Range[];
  /** The missing ranges between complete ones. */
  readonly holes: readonly Range[];
  /** Ranges of which parts are missing. */
  readonly partial: number;
}

/** Parses the value of `Sync/Rows`. Undefined if it is malformed, if `from` is above `to`, or if the part is not 1 to `parts`. */
export function readRowsMark(text: string): ParsedRowsMark | undefined {
  const found = /^(?<epoch>[0-9A-Za-z]+):(?<from>\d+)-(?<to>\d+):(?<part>\d+)\/(?<parts>\d+)(?<again>:again)?$/.exec(text)?.groups;
  if (found === undefined) return undefined;
  const number = (key: string): number => Number(found[key]);
  const mark = { epoch: found['epoch'] ?? '', from: number('from'), to: number('to'), part: number('part'), parts: number('parts') };
  const isSound = mark.from <= mark.to && mark.part >= 1 && mark.part <= mark.parts;
  return isSound ? { ...mark, isAgain: found['again'] !== undefined } : undefined;
}

/** No rows, or rows 1 to `base`: these were acknowledged before this platform was connected. */
export function createRowRanges(base = 0): RowRanges {
  let complete: Range[] = base > 0 ? [{ from: 1, to: base }] : [];
  const parts = new Map<string, Set<number>>();
  const cover = (range: Range): void => {
    complete = merge(complete, range);
  };
  return {
    add: (mark) => {
      if (complete.some(({ from, to }) => from <= mark.from && mark.to <= to)) return 'duplicate';
      const key = `${mark.from}-${mark.to}/${mark.parts}`;
      const seen = parts.get(key) ?? new Set();
      const isNew = !seen.has(mark.part);
      seen.add(mark.part);
      if (seen.size < mark.parts) parts.set(key, seen);
      else {
        parts.delete(key);
        cover(mark);
      }
      return isNew ? 'new' : 'duplicate';
    },
    cover,
    get head() {
      const [first] = complete;
      return first !== undefined && first.from <= 1 ? first.to : 0;
    },
    get complete() {
      return complete;
    },
    get holes() {
      const ends = [0, ...complete.map(({ to }) => to)];
      return complete.map(({ from }, i) => ({ from: (ends[i] ?? 0) + 1, to: from - 1 })).filter(({ from, to }) => from <= to);
    },
    get partial() {
      return parts.size;
    },
  };
}

/** The ranges with one more, joined where they touch. */
function merge(ranges: readonly Range[], { from, to }: Range): Range[] {
  const before = ranges.filter((range) => range.to < from - 1);
  const after = ranges.filter((range) => range.from > to + 1);
  const touching = ranges.slice(before.length, ranges.length - after.length);
  const joined = { from: Math.min(from, ...touching.map((range) => range.from)), to: Math.max(to, ...touching.map((range) => range.to)) };
  return [...before, joined, ...after];
}
