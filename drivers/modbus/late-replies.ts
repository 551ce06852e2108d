/**
 * Replies that were given up and may still come.
 *
 * Owns their memory, and how late replies have been. Pure: time is an argument. A reply that comes late must never answer another
 * request.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { isAbout } from './refusal.ts';

/**
 * How long a request that went unanswered is not sent again in the same shape. Units: ms.
 * Source: assumed; `least` is the longest learned timeout, `most` what a slow gateway takes to give up itself.
 */
const GUARD_MS = { least: 1_000, most: 5_000 };
/**
 * A reply may be this late. `most` bounds what a recognised late reply can raise it to. Units: ms.
 * Source: serial servers and DALI gateways hold a reply for up to 60 s (ADR 26); an hour bounds the memory.
 */
const LATENESS_MS = { least: 60_000, most: 3_600_000 };
/** A queue that is one reply behind holds it until the next request: without a proof that there is none, a debt lasts this long. Units: ms. Source: ADR 26. */
const UNPROVEN_MS = 600_000;
/** A unit that was once this late may be that much later. Source: assumed. */
const SLOWER_STILL = 2;
/** What is left of an old slowness at each new lateness, so that one hiccup does not slow a unit for ever. Source: assumed. */
const FADE = 0.8;
/**
 * Debts of one shape. A late reply that no debt is left for would pass for a duplicate, and the whole line would be doubted.
 * Source: `LATENESS_MS.least` / `GUARD_MS.least`, and a few that were refused.
 */
const MOST_DEBTS = 64;

export interface LateReplies {
  /** How late a reply is expected at most. Units: ms. */
  readonly boundMs: number;
  /** The reply to this request was given up, or cannot be told from another's. `isHeld`: its shape waits for its guard. */
  add(request: Buffer, at: { readonly sentMono: MonoMs; readonly nowMono: MonoMs; readonly isHeld: boolean }): void;
  /** When a read of this shape may go out again without disturbing the late reply. Units: `count` registers or bits. */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs;
  /** When all replies of this shape that are owed have come or never will; 0 when none is owed. */
  clearMono(unit: number, fc: number, count: number): MonoMs;
  /** How many replies to reads of this shape may still come. */
  owed(unit: number, fc: number, count: number, nowMono: MonoMs): number;
  /** Whether a reply was given up so lately that it may lie in the port. */
  isOwed(nowMono: MonoMs): boolean;
  /** Whether this unit owes a reply of this function, as `functionOf` returns it. */
  owes(unit: number, fc: number, nowMono: MonoMs): boolean;
  /** A sound frame outside its own window: whether it was owed. `isNew`: its content was not received before, so that it settles the debt. */
  take(frame: Buffer, at: { readonly nowMono: MonoMs; readonly isNew: boolean }): boolean;
  /** A refusal of this function: whether an older request may have caused it. It counts once for each debt. */
  takeRefusal(unit: number, fc: number, nowMono: MonoMs): boolean;
  /** The unit gave exactly its own reply to a request of another shape: no queue is behind. */
  prove(request: Buffer, sentMono: MonoMs): void;
}

interface Debt {
  readonly request: Buffer;
  readonly unit: number;
  readonly fc: number;
  readonly sentMono: MonoMs;
  readonly heldUntilMono: MonoMs;
  /** No reply has come, neither in time nor late: the first late one tells how slow the unit is. */
  isLost: boolean;
  isProven: boolean;
  /** A refusal, or a reply that was on the line before, has been taken for its reply. */
  isRefusalTaken: boolean;
  isRepeatTaken: boolean;
}

