/**
 * Replies that were given up and may still come.
 *
 * Owns their memory. Pure: time is an argument. Called by the guarded port; a reply that comes late must never answer another question.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

/** How long a unit may still answer what was given up. Units: ms. Source: assumed; the longest learned timeout. */
const LATE_GUARD_MS = 1_000;

export interface LateReplies {
  /** The reply to this request was given up. */
  add(request: Buffer, nowMono: MonoMs): void;
  /** The same request goes out again; what comes now is its reply. */
  forget(request: Buffer): void;
  /** When a read of this shape may go out again without taking the old answer for its own. Units: `count` registers or bits. */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs;
  /** Whether this unit owes a reply of this function; it counts as paid from then on. A unit answers in order, so the oldest is paid first. */
  take(unit: number, fc: number, nowMono: MonoMs): boolean;
}

export function createLateReplies(): LateReplies {
  const untilMono = new Map<string, MonoMs>();
  return {
    add: (request, nowMono) => untilMono.set(signature(request), nowMono + LATE_GUARD_MS),
    forget: (request) => untilMono.delete(signature(request)),
    heldUntilMono: (unit, fc, count) => (untilMono.size === 0 ? 0 : (untilMono.get(`${unit}:${fc}:${count}`) ?? 0)),
    take(unit, fc, nowMono) {
      for (const [key, until] of untilMono) {
        if (until <= nowMono) untilMono.delete(key);
        else if (key.startsWith(`${unit}:${fc}:`)) return untilMono.delete(key);
      }
      return false;
    },
  };
}

/** Whether a request asks for data; only then can an old answer become a wrong value. */
export function isRead(request: Buffer): boolean {
  return (request[1] as number) <= 4;
}

/** Requests with the same signature cannot be told apart by their replies: a read's tells its length alone, a write's repeats address and value. */
function signature(request: Buffer): string {
  const rest = isRead(request) ? request.readUInt16BE(4) : request.toString('hex', 2, 6);
  return `${request[0]}:${request[1]}:${rest}`;
}
