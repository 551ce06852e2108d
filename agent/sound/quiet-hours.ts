/** Quiet hours: whether an instant is in them, and until when. Pure. */
import type { WallMs } from '../core/clock.ts';
import type { ClockTime, QuietHours } from '../core/sound-config.ts';
import { type DayTimes, shiftedDate, weekdayOf } from './day-times.ts';

/** Most spans that follow one another without a pause. Source: twice those that a place can have; a week without a pause ends the search. */
const MAX_SPANS = 64;

/** Returns until when it is quiet at least, over quiet hours without a pause between them; null if `atMs` is outside quiet hours. */
export function quietUntil(hours: readonly QuietHours[], atMs: WallMs, times: DayTimes): WallMs | null {
  let endMs: WallMs | null = null;
  for (let i = 0; i < MAX_SPANS; i++) {
    const next = latestEnd(hours, endMs ?? atMs, times);
    if (next === null) return endMs;
    endMs = next;
  }
  return endMs;
}

function latestEnd(hours: readonly QuietHours[], atMs: WallMs, times: DayTimes): WallMs | null {
  const today = times.dateAt(atMs);
  const ends = hours.flatMap(({ from, until, weekdays }) =>
    [shiftedDate(today, -1), today].flatMap((date) => {
      if (weekdays !== null && !weekdays.includes(weekdayOf(date))) return [];
      // An hour that occurs twice in autumn is quiet both times.
      const [fromMs, untilMs] = [
        times.instantOf(from, date),
        times.lastInstantOf(until, crosses(from, until) ? shiftedDate(date, 1) : date),
      ];
      return fromMs !== null && fromMs <= atMs && atMs < untilMs ? [untilMs] : [];
    }),
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Whether the span ends on the day after it begins. */
function crosses(from: ClockTime, until: ClockTime): boolean {
  return until.hour * 60 + until.minute <= from.hour * 60 + from.minute;
}
