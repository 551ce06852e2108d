/**
 * A bounded wait.
 *
 * Owns its timer and nothing else. Called wherever this room waits for a disk or a broker.
 */
import type { Clock, Timer } from '../core/clock.ts';

/** Waits for `done`, but no longer than `ms`. Units: ms. */
export async function within(clock: Pick<Clock, 'after'>, ms: number, done: Promise<void>): Promise<void> {
  let timer: Timer | null = null;
  const late = new Promise<void>((resolve) => {
    timer = clock.after(ms, resolve);
  });
  await Promise.race([done, late]);
  (timer as Timer | null)?.cancel();
}
