/** Limits how many levels a line gets in a second: a token bucket for each line. Time is an argument. */
import type { MonoMs } from '../../core/clock.ts';

/**
 * Returns `mayWrite`: takes one place of the line's bucket; false where none is left.
 *
 * Shape: writes a second by line; a line that is not named has no bound. A quiet line may spend one second's worth at once.
 */
export function createWritePace(maxPerS: ReadonlyMap<string, number>): { mayWrite(lineId: string, nowMono: MonoMs): boolean } {
  const buckets = new Map<string, { readonly places: number; readonly atMono: MonoMs }>();
  return {
    mayWrite(lineId, nowMono) {
      const perS = maxPerS.get(lineId);
      if (perS === undefined) return true;
      const { places, atMono } = buckets.get(lineId) ?? { places: perS, atMono: nowMono };
      const filled = Math.min(perS, places + ((nowMono - atMono) / 1_000) * perS);
      const isFree = filled >= 1;
      buckets.set(lineId, { places: isFree ? filled - 1 : filled, atMono: nowMono });
      return isFree;
    },
  };
}
