/**
 * Decides whether a frame that fits a request is its reply.
 *
 * A reply on a serial line contains the unit, the function and a length, but not the registers. A late reply or a duplicate of another
 * request of the same shape fits just as well. This class collects the evidence and decides. Pure: time is an argument. See ADR 26.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { REFUSED, type SoundFrame } from './frames.ts';
import { dataBytes, isRead, type LateReplies } from './late-replies.ts';
import type { LinkCounters, ReadRank } from './modbus-link.ts';
import { frameHash, keyOf, ReplyHistory, WriteEchoes } from './reply-history.ts';

/** Unit, function, length and checksum. Source: Modbus over Serial Line V1.02 §2.2. */
const OVERHEAD_BYTES = 5;
/**
 * How often a request is sent at most to outvote replies that may still arrive. Source: assumed; each that arrives in a window leaves a correct one
 * over, which is noticed. Confirmed by: wrong values accepted in runs with duplicated and late replies on the bench.
 */
const MOST_VOTES = 3;
/** Replies of a unit before its fastest turnaround is known. Source: assumed. Confirmed by: turnarounds of the shipped device types on the bench. */
const KNOWN_AFTER = 8;
/**
 * A turnaround that is shorter than the previous minimum by this may not be the unit's. Units: ms. Source: resolution of a timer. A new minimum is
 * rare, so a second request costs little.
 */
const EARLY = { share: 0.1, leastMs: 0.3 };
/**
 * Replies of one unit whose turnarounds differ by more than this may not both be its own. Units: ms. Source: resolution of a timer; a less steady
 * line costs a third request.
 */
const STEADY_MS = 0.3;
/**
 * Pause of a shape between two reads of three requests each. Units: ms. Source: measured; for each such shape confirmations take 10 % of a line at
 * 9600 baud, 50 % with a tenth of this pause, and with ten times of it a person is not detected within 5 s.
 */
const STRICT_REST_MS = 1_000;
/** A request whose replies differ more often than this from the previous one usually changes. */
const MOSTLY = 0.5;

/**
 * Whether a reply is accepted: only with `good`. `again`: send the same request once more. `doubtful`: it may belong to another request.
 * `unconfirmed`: a repetition was needed, but not permitted.
 */
export type ReplyVerdict = 'good' | 'again' | 'doubtful' | 'unconfirmed';

/**
 * How a valid frame that is not the reply to the present request is counted; the first that fits. `late`: a reply that was still expected
 * for an earlier request. `duplicate`: a copy of a recent frame, from a unit that was read. `wrong-reply`: of the requested unit and
 * function, between the request and its reply. `foreign`: any other, also a request.
 */
export type StrayName = 'late' | 'duplicate' | 'foreign' | 'wrong-reply';

/** What `judge` found about the first reply to a read, for when the same request is sent again; false and 0 before. */
export interface FirstReply {
  /** Its content was on the line recently, so copies of it may still arrive. */
  isFirstKnown: boolean;
  /** Its content was on the line recently, but the last accepted reply to this request, if recent, did not have it. */
  isFirstForeign: boolean;
  /** It came clearly faster than each accepted normal reply to a read of this unit before; false until several are known. */
  isFirstEarly: boolean;
  /** From the sending of the request to the end of the reply. Units: ms. */
  firstTookMs: number;
}

/** The facts about a frame that fits its request. */
export interface Candidate {
  readonly request: Buffer;
  /** Set by `judge` for the first frame of a read, used for the following ones. */
  readonly first: FirstReply;
  /** The replies to the same request, which was sent again each time. The last one is the newest, which is judged. */
  readonly frames: readonly Buffer[];
  /** When the first of the requests was sent, and when the newest was. */
  readonly firstSentMono: MonoMs;
  readonly sentMono: MonoMs;
  readonly nowMono: MonoMs;
  /**
   * From the end of the request to the start of the frame; to its end while the port has not shown the wire time of its bytes. May be
   * negative. Units: ms.
   */
  readonly turnaroundMs: number;
  /** No byte other than the frame's own and the echo has arrived since the newest request. */
  readonly isAlone: boolean;
  /** Another frame with its function and length, perhaps of another unit, arrived in the same piece, after it. */
  readonly isFollowed: boolean;
  /** Whether the same read may be sent again, as `ModbusLine.mayAskAgain`. `isChange`: `isFirstForeign` of the first reply. */
  readonly mayAskAgain: (isChange: boolean) => boolean;
}

interface ReadShape {
  readonly fc: number;
  /** Units: registers or bits. */
  readonly count: number;
  readonly nowMono: MonoMs;
}

