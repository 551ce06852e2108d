/**
 * Sets of row numbers as sorted ranges: a backlog of a million consecutive rows is one from/to pair. Pure; no operation changes its input.
 */

/** A range of row numbers, both ends included; empty if `to` is below `from`. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** A set of row numbers as ranges in ascending order; neighbouring ranges are merged, so there is a gap between two ranges. */
export type SeqRanges = readonly SeqRange[];

/** The empty set of row numbers. */
export const NO_RANGES: SeqRanges = [];

/** The set with this range added, merged with ranges that it overlaps or touches. A range that ends before it begins adds nothing. */
export function withRange(ranges: SeqRanges, added: SeqRange): SeqRanges {
  if (added.to < added.from) return ranges;
  const before = ranges.filter(({ to }) => to < added.from - 1);
  const after = ranges.filter(({ from }) => from > added.to + 1);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const from = Math.min(added.from, touched[0]?.from ?? added.from);
  const to = Math.max(added.to, touched.at(-1)?.to ?? added.to);
  return [...before, { from, to }, ...after];
}

/** Returns the part of the set above `seq`; `seq` itself is removed. A range that contains `seq` is cut. */
export function beyond(ranges: SeqRanges, seq: number): SeqRanges {
  const rest = ranges.filter(({ to }) => to > seq);
  return rest.map(({ from, to }) => ({ from: Math.max(from, seq + 1), to }));
}

/** Whether the whole range is in the set. The range must not be empty. */
export function covers(ranges: SeqRanges, { from, to }: SeqRange): boolean {
  return ranges.some((range) => range.from <= from && to <= range.to);
}

/** The highest number such that every number from `seq` + 1 up to it is in the set; `seq` itself if there is none. */
export function reachFrom(ranges: SeqRanges, seq: number): number {
  const next = ranges.find((range) => range.from <= seq + 1 && range.to > seq);
  return next === undefined ? seq : next.to;
}
