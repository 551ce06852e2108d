import type { Clock } from '../../agent/core/clock.ts';
import type { ManualClock } from '../../agent/core/manual-clock.ts';

/** A manual clock whose `precisely` fires before it returns when its time is past, as the system clock does. */
export function eagerClock(clock: ManualClock): Clock {
  return {
    ...clock,
    precisely(dueMono, fire) {
      if (dueMono > clock.monoMs()) return clock.precisely(dueMono, fire);
      fire();
      return { cancel() {} };
    },
  };
}
