/**
 * Decides until when a command may be carried out, even without a trusted clock. Pure.
 *
 * With a trusted clock the platform's expiry counts. Without one it is counted from the arrival: the time between the payload's timestamp
 * and the expiry, both by the platform's clock. This ignores the transport time, which is limited: retained messages are refused, and a clean
 * session stores none. A wrong clock that was restored from disk is usually late, so a command that has expired by it is not carried out. The clock may also be
 * ahead: an order that only brings light is carried out in any case.
 */

import { isTrusted, type MonoMs, type WallMs } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { type CommandInstant, MAX_AGE_MS } from './command-fields.ts';

/**
 * Longest time by which Command/Expires may be ahead: of a trusted clock, otherwise of the payload's timestamp. Units: ms. Source: assumed;
 * an intent may last longer, its command does not. Confirmed by: the commands of a platform in use.
 */
export const LONGEST_MS = 24 * 3_600_000;

/**
 * Until when a command may be carried out. `expiresMs`: Command/Expires, null if the platform gave none; `isOver` ignores it while the
 * clock is not trusted. `expiresMono`: the limit by the monotonic clock, also without Command/Expires.
 */
export interface Lifetime {
  readonly expiresMs: WallMs | null;
  readonly expiresMono: MonoMs;
}

/**
 * Returns until when a command may be carried out. `sentMs`: the payload's timestamp; `expiresMs`: Command/Expires; each undefined if
 * absent. Without a trusted clock, the time from `sentMs` to `expiresMs` counts from now. Without Command/Expires the limit is `MAX_AGE_MS`
 * after `sentMs` if that is past by a trusted clock, otherwise after now; the limit may be past too. Errors: throws Refusal, for example if
 * Command/Expires has passed by a trusted clock.
 */
export function judgeLifetime(
  { sentMs, expiresMs }: { readonly sentMs: WallMs | undefined; readonly expiresMs: WallMs | undefined },
  { nowMs, nowMono, clockQuality }: CommandInstant,
): Lifetime {
  const trusted = isTrusted(clockQuality);
  if (expiresMs === undefined) {
    const ageMs = trusted && sentMs !== undefined ? Math.max(0, nowMs - sentMs) : 0;
    return { expiresMs: null, expiresMono: nowMono + MAX_AGE_MS - ageMs };
  }
  if (!trusted && sentMs === undefined) {
    throw new Refusal(msg`the time is not known here, so Command/Expires needs the payload timestamp beside it`);
  }
  if (trusted && expiresMs <= nowMs) {
    const agoS = Math.max(1, Math.round((nowMs - expiresMs) / 1_000));
    throw new Refusal(msg`expired ${agoS} s ago: send it again with a new id and a later Command/Expires`);
  }
  const restMs = expiresMs - (trusted ? nowMs : (sentMs ?? nowMs));
  if (restMs <= 0) throw new Refusal(msg`it expires before its own timestamp`);
  if (restMs > LONGEST_MS)
    throw new Refusal(msg`Command/Expires is ${Math.round(restMs / 3_600_000)} h ahead, at most ${LONGEST_MS / 3_600_000} h`);
  return { expiresMs, expiresMono: nowMono + restMs };
}

/**
 * Errors: throws Refusal if the agent's clock is one restored from disk and Command/Expires has passed by it. An order for which
 * `bringsOnlyLight` returns true is not refused.
 */
export function refuseDoubtful({ expiresMs }: Lifetime, order: PlatformOrder, { nowMs, clockQuality }: CommandInstant): void {
  if (clockQuality !== 'restored' || expiresMs === null || expiresMs > nowMs || bringsOnlyLight(order)) return;
  const here = new Date(nowMs).toISOString().slice(0, 19);
  throw new Refusal(
    msg`expired by the clock here (${`${here}Z`}), which may be wrong: set it, or send it with a new id and without Command/Expires`,
  );
}

/** Returns whether the order starts an emergency, an override of that rank, whose level is 100 %. False for the order that ends one. */
export function bringsOnlyLight(order: PlatformOrder): boolean {
  return order.kind === 'override' && order.request.rank === 'emergency';
}

/**
 * Whether a command has expired by the monotonic clock, or by the wall clock if that is trusted. The instant of expiry counts as expired.
 */
export function isOver({ expiresMs, expiresMono }: Lifetime, { nowMs, nowMono, clockQuality }: CommandInstant): boolean {
  return nowMono >= expiresMono || (expiresMs !== null && isTrusted(clockQuality) && nowMs >= expiresMs);
}
