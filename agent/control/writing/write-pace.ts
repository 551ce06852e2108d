/** Limits how many levels a line gets in a second: a token bucket for each line. Time is an argument. */
import type { MonoMs } from '../../core/clock.ts';

export interface WritePace {
  /** Takes one place of the line's bucket. Returns false where none is left. */
  mayWrite(lineId: string, nowMono: MonoMs): boolean;
}

interface Bucket {
  readonly places: number;
  readonly atMono: MonoMs;
}

/** Shape: writes a second by line; a line that is not named has no bound. A quiet line may spend one second's worth at once. */
export function createWritePace(maxPerS: ReadonlyMap<string, number>): WritePace {
  const buckets = new Map<string, Bucket>();
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
