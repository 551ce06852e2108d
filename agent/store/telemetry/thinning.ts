/**
 * Selects which readings of an hour stay when room is needed: extremes, every change of quality, the first and last. More readings of counters stay,
 * because each of them is evidence. Pure.
 */
import type { SegmentFrame } from '../segment-codec.ts';

/** How strongly a segment is thinned. */
export interface Thinning {
  /** At least one reading in this many stays in a series, counted from the readings before any thinning. */
  readonly keep: number;
  /** `keep` of the last thinning that was tried on these frames; 0 or 1 for none. */
  readonly before: number;
  /** Whether a series is a counter; more of its readings may stay. */
  readonly isCounter: (seriesId: number) => boolean;
}

/**
 * The rounds in which segments are thinned. `keep`: at least one in this many of all readings of a series stays. `share`: which share of
 * the segments may be thinned in this round, from the oldest. It is a share of the delivered ones, or of all if none is delivered.
 */
export const THINNING_ROUNDS: readonly { readonly keep: number; readonly share: number }[] = [
  { keep: 4, share: 1 / 2 },
  { keep: 16, share: 1 / 4 },
];
/**
 * In each round, counters are thinned by this factor less; in the first not at all. Source: assumed; the energy contract is billed by them.
 * Confirmed by: the billing rules of an energy contract.
 */
const COUNTER_KEEPS = 4;

interface Place {
  readonly frame: number;
  readonly index: number;
  readonly value: number | null;
  readonly quality: string;
}

/**
 * Returns the frames with the readings that stay; frames without any are left out. In a series at least one reading in `keep` stays; more
 * may stay of a counter.
 */
export function thinned(frames: readonly SegmentFrame[], { keep, before, isCounter }: Thinning): SegmentFrame[] {
  const kept = frames.map(() => new Set<number>());
  for (const [seriesId, places] of bySeries(frames)) {
    const ofAll = (each: number): number => Math.max(1, isCounter(seriesId) ? each / COUNTER_KEEPS : each);
    const target = Math.round(ofAll(keep) / ofAll(before));
    for (const { frame, index } of target <= 1 ? places : chosen(places, target)) kept[frame]?.add(index);
  }
  return frames
    .map((frame, i) => ({ ...frame, readings: frame.readings.filter((_, index) => kept[i]?.has(index)) }))
    .filter(({ readings }) => readings.length > 0);
}

function bySeries(frames: readonly SegmentFrame[]): Map<number, Place[]> {
  const series = new Map<number, Place[]>();
  frames.forEach(({ readings }, frame) => {
    readings.forEach(({ seriesId, value, quality }, index) => {
      const places = series.get(seriesId) ?? [];
      series.set(seriesId, places);
      places.push({ frame, index, value, quality });
    });
  });
  return series;
}

/**
 * Keeps the first of each `keep`, the lowest and highest of all, the last, and both sides of a change of quality.
 *
 * Selects by position and not by value, so that the series of one device keep the same polls: their times are stored once. An extreme is not
 * kept twice if another kept reading has the same value.
 */
function chosen(places: readonly Place[], keep: number): Set<Place> {
  const stays = new Set(places.filter((_, i) => i % keep === 0));
  places.forEach((place, i) => {
    const before = places[i - 1];
    if (i === places.length - 1) stays.add(place);
    if (before !== undefined && before.quality !== place.quality) stays.add(before).add(place);
  });
  for (const sign of [1, -1]) {
    const extreme = (of: Iterable<Place>): Place | null => {
      let best: Place | null = null;
      for (const place of of)
        if (place.value !== null && (best === null || sign * place.value < sign * (best.value as number))) best = place;
      return best;
    };
    const best = extreme(places);
    if (best !== null && extreme(stays)?.value !== best.value) stays.add(best);
  }
  return stays;
}
