/**
 * Replies that were given up and may still arrive.
 *
 * A late reply must never answer another request. Pure memory: time is an argument.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { isAbout } from './frames.ts';

/**
 * How long an unanswered request is not sent again in the same shape. Units: ms.
 * Source: assumed; `least` is the longest learned timeout, `most` the time after which a slow gateway gives up. Confirmed by: late replies of
 * gateways on the bench.
 */
const GUARD_MS = { least: 1_000, most: 5_000 };
/**
 * How long after its request a reply may still arrive: `least` at the start. A recognised late reply raises it to `SLOWER_STILL` times its own delay,
 * up to `most`; it is never lowered. Units: ms.
 * Source: serial servers and DALI gateways hold a reply for up to 60 s (ADR 26); an hour bounds the memory.
 */
const LATENESS_MS = { least: 60_000, most: 3_600_000 };
/**
 * A queue that is one reply behind keeps it until the next request. Without a proof that there is no such queue, a debt (a reply that may still
 * arrive) lasts this long. Units: ms. Source: ADR 26.
 */
const UNPROVEN_MS = 600_000;
/** A unit that was late once may be late by this factor more. Source: assumed. Confirmed by: late replies in a week of logs of a cabinet. */
const SLOWER_STILL = 2;
/**
 * Share of an old lateness that remains at each new one, so that a single hiccup does not slow a unit down for ever. Source: assumed. Confirmed by:
 * late replies in a week of logs of a cabinet.
 */
const FADE = 0.8;
/**
 * Most debts of one shape. A late reply without a debt would count as a duplicate and make the whole line doubtful.
 * Source: `LATENESS_MS.least` / `GUARD_MS.least`, and a few that were refused.
 */
const MOST_DEBTS = 64;

interface Debt {
  readonly request: Buffer;
  readonly unit: number;
  readonly fc: number;
  readonly sentMono: MonoMs;
  readonly heldUntilMono: MonoMs;
  /** No reply has arrived, neither in time nor late: the first late one shows how slow the unit is. */
  isLost: boolean;
  isProven: boolean;
  /** An exception, or a repeated reply, has been counted as its reply. */
  isRefusalTaken: boolean;
  isRepeatTaken: boolean;
}

/** Callbacks of `LateReplies`, both optional. */
export interface LateRepliesOptions {
  /**
   * Called when it is found that requests of one kind have no late reply left to expect. Of one kind: reads of one unit with the same
   * function and length of the reply, or writes whose replies are equal.
   */
  readonly onSettled?: () => void;
  /** Called when a late reply has arrived that fits a request added with `isHeld`, `afterMs` after that was sent. Units: ms. */
  readonly onLate?: ((request: Buffer, afterMs: number) => void) | undefined;
}

/**
 * Remembers requests whose replies may still arrive, such as those that were given up. Reads of one shape have the same unit, function and
 * reply length; writes of one shape have equal replies. Units: `count` is registers or bits.
 */
export class LateReplies {
  readonly #debts = new Map<string, Debt[]>();
  readonly #slowestMs = new Map<number, number>();
  readonly #onSettled: () => void;
  readonly #onLate: (request: Buffer, afterMs: number) => void;
  /** Longest expected time from a request to its late reply; never lowered. Units: ms. */
  boundMs = LATENESS_MS.least;
  #newestMono: MonoMs = Number.NEGATIVE_INFINITY;

  constructor({ onSettled = () => {}, onLate = () => {} }: LateRepliesOptions = {}) {
    this.#onSettled = onSettled;
    this.#onLate = onLate;
  }

