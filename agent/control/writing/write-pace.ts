/** Limits how many levels a line gets per second: a token bucket per line. Time is an argument. */
import type { MonoMs } from '../../core/clock.ts';

/**
 * Returns a limit on the writes of lines. `mayWrite` returns whether one more write may be sent now, and counts it if so.
 *
 * `maxPerS`: by line, at least 1, the most writes per second in the long run; this many are also allowed at once after a pause. A line that
 * is not listed has no limit.
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
