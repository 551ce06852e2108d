/** How often something may change: at most so many times in a minute and in an hour. Pure. */
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../core/durations.ts';
import type { PanelLimits } from '../core/panel-config.ts';

type Pace = Pick<PanelLimits, 'changesPerMin' | 'changesPerHour'>;

/** Returns the earliest time of the next change; it may be in the past. `changes`: the earlier ones, oldest first. */
export function nextChangeMono({ changesPerMin, changesPerHour }: Pace, changes: readonly MonoMs[]): MonoMs {
  const freeAfter = (count: number, spanMs: number): MonoMs => {
    const oldest = changes.at(-count);
    return oldest === undefined ? 0 : oldest + spanMs;
  };
  return Math.max(freeAfter(changesPerMin, MINUTE_MS), freeAfter(changesPerHour, HOUR_MS));
}

/** Returns the changes of the last hour, with one at `nowMono` added. */
export function withChange(changes: readonly MonoMs[], nowMono: MonoMs): readonly MonoMs[] {
  return [...changes.filter((mono) => mono > nowMono - HOUR_MS), nowMono];
}
