/**
 * A rate limit as a token bucket: a burst, then a number per second.
 */
import type { Clock } from './clock.ts';

/** The two numbers of a rate limit. */
export interface Rate {
  /** Most that is allowed at once; fewer until the rate has refilled it. */
  readonly burst: number;
  /** Allowed per second in the long run. */
  readonly perS: number;
}

/** A rate limit as a bucket of tokens, which `createTokenBucket` creates. `take` takes tokens, and returns false if fewer are left. */
export type TokenBucket = ReturnType<typeof createTokenBucket>;

/**
 * Creates a rate limit as a bucket of tokens. It begins with `burst` tokens, which is also the most, and gains `perS` a second. Call `take`
 * for each use.
 */
export function createTokenBucket(clock: Pick<Clock, 'monoMs'>, { burst, perS }: Rate) {
  let tokens = burst;
  let atMono = clock.monoMs();
  return {
    /** Takes `count` tokens, one by default. Returns false and takes none if fewer are left. */
    take: (count = 1): boolean => {
      const nowMono = clock.monoMs();
      tokens = Math.min(burst, tokens + ((nowMono - atMono) / 1_000) * perS);
      atMono = nowMono;
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
  };
}
