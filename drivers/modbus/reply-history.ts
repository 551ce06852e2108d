/**
 * The recent replies on the line, the last answer to each request, and which echo proves a write.
 *
 * Pure: time is an argument. A duplicate is recognised because it equals an earlier reply byte for byte.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

/** Requests whose last reply is kept; the one that was recorded first is dropped first. Source: 247 units with 16 blocks each. */
const MOST_REQUESTS = 4_096;
/** Weight of the newest reply in the share of replies that differed from the one before. Source: the gain of RFC 6298 §2. */
const GAIN = 1 / 8;
/** Source: FNV-1a, 32 bits (draft-eastlake-fnv). */
const FNV = { basis: 0x811c9dc5, prime: 0x0100_0193 };

/**
 * The last good reply to a request. `hash`: its `frameHash`. `changeShare`: 0 to 1, how often good replies to the request changed, weighted
 * to the newest.
 */
export interface LastReply {
  readonly hash: number;
  readonly changeShare: number;
  readonly atMono: MonoMs;
}

/**
 * Remembers recent frames of the line by their `frameHash`, and for each request its last good reply, to recognise copies. Requests with
 * the same `keyOf` count as one.
 */
export class ReplyHistory {
  readonly #seen = new Map<number, MonoMs>();
  readonly #last = new Map<number, LastReply>();

  /** Records any frame that arrived. Frames that last arrived `boundMs` ago or earlier are dropped. */
  note(hash: number, nowMono: MonoMs, boundMs: number): void {
    this.#seen.delete(hash);
    this.#seen.set(hash, nowMono);
    for (const [oldest, atMono] of this.#seen) {
      if (atMono + boundMs > nowMono) break;
      this.#seen.delete(oldest);
    }
  }

  /** Whether a frame with this hash has arrived after `sinceMono`. */
  hasSeen(hash: number, sinceMono: MonoMs): boolean {
    return (this.#seen.get(hash) ?? Number.NEGATIVE_INFINITY) > sinceMono;
  }

  /** The last good reply to this request; undefined if none is kept. */
  lastOf(request: Buffer): LastReply | undefined {
    return this.#last.get(keyOf(request));
  }

  /** Records a good reply. */
  accept(request: Buffer, hash: number, atMono: MonoMs): void {
    const key = keyOf(request);
    const before = this.#last.get(key);
    const changed = before === undefined || before.hash === hash ? 0 : 1;
    const changeShare = before === undefined ? 0 : before.changeShare + GAIN * (changed - before.changeShare);
    this.#last.set(key, { hash, changeShare, atMono });
    if (this.#last.size <= MOST_REQUESTS) return;
    const [oldest] = this.#last.keys();
    if (oldest !== undefined) this.#last.delete(oldest);
  }
}

/** Returns the FNV-1a hash of a whole frame, checksum included, as a signed integer of 32 bits. */
export function frameHash(frame: Buffer): number {
  let hash = FNV.basis;
  for (let i = 0; i < frame.length; i++) hash = Math.imul(hash ^ (frame[i] as number), FNV.prime);
  return hash;
}

/**
 * Returns the key of a request: its first six bytes as a number. Writes of several values with the same address and count have the same
 * key, also if the values differ.
 */
export function keyOf(request: Buffer): number {
  return request.readUIntBE(0, 6);
}

/** Echoes that are kept; the one that was recorded first is dropped first. Source: 247 units with 8 levels each. */
const MOST_ECHOES = 2_048;

const BROADCAST = 0;

interface Echo {
  readonly unit: number;
  /** The newest write with this echo, as a whole: the echo of several registers does not contain their values. */
  request: number;
  seenMono: MonoMs;
  /** Echoes that were given up and may still arrive: of the same write, and of earlier ones that are stale. */
  owed: number;
  staleOwed: number;
  /** Another write was sent to the unit since this echo was last received. */
  isStale: boolean;
}

/**
 * Decides whether the reply to a write, here called its echo, proves this write. It does not if it may belong to an earlier write, unless
 * that was equal and no other write was sent to the unit since.
 */
export class WriteEchoes {
  readonly #echoes = new Map<number, Echo>();

  /** Records that a write is sent: echoes of other writes to its receivers become stale. */
  sent(request: Buffer): void {
    const hash = frameHash(request);
    for (const echo of this.#echoes.values()) {
      if ((echo.unit !== request[0] && request[0] !== BROADCAST) || echo.request === hash) continue;
      echo.isStale = true;
      echo.staleOwed += echo.owed;
      echo.owed = 0;
    }
  }

  /** The reply to this write was given up. */
  lost(request: Buffer, nowMono: MonoMs): void {
    const echo = this.#of(request, nowMono);
    echo.request = frameHash(request);
    echo.owed++;
    echo.seenMono = nowMono;
  }

  /**
   * Whether this echo proves this write. Call it once for each echo: it records the echo as received. `boundMs`: how late a reply may be.
   * `isDoubtful`: copies of earlier replies may arrive now. Units: ms.
   */
  isProof(request: Buffer, at: { readonly nowMono: MonoMs; readonly boundMs: number; readonly isDoubtful: boolean }): boolean {
    const { nowMono, boundMs, isDoubtful } = at;
    const echo = this.#of(request, nowMono);
    const isOld = echo.seenMono + boundMs <= nowMono;
    echo.seenMono = nowMono;
    if (!isOld && echo.isStale && isDoubtful) return false;
    // Each owed reply can arrive once.
    if (!isOld && echo.staleOwed > 0) {
      echo.staleOwed--;
      return false;
    }
    echo.isStale = false;
    echo.staleOwed = 0;
    echo.request = frameHash(request);
    return true;
  }

  #of(request: Buffer, nowMono: MonoMs): Echo {
    const key = keyOf(request);
    const known = this.#echoes.get(key);
    if (known !== undefined) return known;
    const echo = { unit: request[0] as number, request: frameHash(request), seenMono: nowMono, owed: 0, staleOwed: 0, isStale: false };
    this.#echoes.set(key, echo);
    const [oldest] = this.#echoes.keys();
    if (this.#echoes.size > MOST_ECHOES && oldest !== undefined) this.#echoes.delete(oldest);
    return echo;
  }
}
