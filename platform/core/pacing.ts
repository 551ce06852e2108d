/**
 * Paces the requests for births: per node as docs/platform.md states, and over the fleet by a token bucket. Pure.
 *
 * Source: docs/platform.md, "Births on request".
 */

/** The tokens of a bucket at the time `atMs`; the number may have a fraction. Units: ms of the clock with which `takeTokens` is called. */
export interface RebirthBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** How many tokens a bucket gains a second, and the most that it holds. */
export interface BucketSize {
  readonly perS: number;
  readonly burst: number;
}

/** The requests for the births of one node. Units: ms UTC. */
export interface RebirthHistory {
  /** When births were last requested; null: never. */
  readonly askedMs: number | null;
  /** The pause after the last request. Units: ms. */
  readonly waitMs: number;
}

/**
 * How fast nodes may be asked for their births, over the whole fleet: one token for each node. Source: assumed; 10 nodes of 40 births are
 * 400 messages a second, and a city of 1,450 is done in 145 s. Confirmed by: births a second that the workers of a city store without lag.
 */
export const FLEET_REBIRTHS: BucketSize = { perS: 10, burst: 20 };
/** The node doubles its own pause from 5 s to 10 min, and begins again after 20 min. Units: ms. Source: docs/platform.md, "Births on request". */
const PAUSE_MS = { first: 5_000, longest: 600_000, forgottenAfter: 1_200_000 };

/** Returns a bucket that holds `burst` tokens at `nowMs`. Units: ms of the clock with which `takeTokens` is called. */
export function fullBucket(size: BucketSize, nowMs: number): RebirthBucket {
  return { tokens: size.burst, atMs: nowMs };
}

/** Takes up to `wanted` whole tokens. Returns how many were taken and the bucket after it. A clock that steps back refills nothing. */
export function takeTokens(
  bucket: RebirthBucket,
  size: BucketSize,
  wanted: number,
  nowMs: number,
): { readonly taken: number; readonly bucket: RebirthBucket } {
  const refilled = Math.min(size.burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1_000) * size.perS);
  const taken = Math.min(Math.floor(refilled), Math.max(0, wanted));
  return { taken, bucket: { tokens: refilled - taken, atMs: nowMs } };
}

/** Whether births may be requested now: the pause after the last request is over, there was none, or the clock shows a time before it. */
export function mayAsk({ askedMs, waitMs }: RebirthHistory, nowMs: number): boolean {
  return askedMs === null || nowMs - askedMs >= waitMs || nowMs < askedMs;
}

/** Returns the history after a request. Each doubles the pause, from 5 s to 10 min; after more than 20 min without one it is 5 s again. */
export function afterRequest({ askedMs, waitMs }: RebirthHistory, nowMs: number): RebirthHistory {
  const isForgotten = askedMs === null || nowMs - askedMs > PAUSE_MS.forgottenAfter;
  return { askedMs: nowMs, waitMs: isForgotten ? PAUSE_MS.first : Math.min(PAUSE_MS.longest, Math.max(PAUSE_MS.first, waitMs * 2)) };
}