/** All requests of one unit whose replies have the same function and length. */
interface Shape {
  readonly id: number;
  readonly firstKey: number;
  /** Different requests have this shape. */
  isShared: boolean;
  /** Replies are not one request behind, provided that only one thing has gone wrong. */
  isInStep: boolean;
  /** When the newest trusted reply arrived. */
  trustedMono: MonoMs;
  /** When the newest request left. */
  sentMono: MonoMs;
  /** When the newest reply outside its window arrived. */
  strayMono: MonoMs;
}

interface UnitPace {
  replies: number;
  leastMs: number;
}

/**
 * Decides whether a frame that fits a request is its reply, from what was on the line before. Also classifies frames that are not the
 * reply. Reads of one shape have the same unit, function and reply length.
 */
export class ReplyTrust {
  readonly #late: LateReplies;
  readonly #counters: LinkCounters;
  readonly #onExtra: (unit: number) => void;
  readonly #history = new ReplyHistory();
  readonly #echoes = new WriteEchoes();
  readonly #shapes = new Map<number, Shape[]>();
  readonly #paces = new Map<number, UnitPace>();
  #lastSent: Buffer | null = null;
  #doubtUntilMono: MonoMs = 0;
  /** End of the doubt, for each unit whose replies or address are in doubt. */
  readonly #unitDoubtUntilMono = new Map<number, MonoMs>();
  /**
   * When a reply was last late, duplicated, or different from another reply to the same request. Copies may still arrive, even if the cause
   * was found.
   */
  #signMono: MonoMs = Number.NEGATIVE_INFINITY;

  /** `onExtra`: called when this unit may have sent one reply more than was requested. */
  constructor(late: LateReplies, counters: LinkCounters, onExtra: (unit: number) => void = () => {}) {
    this.#late = late;
    this.#counters = counters;
    this.#onExtra = onExtra;
  }

  /** Whether copies of replies may arrive, because of what was on the line recently. */
  isDoubtful(nowMono: MonoMs): boolean {
    return nowMono < this.#doubtUntilMono;
  }

