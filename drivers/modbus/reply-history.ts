/**
 * Which replies have been on the line of late, and what each request was last answered.
 *
 * Pure: time is an argument. A duplicate is byte for byte a reply that was on the line before; that is how it is recognised.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

/** Requests whose last reply is remembered; the oldest goes first. Source: 247 units with 16 blocks each. */
const MOST_REQUESTS = 4_096;
/** Weight of the newest reply in the share of replies that differed from the one before. Source: the gain of RFC 6298 §2. */
const GAIN = 1 / 8;
/** Source: FNV-1a, 32 bits (draft-eastlake-fnv). */
const FNV = { basis: 0x811c9dc5, prime: 0x0100_0193 };

/** The last good reply of a request, and the share of its replies that differed from the one before. */
export interface LastReply {
  readonly hash: number;
  readonly changeShare: number;
  readonly atMono: MonoMs;
}

export class ReplyHistory {
  readonly #seen = new Map<number, MonoMs>();
  readonly #last = new Map<number, LastReply>();

  /** A frame came in, whatever for. Frames older than `boundMs` are forgotten. */
  note(hash: number, nowMono: MonoMs, boundMs: number): void {
    this.#seen.delete(hash);
    this.#seen.set(hash, nowMono);
    for (const [oldest, atMono] of this.#seen) {
      if (atMono + boundMs > nowMono) break;
      this.#seen.delete(oldest);
    }
  }

  /** Whether such a frame has come in since. */
  hasSeen(hash: number, sinceMono: MonoMs): boolean {
    return (this.#seen.get(hash) ?? Number.NEGATIVE_INFINITY) > sinceMono;
  }

  lastOf(request: Buffer): LastReply | undefined {
    return this.#last.get(keyOf(request));
  }

  /** The reply was good. */
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

/** One number for all bytes of a frame; two frames that share it by chance are only doubted without need. */
export function frameHash(frame: Buffer): number {
  let hash = FNV.basis;
  for (let i = 0; i < frame.length; i++) hash = Math.imul(hash ^ (frame[i] as number), FNV.prime);
  return hash;
}

/** A read by its first six bytes: unit, function, address, count. */
export function keyOf(request: Buffer): number {
  return request.readUIntBE(0, 6);
}
