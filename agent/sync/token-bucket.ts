/**
 * How much of something may happen: a burst at once, then so many a second.
 *
 * Owns the count of one such limit.
 */
import type { Clock } from '../core/clock.ts';

export interface Rate {
  /** At once, after a pause. */
  readonly burst: number;
  readonly perS: number;
}

export interface TokenBucket {
  /** False when there is none left. */
  take(): boolean;
}

/** A full bucket. */
export function createTokenBucket(clock: Pick<Clock, 'monoMs'>, { burst, perS }: Rate): TokenBucket {
  let tokens = burst;
  let atMono = clock.monoMs();
  return {
    take: () => {
      const nowMono = clock.monoMs();
      tokens = Math.min(burst, tokens + ((nowMono - atMono) / 1_000) * perS);
      atMono = nowMono;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