  /**
   * How strictly a reply to a read of this shape is checked. `none`: not more than usual. `votes`: new content or repeated equal replies
   * can prove it. `proof`: only new content can prove it.
   */
  strictness(unit: number, { fc, count, nowMono }: ReadShape): 'none' | 'votes' | 'proof' {
    // A copy of another unit's reply has another address, so one request alone of its shape needs no check. If several requests of the unit in
    // doubt have the shape, their replies often have the same content, so votes prove nothing. `votes` does not wait until late replies have
    // expired: a sensor would not be read for a minute after each.
    if (!this.isDoubtful(nowMono)) return 'none';
    const isShared = this.#findShape(unit, shapeId(fc, count))?.isShared === true;
    const isOwn = nowMono < (this.#unitDoubtUntilMono.get(unit) ?? 0);
    if (isOwn) return isShared ? 'proof' : 'votes';
    return isShared ? 'votes' : 'none';
  }

  /** Whether old replies to reads of this shape may still arrive, so that they could outvote the reply; false for a write. */
  mayBeOutvoted(request: Buffer, nowMono: MonoMs): boolean {
    return isRead(request) && (this.#owed(request, nowMono) > 0 || this.#strictness(request, nowMono) !== 'none');
  }

  /** How well the reply to a read of this shape can be distinguished from older ones. */
  rank(unit: number, { fc, count, nowMono }: ReadShape): ReadRank {
    if (this.#late.owed(unit, fc, count, nowMono) > 0) return { rank: 2, clearMono: this.#late.clearMono(unit, fc, count) };
    const shape = this.isDoubtful(nowMono) ? this.#findShape(unit, shapeId(fc, count)) : undefined;
    const isUsed = shape !== undefined && shape.sentMono + this.#late.boundMs > nowMono;
    return { rank: isUsed ? 1 : 0, clearMono: isUsed ? shape.sentMono : 0 };
  }

  /**
   * Returns until when a read of this shape should wait, because its reply would be rejected or cost too much; 0 or a past time: no wait.
   */
  restUntilMono(unit: number, { fc, count, nowMono }: ReadShape): MonoMs {
    const strictness = this.strictness(unit, { fc, count, nowMono });
    if (strictness === 'none') return 0;
    const shape = this.#findShape(unit, shapeId(fc, count));
    if (shape === undefined || strictness === 'proof') return this.#late.clearMono(unit, fc, count);
    return shape.sentMono + STRICT_REST_MS;
  }

  /** Call it when a request is sent. */
  sent(request: Buffer, nowMono: MonoMs): void {
    this.#lastSent = request;
    if (isRead(request)) this.#shapeOf(request).sentMono = nowMono;
    else this.#echoes.sent(request);
  }

  /** The reply to a request was given up. `isHeld`: it has not arrived, and may at any moment; false: it arrived damaged. */
  lost(request: Buffer, at: { readonly sentMono: MonoMs; readonly nowMono: MonoMs; readonly isHeld: boolean }): void {
    if (!isRead(request)) this.#echoes.lost(request, at.nowMono);
    this.#late.add(request, at);
  }

  /** Returns whether the newest reply of a request is accepted, and records it. */
  judge(candidate: Candidate): ReplyVerdict {
    const { request, frames, nowMono, sentMono, isAlone } = candidate;
    const hash = frameHash(frames.at(-1) as Buffer);
    const isNew = this.#isNew(hash, nowMono);
    const verdict = isRead(request) ? this.#verdictOfRead(candidate, hash, isNew) : this.#verdictOfWrite(candidate, isNew);
    this.#history.note(hash, nowMono, this.#late.boundMs);
    if (verdict === 'good' && isAlone) this.#prove(request, sentMono);
    if (verdict === 'doubtful') this.#refuse(candidate);
    if (verdict === 'unconfirmed') this.#counters.doubtful++;
    return verdict;
  }

  /**
   * Classifies a valid frame that came as no reply, counts it, and returns what it is. `isOwn`: it has the unit and the function of the
   * present request, and may have been sent as its reply.
   */
  name({ frame, unit, fc, isRequest }: SoundFrame, nowMono: MonoMs, isOwn = false): StrayName {
    const hash = frameHash(frame);
    const isNew = this.#isNew(hash, nowMono);
    this.#history.note(hash, nowMono, this.#late.boundMs);
    const shape = isRequest || fc > 4 ? undefined : this.#findShape(unit, 256 * fc + frame.length - OVERHEAD_BYTES);
    if (shape !== undefined) shape.strayMono = nowMono;
    // Frames of units that this line does not poll cannot be mistaken for a reply.
    const isKnown = this.#shapes.has(unit) && !this.#isOwnEcho(frame);
    const isRefusal = (frame[1] as number) >= REFUSED;
    const isMissing = isRefusal ? this.#late.isRefusalMissing(unit, fc, nowMono) : this.#late.isMissing(frame, nowMono);
    if (isKnown && !isRequest && fc <= 4 && !isMissing) this.#onExtra(unit);
    if (!isRequest && this.#isLate(frame, { unit, fc, isNew, nowMono })) {
      this.#signMono = nowMono;
      this.#counters.lateReplies++;
      return 'late';
    }
    if (isKnown) {
      this.#signMono = nowMono;
      this.#doubt(unit, nowMono);
    }
    // The reply to another master's read may also arrive.
    if (isKnown && isRequest && isRead(frame)) this.#late.add(frame, { sentMono: nowMono, nowMono, isHeld: false });
    const name = isRequest ? 'foreign' : isKnown && !isNew ? 'duplicate' : isOwn ? 'wrong-reply' : 'foreign';
    if (name === 'duplicate') this.#counters.duplicates++;
    else if (name === 'wrong-reply') this.#counters.wrongReplies++;
    else this.#counters.foreignFrames++;
    return name;
  }

  /** An adapter receives its own request, after a late reply. */
  #isOwnEcho(frame: Buffer): boolean {
    return this.#lastSent?.equals(frame) === true;
  }

  #isLate(frame: Buffer, of: { unit: number; fc: number; isNew: boolean; nowMono: MonoMs }): boolean {
    const { unit, fc, isNew, nowMono } = of;
    return (frame[1] as number) >= REFUSED ? this.#late.takeRefusal(unit, fc, nowMono) : this.#late.take(frame, { nowMono, isNew });
  }

  #isNew(hash: number, nowMono: MonoMs): boolean {
    return !this.#history.hasSeen(hash, nowMono - this.#late.boundMs);
  }

