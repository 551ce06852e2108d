/**
 * Replies that were given up and may still come.
 *
 * Owns their memory, and how slow each unit has been. Pure: time is an argument. Called by the guarded port; a reply that comes late
 * must never answer another question.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

import { isAbout } from './refusal.ts';

/**
 * How long a question that went unanswered is not asked again in the same shape. Units: ms.
 * Source: assumed; `least` is the longest learned timeout, `most` what a slow gateway takes to give up itself.
 */
const GUARD_MS = { least: 1_000, most: 5_000 };
/** A unit that was once this late may be that much later. Source: assumed. */
const SLOWER_STILL = 2;
/** What is left of an old slowness at each new lateness, so that one hiccup is not held against a unit for ever. Source: assumed. */
const FADE = 0.8;

export interface LateReplies {
  /** The reply to this request was given up. */
  add(request: Buffer, at: { readonly sentMono: MonoMs; readonly nowMono: MonoMs }): void;
  /** The same request goes out again; what comes now is its reply. */
  forget(request: Buffer): void;
  /** When a read of this shape may go out again without taking the old answer for its own. Units: `count` registers or bits. */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs;
  /** Whether anybody may still owe a reply. */
  isOwed(nowMono: MonoMs): boolean;
  /** Whether this unit owes a reply of this function, as `functionOf` tells it; it counts as paid from then on. A unit answers in order, so the oldest is paid first. */
  take(unit: number, fc: number, nowMono: MonoMs): boolean;
}

interface Debt {
  readonly request: Buffer;
  readonly unit: number;
  readonly fc: number;
  readonly sentMono: MonoMs;
  readonly heldUntilMono: MonoMs;
  /** Later than this it is not believed to come. */
  readonly untilMono: MonoMs;
}

/** `onPaid`: a request that was given up has been answered, `afterMs` after it was sent. */
export function createLateReplies(onPaid: (request: Buffer, afterMs: number) => void = () => {}): LateReplies {
  const debts = new Map<string, Debt>();
  const slowestMs = new Map<number, number>();
  return {
    add(request, { sentMono, nowMono }) {
      const [unit, fc] = [request[0] as number, request[1] as number];
      const guardMs = Math.min(SLOWER_STILL * (slowestMs.get(unit) ?? 0), GUARD_MS.most);
      const heldUntilMono = Math.max(nowMono + GUARD_MS.least, sentMono + guardMs);
      const untilMono = Math.max(heldUntilMono, sentMono + GUARD_MS.most);
      const key = signature(request);
      debts.delete(key);
      debts.set(key, { request, unit, fc, sentMono, heldUntilMono, untilMono });
    },
    forget: (request) => debts.delete(signature(request)),
    heldUntilMono: (unit, fc, count) => (debts.size === 0 ? 0 : (debts.get(`${unit}:${fc}:${dataBytes(fc, count)}`)?.heldUntilMono ?? 0)),
    isOwed(nowMono) {
      for (const [key, { untilMono }] of debts) if (untilMono <= nowMono) debts.delete(key);
      return debts.size > 0;
    },
    take(unit, fc, nowMono) {
      for (const [key, debt] of debts) {
        if (debt.untilMono <= nowMono) debts.delete(key);
        else if (debt.unit === unit && isAbout(fc, debt.fc)) {
          slowestMs.set(unit, Math.max(nowMono - debt.sentMono, FADE * (slowestMs.get(unit) ?? 0)));
          debts.delete(key);
          onPaid(debt.request, nowMono - debt.sentMono);
          return true;
        }
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
  const fc = request[1] as number;
  const rest = isRead(request) ? dataBytes(fc, request.readUInt16BE(4)) : request.toString('hex', 2, 6);
  return `${request[0]}:${fc}:${rest}`;
}

/** What a reply tells of how much was asked: six bits and eight come in the same byte. Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4. */
function dataBytes(fc: number, count: number): number {
  return fc <= 2 ? Math.ceil(count / 8) : 2 * count;
}
