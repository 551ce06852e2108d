/**
 * Decides whether a log event is written or only counted as a repetition: a flapping port must not fill the flash.
 */
import type { MonoMs } from '../../core/clock.ts';

/** Units: ms. Source: assumed; one line a minute about the same thing is enough for a reader. */
const WINDOW_MS = 60_000;
/** Different events remembered at once; beyond it the oldest is forgotten. Source: assumed; bounds memory. */
const MAX_REMEMBERED = 200;

/** An event whose window is over, and how often it was held back in it. */
interface Repeated<T> {
  readonly item: T;
  readonly times: number;
}

export interface RepeatFilter<T> {
  /** Whether `item` shall be written now. Items are the same when their keys are. */
  admit(key: string, item: T, nowMono: MonoMs): boolean;
  /** Takes out what was held back and is due; all of it for an infinite `nowMono`. */
  due(nowMono: MonoMs): readonly Repeated<T>[];
}

interface Memory<T> {
  readonly item: T;
  readonly untilMono: MonoMs;
  heldBack: number;
}

/** A filter that remembers nothing yet. */
export function createRepeatFilter<T>(): RepeatFilter<T> {
  const seen = new Map<string, Memory<T>>();
  const overflow: Repeated<T>[] = [];
  return {
    admit(key, item, nowMono) {
      const known = seen.get(key);
      if (known !== undefined && nowMono < known.untilMono) {
        known.heldBack++;
        return false;
      }
      seen.set(key, { item, untilMono: nowMono + WINDOW_MS, heldBack: 0 });
      for (const [oldKey, old] of seen) {
        if (seen.size <= MAX_REMEMBERED) break;
        seen.delete(oldKey);
        if (old.heldBack > 0) overflow.push({ item: old.item, times: old.heldBack });
      }
      return true;
    },
    due(nowMono) {
      const over = overflow.splice(0);
      for (const [key, memory] of seen) {
        if (nowMono < memory.untilMono) continue;
        seen.delete(key);
        if (memory.heldBack > 0) over.push({ item: memory.item, times: memory.heldBack });
      }
      return over;
    },
  };
}