  #verdictOfWrite({ request, frames, nowMono }: Candidate, isNew: boolean): ReplyVerdict {
    const isDoubtful = this.isDoubtful(nowMono);
    if (isRefusal(frames)) return isDoubtful && !isNew ? 'doubtful' : 'good';
    return this.#echoes.isProof(request, { nowMono, boundMs: this.#late.boundMs, isDoubtful }) ? 'good' : 'doubtful';
  }

  #verdictOfRead(candidate: Candidate, hash: number, isNew: boolean): ReplyVerdict {
    const { request, first, frames, nowMono, isFollowed } = candidate;
    const isDoubtful = this.isDoubtful(nowMono);
    if (isFollowed) return 'doubtful';
    if (isRefusal(frames)) return isDoubtful && !isNew ? 'doubtful' : 'good';
    const isForeign = !isNew && !this.#isUnchanged(candidate, hash);
    const shape = this.#shapeOf(request);
    const owed = this.#owed(request, nowMono);
    const isEarly = this.#isEarly(candidate);
    const tookMs = nowMono - candidate.sentMono;
    if (frames.length === 1) {
      first.isFirstKnown = !isNew;
      first.isFirstForeign = isForeign;
      first.isFirstEarly = isEarly;
      first.firstTookMs = tookMs;
    }
    // Votes count only while no other frame of their shape arrives in between.
    if (frames.length > 1 && ((isEarly && owed > 0) || shape.strayMono >= candidate.firstSentMono)) return 'doubtful';
    const isProven = isNew && owed === 0 && frames.length === 1 && shape.trustedMono + this.#late.boundMs <= nowMono;
    const isAgreed = frames.length > 1 && frames.every((frame) => frame.equals(frames[0] as Buffer));
    let verdict: ReplyVerdict;
    const strictness = this.#strictness(request, nowMono);
    // If a copy passes for one of three replies, one real reply is left over and arrives in the following silence.
    const isRefused = isEarly || strictness === 'proof';
    if (strictness !== 'none') verdict = isProven ? 'good' : isRefused ? 'doubtful' : strictVote(frames);
    else if (owed > 0) verdict = vote(frames, owed + (first.isFirstKnown ? 1 : 0), isAgreed);
    else if (frames.length > 1) {
      // A unit that has become faster stays faster. Two copies of another reply are unlikely to arrive at the same place of two windows.
      const isUnsteady = Math.abs(tookMs - first.firstTookMs) > STEADY_MS;
      const mayBeCopies = first.isFirstForeign && (isEarly || isUnsteady || candidate.turnaroundMs < 0);
      const isOdd = (isEarly && !first.isFirstEarly) || mayBeCopies;
      if (isAgreed) verdict = isOdd && frames.length < MOST_VOTES ? 'again' : 'good';
      else if (isNew) verdict = 'good';
      else if (shape.isShared && this.#hasSign(nowMono)) verdict = 'doubtful';
      // The registers have changed in between, or there is one reply too many: it would arrive in the silence before the third request.
      else if (frames.length < MOST_VOTES) verdict = 'again';
      else verdict = !isOdd && (!shape.isShared || isRepeated(frames)) ? 'good' : 'doubtful';
    } else verdict = isEarly || this.#isSuspicious(candidate, { hash, isNew, shape }) ? 'again' : 'good';
    if (verdict === 'again' && !candidate.mayAskAgain(first.isFirstForeign)) {
      shape.trustedMono = nowMono;
      return 'unconfirmed';
    }
    if (verdict !== 'good') return verdict;
    this.#history.accept(request, hash, nowMono);
    this.#notePace(candidate);
    if (!isProven) shape.trustedMono = nowMono;
    shape.isInStep = isAgreed || (isNew && frames.length === 1);
    if (frames.length >= MOST_VOTES && !isAgreed && shape.isShared) this.#signMono = nowMono;
    return verdict;
  }

  /** On a line without signs of trouble: could this be a duplicate, or a reply that is one request behind? */
  #isSuspicious({ request, nowMono }: Candidate, of: { hash: number; isNew: boolean; shape: Shape }): boolean {
    const { hash, isNew, shape } = of;
    if (this.#isUnchanged({ request, nowMono }, hash))
      return (this.#history.lastOf(request)?.changeShare ?? 0) > MOSTLY || this.#hasSign(nowMono);
    return isNew ? shape.isShared && !shape.isInStep : true;
  }

  #hasSign(nowMono: MonoMs): boolean {
    return this.#signMono + this.#late.boundMs > nowMono;
  }

  /** The same registers had this content when they were last read, within the last `boundMs`. */
  #isUnchanged({ request, nowMono }: Pick<Candidate, 'request' | 'nowMono'>, hash: number): boolean {
    const last = this.#history.lastOf(request);
    return last?.hash === hash && last.atMono + this.#late.boundMs > nowMono;
  }

  /** The reply came faster than any before. A unit that has become faster is believed when its second reply agrees. */
  #isEarly({ request, turnaroundMs }: Candidate): boolean {
    const pace = this.#paces.get(request[0] as number);
    if (pace === undefined || pace.replies < KNOWN_AFTER) return false;
    return turnaroundMs < pace.leastMs - Math.max(EARLY.leastMs, EARLY.share * Math.abs(pace.leastMs));
  }

  #refuse({ request, frames, firstSentMono, sentMono, nowMono }: Candidate): void {
    this.#counters.doubtful++;
    if (frames.some((frame) => !frame.equals(frames[0] as Buffer))) this.#signMono = nowMono;
    if (!isRead(request)) return;
    const isExplained = this.#owed(request, nowMono) > 0 || this.#shapeOf(request).strayMono >= firstSentMono;
    if (frames.length > 1 && !isExplained) this.#doubt(request[0] as number, nowMono);
    for (const _ of frames) this.#late.add(request, { sentMono, nowMono, isHeld: false });
  }

  #doubt(unit: number, nowMono: MonoMs): void {
    this.#doubtUntilMono = nowMono + this.#late.boundMs;
    this.#unitDoubtUntilMono.set(unit, this.#doubtUntilMono);
  }

  #strictness(request: Buffer, nowMono: MonoMs): 'none' | 'votes' | 'proof' {
    return this.strictness(request[0] as number, { fc: request[1] as number, count: request.readUInt16BE(4), nowMono });
  }

  #owed(request: Buffer, nowMono: MonoMs): number {
    return this.#late.owed(request[0] as number, request[1] as number, request.readUInt16BE(4), nowMono);
  }

  #notePace({ request, turnaroundMs }: Candidate): void {
    const unit = request[0] as number;
    const pace = this.#paces.get(unit);
    if (pace === undefined) this.#paces.set(unit, { replies: 1, leastMs: turnaroundMs });
    else {
      pace.replies++;
      pace.leastMs = Math.min(pace.leastMs, turnaroundMs);
    }
  }

  /** The unit gave its own reply to this shape and nothing else: no queue holds back its other replies. */
  #prove(request: Buffer, sentMono: MonoMs): void {
    this.#late.prove(request, sentMono);
    const own = idOf(request);
    for (const shape of this.#shapes.get(request[0] as number) ?? []) if (shape.id !== own) shape.isInStep = true;
  }

  #shapeOf(request: Buffer): Shape {
    const unit = request[0] as number;
    const id = idOf(request);
    const known = this.#findShape(unit, id);
    if (known !== undefined) {
      if (known.firstKey !== keyOf(request)) known.isShared = true;
      return known;
    }
    const shape = {
      id,
      firstKey: keyOf(request),
      isShared: false,
      isInStep: true,
      trustedMono: Number.NEGATIVE_INFINITY,
      sentMono: 0,
      strayMono: 0,
    };
    const shapes = this.#shapes.get(unit);
    if (shapes === undefined) this.#shapes.set(unit, [shape]);
    else shapes.push(shape);
    return shape;
  }

  #findShape(unit: number, id: number): Shape | undefined {
    return this.#shapes.get(unit)?.find((shape) => shape.id === id);
  }
}

