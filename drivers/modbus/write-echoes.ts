/**
 * Replies to writes: each repeats address and value, or address and count, and may be that of an earlier write.
 *
 * Pure: time is an argument. A repeated write may be confirmed by the reply to the first: the unit then holds the value all the same.
 * After another write to the unit it may not.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { frameHash } from './reply-history.ts';

/** Echoes that are remembered; the oldest goes first. Source: 247 units with 8 levels each. */
const MOST_ECHOES = 2_048;

const BROADCAST = 0;

interface Echo {
  readonly unit: number;
  /** The newest write with this echo, as a whole: the echo of several registers does not have their values. */
  request: number;
  seenMono: MonoMs;
  /** Echoes that were given up and may still come: of the same write, and of earlier ones that are stale. */
  owed: number;
  staleOwed: number;
  /** Another write went to the unit since this echo was last seen. */
  isStale: boolean;
}

export class WriteEchoes {
  readonly #echoes = new Map<number, Echo>();

  /** A write leaves: what other writes to the unit left behind proves nothing from now on. */
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

  /** Whether this echo proves this write. Units: `boundMs` is how late a reply may be. */
  isProof(request: Buffer, at: { readonly nowMono: MonoMs; readonly boundMs: number; readonly isDoubtful: boolean }): boolean {
    const { nowMono, boundMs, isDoubtful } = at;
    const echo = this.#of(request, nowMono);
    const isOld = echo.seenMono + boundMs <= nowMono;
    echo.seenMono = nowMono;
    if (!isOld && echo.isStale && isDoubtful) return false;
    // Each reply that was owed can come once.
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

/** What a reply repeats: unit, function, address, and value or count. */
function keyOf(request: Buffer): number {
  return request.readUIntBE(0, 6);
}
