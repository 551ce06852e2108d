/** Detects that the wall clock was set. */
import type { Clock } from '../../core/clock.ts';

/** A wall clock that moved this much against monotonic time was set. Units: ms. Source: slewing by a time server stays far below between two ticks. */
const STEP_MS = 1_000;

/** Returns a function that reports whether the wall clock was set since its last call. */
export function createClockStepDetector(clock: Pick<Clock, 'wallMs' | 'monoMs'>): () => boolean {
  let wallAtZeroMs = clock.wallMs() - clock.monoMs();
  return () => {
    const beforeMs = wallAtZeroMs;
    wallAtZeroMs = clock.wallMs() - clock.monoMs();
    return Math.abs(wallAtZeroMs - beforeMs) > STEP_MS;
  };
}