/** The newest reply equals the one before. */
function isRepeated(frames: readonly Buffer[]): boolean {
  return frames.at(-1)?.equals(frames.at(-2) as Buffer) === true;
}

/** More replies must agree than may still arrive: then at least one of them is the request's own. */
function vote(frames: readonly Buffer[], owed: number, isAgreed: boolean): ReplyVerdict {
  if (frames.length > 1 && !isAgreed) return 'doubtful';
  return frames.length > Math.min(owed, MOST_VOTES - 1) ? 'good' : 'again';
}

/** Three in a row must agree. A change during the vote restarts it, once, because a person may be arriving. */
function strictVote(frames: readonly Buffer[]): ReplyVerdict {
  const changes = frames.flatMap((frame, i) => (i === 0 || frame.equals(frames[i - 1] as Buffer) ? [] : [i]));
  if (changes.length > 1) return 'doubtful';
  return frames.length - (changes[0] ?? 0) >= MOST_VOTES ? 'good' : 'again';
}

function isRefusal(frames: readonly Buffer[]): boolean {
  return (frames.at(-1)?.[1] ?? 0) >= REFUSED;
}

function idOf(request: Buffer): number {
  return shapeId(request[1] as number, isRead(request) ? request.readUInt16BE(4) : 0);
}

/** Function and length of the reply, combined into one number. */
function shapeId(fc: number, count: number): number {
  return 256 * fc + dataBytes(fc, count);
}
