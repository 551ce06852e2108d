/** How often something may change: at most so many times in a minute and in an hour. Pure. */
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../core/durations.ts';
import type { PanelLimits } from '../core/panel-config.ts';

type Pace = Pick<PanelLimits, 'changesPerMin' | 'changesPerHour'>;

/** Returns the time from which the next change is allowed; it may be in the past. `changes`: times of the earlier ones, oldest first. */
export function nextChangeMono({ changesPerMin, changesPerHour }: Pace, changes: readonly MonoMs[]): MonoMs {
  const freeAfter = (count: number, spanMs: number): MonoMs => {
    const oldest = changes.at(-count);
    return oldest === undefined ? 0 : oldest + spanMs;
  };
  return Math.max(freeAfter(changesPerMin, MINUTE_MS), freeAfter(changesPerHour, HOUR_MS));
}

/** Returns the times of the changes less than an hour before `nowMono`, with `nowMono` added at the end. */
export function withChange(changes: readonly MonoMs[], nowMono: MonoMs): readonly MonoMs[] {
  return [...changes.filter((mono) => mono > nowMono - HOUR_MS), nowMono];
}
