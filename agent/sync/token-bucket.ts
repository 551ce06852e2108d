/**
 * A rate limit as a token bucket: a burst at once, then a number per second.
 */
import type { Clock } from '../core/clock.ts';

export interface Rate {
  /** Allowed at once, after a pause. */
  readonly burst: number;
  readonly perS: number;
}

export type TokenBucket = ReturnType<typeof createTokenBucket>;

/** A full bucket. */
export function createTokenBucket(clock: Pick<Clock, 'monoMs'>, { burst, perS }: Rate) {
  let tokens = burst;
  let atMono = clock.monoMs();
  return {
    /** Takes a token. False when none is left. */
    take: (): boolean => {
      const nowMono = clock.monoMs();
      tokens = Math.min(burst, tokens + ((nowMono - atMono) / 1_000) * perS);
      atMono = nowMono;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