  /**
   * Records a request to which a reply may still arrive: one that this line sent, or the read of another master.
   *
   * `isHeld`: it is of this line, and no reply to it has arrived. Only then `isMissing`, `isRefusalMissing` and `onLate` concern this
   * request, and a read begins a guard time for `heldUntilMono`.
   */
  add(
    request: Buffer,
    { sentMono, nowMono, isHeld }: { readonly sentMono: MonoMs; readonly nowMono: MonoMs; readonly isHeld: boolean },
  ): void {
    const [unit, fc] = [request[0] as number, request[1] as number];
    const guardMs = Math.min(SLOWER_STILL * (this.#slowestMs.get(unit) ?? 0), GUARD_MS.most);
    const heldUntilMono = isHeld ? Math.max(nowMono + GUARD_MS.least, sentMono + guardMs) : 0;
    const key = signature(request);
    this.#newestMono = sentMono;
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
    const rest = this.#live(key, nowMono).slice(1 - MOST_DEBTS);
    this.#debts.delete(key);
    this.#debts.set(key, [...rest, debt]);
  }

  /**
   * The latest end of the guard times of the reads of this shape; 0 or a time in the past if none is running. A late reply may then still
   * be expected, see `owed`.
   */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs {
    if (this.#debts.size === 0) return 0;
    return Math.max(0, ...(this.#debts.get(shape(unit, fc, count)) ?? []).map((debt) => debt.heldUntilMono));
  }

  /**
   * When replies of this shape can no longer arrive late, by `boundMs`; 0 or a time in the past if none is expected. `owed` may still count
   * one, which a gateway may keep until the next request.
   */
  clearMono(unit: number, fc: number, count: number): MonoMs {
    if (this.#debts.size === 0) return 0;
    return Math.max(0, ...(this.#debts.get(shape(unit, fc, count)) ?? []).map(({ sentMono }) => sentMono + this.boundMs));
  }

  /** How many replies to reads of this shape may still arrive. */
  owed(unit: number, fc: number, count: number, nowMono: MonoMs): number {
    if (this.#debts.size === 0) return 0;
    const all = this.#live(shape(unit, fc, count), nowMono);
    const fresh = all.filter(({ sentMono }) => sentMono + this.boundMs > nowMono).length;
    // A frame counted as a late reply may have been a duplicate with more copies.
    const repeats = all.filter(({ isRepeatTaken }) => isRepeatTaken).length;
    // A queue in a gateway is at most one reply behind, whatever it stores.
    return Math.max(fresh, Math.min(all.length, 1)) + repeats;
  }

  /** Whether the newest request that was added was sent so recently that its reply may still be in the port. */
  isOwed(nowMono: MonoMs): boolean {
    return this.#newestMono + GUARD_MS.most > nowMono;
  }

  /** Whether this unit owes a reply of this function, as `functionOf` returns it. */
  owes(unit: number, fc: number, nowMono: MonoMs): boolean {
    for (const [key, [first]] of this.#debts)
      if (first?.unit === unit && isAbout(fc, first.fc) && this.#live(key, nowMono).length > 0) return true;
    return false;
  }

  /**
   * Returns whether a valid frame outside its own window was owed, so that it is a late reply. Call it once for each frame. `isNew`: its
   * content was not received before.
   */
  take(frame: Buffer, { nowMono, isNew }: { readonly nowMono: MonoMs; readonly isNew: boolean }): boolean {
    const key = signatureOfReply(frame);
    const all = this.#live(key, nowMono);
    const newest = all.at(-1);
    const unseen = isNew ? newest : all.find(({ isRepeatTaken }) => !isRepeatTaken);
    if (newest === undefined || unseen === undefined) return false;
    unseen.isRepeatTaken ||= !isNew;
    // The frame does not show which request it answers: it is at least as late as for the newest.
    this.#noteLate(
      newest,
      nowMono,
      all.findLast(({ isLost }) => isLost),
    );
    // The newest debt stays, so that the remaining replies are awaited in full.
    if (isNew) this.#settle(key, all.slice(1));
    return true;
  }

  /** Whether a request of this shape has had no reply at all: then the frame is not a surplus reply. */
  isMissing(frame: Buffer, nowMono: MonoMs): boolean {
    return this.#live(signatureOfReply(frame), nowMono).some(({ isLost }) => isLost);
  }

  /** Whether a request to which this exception may be the reply has had no reply at all. */
  isRefusalMissing(unit: number, fc: number, nowMono: MonoMs): boolean {
    const isFitting = (debt: Debt): boolean => debt.isLost && !debt.isRefusalTaken && debt.unit === unit && isAbout(fc, debt.fc);
    return [...this.#debts.keys()].some((key) => this.#live(key, nowMono).some(isFitting));
  }

  /**
   * Returns whether an older request may have caused this exception to a function. If so, records it: each request explains one exception.
   */
  takeRefusal(unit: number, fc: number, nowMono: MonoMs): boolean {
    for (const key of this.#debts.keys())
      for (const debt of this.#live(key, nowMono)) {
        if (debt.unit !== unit || !isAbout(fc, debt.fc) || debt.isRefusalTaken) continue;
        debt.isRefusalTaken = true;
        this.#noteLate(debt, nowMono, debt);
        return true;
      }
    return false;
  }

  /** Call it when the unit gave exactly its own reply to a request: older replies of other shapes that it owes may then expire sooner. */
  prove(request: Buffer, sentMono: MonoMs): void {
    if (this.#debts.size === 0) return;
    const own = signature(request);
    for (const [key, all] of this.#debts)
      if (key !== own) for (const debt of all) if (debt.unit === request[0] && debt.sentMono < sentMono) debt.isProven = true;
  }

  /** The debts of a shape that have not expired; removes the others. */
  #live(key: string, nowMono: MonoMs): Debt[] {
    const all = this.#debts.get(key);
    if (all === undefined) return [];
    const rest = all.filter((debt) => this.#endMono(debt) > nowMono);
    if (rest.length < all.length) this.#settle(key, rest);
    return rest;
  }

  #endMono({ sentMono, isProven }: Debt): MonoMs {
    return sentMono + (isProven ? this.boundMs : Math.max(this.boundMs, UNPROVEN_MS));
  }

  #settle(key: string, rest: Debt[]): void {
    if (rest.length > 0) this.#debts.set(key, rest);
    else if (this.#debts.delete(key)) this.#onSettled();
  }

  /** Learns from `debt` how late the unit is; reports `lost`, the request that this reply belongs to. */
  #noteLate({ unit, sentMono }: Debt, nowMono: MonoMs, lost: Debt | undefined): void {
    const lateMs = nowMono - sentMono;
    this.#slowestMs.set(unit, Math.max(lateMs, FADE * (this.#slowestMs.get(unit) ?? 0)));
    this.boundMs = Math.max(this.boundMs, Math.min(SLOWER_STILL * lateMs, LATENESS_MS.most));
    if (lost === undefined || !lost.isLost) return;
    lost.isLost = false;
    this.#onLate(lost.request, nowMono - lost.sentMono);
  }
}

/** Whether a request reads data: functions 1 to 4. Shape: `request` begins with unit and function. */
export function isRead(request: Buffer): boolean {
  return (request[1] as number) <= 4;
}

/**
 * Requests with the same signature cannot be distinguished by their replies. The reply to a read contains only its length. That to a write
 * repeats the address and the value, or the number of values.
 */
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

/**
 * Returns how many data bytes the reply to a read of `count` registers or bits has: the value of its byte count. Shape: `fc` is 1 to 4.
 * Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4.
 */
export function dataBytes(fc: number, count: number): number {
  return fc <= 2 ? Math.ceil(count / 8) : 2 * count;
}
