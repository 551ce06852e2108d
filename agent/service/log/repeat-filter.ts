/**
 * Decides whether a log event is written or only counted as a repetition, because a flapping port must not fill the flash.
 */
import type { MonoMs } from '../../core/clock.ts';

/** Units: ms. Source: assumed; one line a minute about the same event is enough for a reader. Confirmed by: a week of logs of a cabinet. */
const WINDOW_MS = 60_000;
/** Most different events that are remembered; beyond it the oldest is removed. Source: assumed; limits memory. Confirmed by: the number of different events a minute in a week of logs of a cabinet. */
const MAX_REMEMBERED = 200;

/** An event that was suppressed, and how often. */
interface Repeated<T> {
  readonly item: T;
  readonly times: number;
}

/** Suppresses repeated events for a limited time, and counts them. */
export interface RepeatFilter<T> {
  /**
   * Returns true if `item` must be written now, false if it is suppressed and counted. Items with the same key are the same. Call `due`
   * with this `nowMono` first.
   */
  admit(key: string, item: T, nowMono: MonoMs): boolean;
  /**
   * Returns the events with repetitions that are no longer counted: the item that was written, and how many were suppressed. Forgets them.
   * For an infinite `nowMono` all of them.
   */
  due(nowMono: MonoMs): readonly Repeated<T>[];
}

interface Memory<T> {
  readonly item: T;
  readonly untilMono: MonoMs;
  heldBack: number;
}

/** Creates a filter that has seen no event. It suppresses an event for 60 s after `admit` returned true. `T`: the event. */
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
