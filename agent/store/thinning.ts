/**
 * Fewer readings of the same hour: what a person or a bill still needs of it.
 *
 * Owns which readings stay: extremes, every change of quality, the ends; of counters more, since each is a proof. Pure. Called by the
 * compaction.
 */
import type { SegmentFrame } from './segment-codec.ts';

export interface Thinning {
  /** One in so many stays. */
  readonly keep: number;
  readonly isCounter: (seriesId: number) => boolean;
}

/** Counters are thinned by this much less; of the first step nothing at all. Source: assumed; energy is what the contract is paid by. */
const COUNTER_KEEPS = 4;

interface Place {
  readonly frame: number;
  readonly index: number;
  readonly value: number | null;
  readonly quality: string;
}

/** The frames with fewer readings each; those left without any are gone. */
export function thinned(frames: readonly SegmentFrame[], { keep, isCounter }: Thinning): SegmentFrame[] {
  const kept = frames.map(() => new Set<number>());
  for (const [seriesId, places] of bySeries(frames)) {
    const wanted = isCounter(seriesId) ? keep / COUNTER_KEEPS : keep;
    for (const { frame, index } of wanted <= 1 ? places : extremes(places, wanted)) kept[frame]?.add(index);
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

/** Lowest and highest of each twice `keep`, the first and last of all, and both sides of a change of quality. */
function extremes(places: readonly Place[], keep: number): Set<Place> {
  const stays = new Set<Place>();
  for (let from = 0; from < places.length; from += 2 * keep) {
    const valued = places.slice(from, from + 2 * keep).filter(({ value }) => value !== null);
    const low = valued.reduce((a, b) => ((b.value ?? 0) < (a.value ?? 0) ? b : a), valued[0] as Place);
    const high = valued.reduce((a, b) => ((b.value ?? 0) > (a.value ?? 0) ? b : a), valued[0] as Place);
    for (const place of valued.length === 0 ? places.slice(from, from + 1) : [low, high]) stays.add(place);
  }
  places.forEach((place, i) => {
    const before = places[i - 1];
    if (before === undefined || i === places.length - 1) stays.add(place);
    else if (before.quality !== place.quality) stays.add(before).add(place);
  });
  return stays;
}