export function createLateReplies({
  onSettled = () => {},
  onLate = () => {},
}: {
  /** The last debt of a shape has gone. */
  readonly onSettled?: () => void;
  /** A reply came that a request given up is owed, `afterMs` after it was sent. */
  readonly onLate?: ((request: Buffer, afterMs: number) => void) | undefined;
} = {}): LateReplies {
  const debts = new Map<string, Debt[]>();
  const slowestMs = new Map<number, number>();
  let boundMs = LATENESS_MS.least;
  let newestMono: MonoMs = Number.NEGATIVE_INFINITY;

  const endMono = ({ sentMono, isProven }: Debt): MonoMs => sentMono + (isProven ? boundMs : Math.max(boundMs, UNPROVEN_MS));
  const settle = (key: string, rest: Debt[]): void => {
    if (rest.length > 0) debts.set(key, rest);
    else if (debts.delete(key)) onSettled();
  };
  const live = (key: string, nowMono: MonoMs): Debt[] => {
    const all = debts.get(key);
    if (all === undefined) return [];
    const rest = all.filter((debt) => endMono(debt) > nowMono);
    if (rest.length < all.length) settle(key, rest);
    return rest;
  };
  const noteLate = (debt: Debt, nowMono: MonoMs, lost: Debt | undefined = debt): void => {
    const { unit, sentMono } = debt;
    const lateMs = nowMono - sentMono;
    slowestMs.set(unit, Math.max(lateMs, FADE * (slowestMs.get(unit) ?? 0)));
    boundMs = Math.max(boundMs, Math.min(SLOWER_STILL * lateMs, LATENESS_MS.most));
    if (lost === undefined || !lost.isLost) return;
    lost.isLost = false;
    onLate(lost.request, nowMono - lost.sentMono);
  };

  return {
    get boundMs() {
      return boundMs;
    },
    add(request, { sentMono, nowMono, isHeld }) {
      const [unit, fc] = [request[0] as number, request[1] as number];
      const guardMs = Math.min(SLOWER_STILL * (slowestMs.get(unit) ?? 0), GUARD_MS.most);
      const heldUntilMono = isHeld ? Math.max(nowMono + GUARD_MS.least, sentMono + guardMs) : 0;
      const key = signature(request);
      newestMono = sentMono;
      const debt: Debt = {
        request,
        unit,
        fc,
        sentMono,
        heldUntilMono,
        isLost: isHeld,
        isProven: false,
        isRefusalTaken: false,
        isRepeatTaken: false,
      };
      // The newest is last in the map too: a unit answers in order, so the oldest is settled first.
      const rest = live(key, nowMono).slice(1 - MOST_DEBTS);
      debts.delete(key);
      debts.set(key, [...rest, debt]);
    },
    heldUntilMono: (unit, fc, count) => (debts.size === 0 ? 0 : (debts.get(shape(unit, fc, count))?.at(-1)?.heldUntilMono ?? 0)),
    clearMono: (unit, fc, count) =>
      debts.size === 0 ? 0 : Math.max(0, ...(debts.get(shape(unit, fc, count)) ?? []).map(({ sentMono }) => sentMono + boundMs)),
    owed(unit, fc, count, nowMono) {
      if (debts.size === 0) return 0;
      const all = live(shape(unit, fc, count), nowMono);
      const fresh = all.filter(({ sentMono }) => sentMono + boundMs > nowMono).length;
      // What was taken for a late reply may have been a duplicate, and have more copies.
      const repeats = all.filter(({ isRepeatTaken }) => isRepeatTaken).length;
      // A queue is one behind, whatever it holds back.
      return Math.max(fresh, Math.min(all.length, 1)) + repeats;
    },
    isOwed: (nowMono) => newestMono + GUARD_MS.most > nowMono,
    owes(unit, fc, nowMono) {
      for (const [key, [first]] of debts) if (first?.unit === unit && isAbout(fc, first.fc) && live(key, nowMono).length > 0) return true;
      return false;
    },
    take(frame, { nowMono, isNew }) {
      const key = signatureOfReply(frame);
      const all = live(key, nowMono);
      const newest = all.at(-1);
      const unseen = isNew ? newest : all.find(({ isRepeatTaken }) => !isRepeatTaken);
      if (newest === undefined || unseen === undefined) return false;
      unseen.isRepeatTaken ||= !isNew;
      // Which of them it is cannot be told: it is as late as this at least.
      noteLate(
        newest,
        nowMono,
        all.findLast(({ isLost }) => isLost),
      );
      // The newest stays, so that what is still owed is waited for in full.
      if (isNew) settle(key, all.slice(1));
      return true;
    },
    takeRefusal(unit, fc, nowMono) {
      for (const key of debts.keys())
        for (const debt of live(key, nowMono)) {
          if (debt.unit !== unit || !isAbout(fc, debt.fc) || debt.isRefusalTaken) continue;
          debt.isRefusalTaken = true;
          noteLate(debt, nowMono);
          return true;
        }
      return false;
    },
    prove(request, sentMono) {
      if (debts.size === 0) return;
      const own = signature(request);
      for (const [key, all] of debts)
        if (key !== own) for (const debt of all) if (debt.unit === request[0] && debt.sentMono < sentMono) debt.isProven = true;
    },
  };
}

/** Whether a request asks for data; only then can an old answer become a wrong value. */
export function isRead(request: Buffer): boolean {
  return (request[1] as number) <= 4;
}

/** Requests with the same signature cannot be told apart by their replies: a read's has its length alone, a write's repeats address and value. */
function signature(request: Buffer): string {
  const [unit, fc] = [request[0] as number, request[1] as number];
  return isRead(request) ? shape(unit, fc, request.readUInt16BE(4)) : `${unit}:${fc}:${request.toString('hex', 2, 6)}`;
}

function signatureOfReply(frame: Buffer): string {
  const fc = frame[1] as number;
  return `${frame[0]}:${fc}:${fc <= 4 ? frame[2] : frame.toString('hex', 2, 6)}`;
}

function shape(unit: number, fc: number, count: number): string {
  return `${unit}:${fc}:${dataBytes(fc, count)}`;
}

/** What a reply says of how much was asked: six bits and eight come in the same byte. Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4. */
export function dataBytes(fc: number, count: number): number {
  return fc <= 2 ? Math.ceil(count / 8) : 2 * count;
}
