/**
 * Until when may a command be carried out?
 *
 * Owns how an expiry is judged by a clock that may not be trusted. Pure.
 *
 * With a trusted clock the expiry is the platform's own. Without one it is counted from the arrival: the time between the payload's
 * timestamp and the expiry, both by the platform's clock. What this cannot tell (how long it was on its way) is bounded elsewhere: retained
 * messages are refused and a clean session keeps none. A clock restored from disk is at most late, so what is over by it is over.
 */
import { isTrusted, type MonoMs, type WallMs } from '../../core/clock.ts';
import { type Checked, type CommandInstant, MAX_AGE_MS } from './command-fields.ts';

/** The longest a command may ask to live. Units: ms. Source: assumed; what lasts longer is a wish's own end, not a command's. */
const LONGEST_MS = 24 * 3_600_000;

/** `expiresMs` is null where the platform gave none; the command then lives as long as its payload counts as new. */
export interface Lifetime {
  readonly expiresMs: WallMs | null;
  readonly expiresMono: MonoMs;
}

/** What the platform said: when it sent the command, and when it is over. */
interface Said {
  readonly sentMs: WallMs | undefined;
  readonly expiresMs: WallMs | undefined;
}

/** The rest of a command's life, or why it has none. */
export function judgeLifetime({ sentMs, expiresMs }: Said, { nowMs, nowMono, clockQuality }: CommandInstant): Checked<Lifetime> {
  const trusted = isTrusted(clockQuality);
  if (expiresMs === undefined) {
    const ageMs = trusted && sentMs !== undefined ? Math.max(0, nowMs - sentMs) : 0;
    return { value: { expiresMs: null, expiresMono: nowMono + MAX_AGE_MS - ageMs } };
  }
  if (!trusted && sentMs === undefined) {
    return { reason: 'the time is not known here, so Command/Expires needs the payload timestamp beside it' };
  }
  if ((trusted || clockQuality === 'restored') && expiresMs <= nowMs) return { reason: expired(nowMs - expiresMs) };
  const restMs = expiresMs - (trusted ? nowMs : (sentMs ?? nowMs));
  if (restMs <= 0) return { reason: 'it expires before its own timestamp' };
  if (restMs > LONGEST_MS)
    return { reason: `Command/Expires is ${Math.round(restMs / 3_600_000)} h ahead, at most ${LONGEST_MS / 3_600_000} h` };
  return { value: { expiresMs, expiresMono: nowMono + restMs } };
}

/** Whether it may not be carried out any more. Both clocks speak where both can: a wall clock put right shows what was too long. */
export function isOver({ expiresMs, expiresMono }: Lifetime, { nowMs, nowMono, clockQuality }: CommandInstant): boolean {
  return nowMono >= expiresMono || (expiresMs !== null && isTrusted(clockQuality) && nowMs >= expiresMs);
}

function expired(agoMs: number): string {
  return `expired ${Math.max(1, Math.round(agoMs / 1_000))} s ago: send it again with a new id and a later Command/Expires`;
}
