/**
 * The serial port under `modbus-serial`: passes exactly one sound frame for each request, or none.
 *
 * It adds what the library lacks: silence between frames, flush before send, exact length and checksum, late replies, echoes, draining
 * after an error, immediate failure when the port goes down. It never retries and does not interpret registers. One request at a time:
 *
 *   write --wire silent--> sent --frame fits--> good: delivered
 *     ^                      |                  again: sent once more, and judged with both replies
 *     |                      |                  doubtful: fails
 *     +--bytes in between    +--no frame in time--> fails; the reply is owed and recognised when it comes late,
 *                                                   unless a damaged one arrived on a line without doubt
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { MonoMs, Timer } from '../../agent/core/clock.ts';
import { BusError } from '../../agent/core/errors.ts';
import { completed, soundFrames } from './frames.ts';
import { createHeldInput, type HeldInput } from './held-input.ts';
import { isRead, LateReplies } from './late-replies.ts';
import { type Exchange, type LinkOptions, ModbusLink, type ReadRank } from './modbus-link.ts';
import { doubtfulError, verdictError } from './reply-errors.ts';
import { acknowledgement } from './reply-matcher.ts';
import { type FirstReply, ReplyTrust } from './reply-trust.ts';
import { createWindowMemory, ReplyWindow, type WindowMemory } from './reply-window.ts';
import { createStrayBytes, type StrayBytes } from './stray-bytes.ts';
import { charMs, gapMs } from './wire-time.ts';

/**
 * Noise has ended once the wire has been quiet; no request waits longer than this for that. Units: ms. Source: wb-mqtt-serial skips noise for 100 ms.
 */
const DRAIN_MAX_MS = 100;
/**
 * After a busy moment timers run before the bytes that arrived during it are delivered; this gives the bytes one turn of the loop. Units: ms. Source:
 * order of phases of Node's event loop.
 */
const LAST_LOOK_MS = 1;
/** A request sent later than this after its time comes from a busy loop that has not yet seen the bytes that arrived. Units: ms. */
const BUSY_LOOP_MS = 1;
/** Longest time that an adapter may hold back the end of a frame. Units: ms. Source: default latency timer of FTDI adapters. */
const ADAPTER_MS = 16;
/** Largest error of the UART clocks. Source: 16550 and compatibles, 2 % at each end. */
const BAUD_ERROR = 0.04;

/**
 * Replies that took at least the wire time of their bytes, before the port counts as delivering none faster; the same number again after one that did
 * not. Source: assumed. Confirmed by: delivery times of serial servers and adapters on the bench.
 */
const TIMED_AFTER = 2;
const UNTIMED = -16;
/**
 * Requests in a row that received only a reply that was too early to be real: then the port has another speed. Source: assumed. Confirmed by: a
 * serial server on the bench set to another speed.
 */
const MOST_EARLY_LOSSES = 3;

const NO_REPLY: FirstReply = { isFirstKnown: false, isFirstForeign: false, isFirstEarly: false, firstTookMs: 0 };

interface Pending extends Exchange, FirstReply {
  readonly request: Buffer;
  /** The replies so far, each to the same request sent again. */
  readonly frames: Buffer[];
  /** When the first of these requests left. */
  firstSentMono: MonoMs | null;
  queuedMono: MonoMs;
  /** When the first request was sent whose reply had the same content as the newest. */
  saidMono: MonoMs;
  window: ReplyWindow;
  sentMono: MonoMs | null;
  /** A frame arrived that began before the request had left. */
  wasEarly: boolean;
  txEndMono: MonoMs;
  timer: Timer | null;
}

/**
 * The port and the callbacks of a `GuardedPort`. `serial`: the settings that the port has, from which times on the wire are computed; they
 * are not set here.
 */
export interface GuardedPortOptions extends LinkOptions {
  readonly serial: SerialSettings;
  /** Silence before a request. Units: ms. Default: as `gapMs`. */
  readonly frameGapMs?: number;
  /** Whether the port is behind a serial server on the network. Default: false. */
  readonly isNetwork?: boolean;
  /** Called when a late reply has arrived that fits a request that was given up, `afterMs` after that was sent. Units: ms. */
  readonly onLate?: (request: Buffer, afterMs: number) => void;
  /** Called when a unit may have sent one reply more than was requested. */
  readonly onExtra?: (unit: number) => void;
}

/**
 * A serial port for `modbus-serial`. It passes on a received reply only if that is complete, undamaged and trusted to belong to the
 * request. It may send a read again to confirm its reply. Errors: a request fails with BusError, for example `timeout`. One request at a
 * time.
 */
export class GuardedPort extends ModbusLink {
  readonly #late: LateReplies;
  readonly #trust: ReplyTrust;
  readonly #memory: WindowMemory;
  readonly #strays: StrayBytes;
  readonly #held: HeldInput;
  readonly #charMs: number;
  readonly #gapMs: number;
  readonly #isNetwork: boolean;
  /**
   * Replies that took at least the wire time of their bytes. A serial server may be set to another speed, and a pseudo-terminal has none.
   */
  #timedReplies = 0;
  #earlyLosses = 0;
  #pending: Pending | null = null;
  /** Time since which no byte has been on the wire. */
  #quietMono: MonoMs = 0;
  /** The port may contain bytes that were not delivered. */
  #isUnsure = true;

  constructor({ port, serial, clock, counters, frameGapMs = gapMs(serial), isNetwork = false, onLate, onExtra }: GuardedPortOptions) {
    super({ port, clock, counters });
    const late = new LateReplies({ onSettled: () => void counters.resyncs++, onLate });
    const trust = new ReplyTrust(late, counters, onExtra);
    this.#late = late;
    this.#trust = trust;
    this.#charMs = charMs(serial);
    this.#gapMs = frameGapMs;
    this.#isNetwork = isNetwork;
    this.#memory = createWindowMemory(late, trust, counters);
    this.#strays = createStrayBytes({ late, trust, counters, charMs: this.#charMs, gapMs: frameGapMs });
    this.#held = createHeldInput(port, clock, this.#charMs);
    port.onBytes = (bytes) => this.#receive(bytes);
  }

  protected opened(): void {
    // Opening may have put bytes on the wire: the first request waits for silence too.
    this.#isUnsure = true;
    this.#quietMono = this.clock.monoMs();
  }

  abort(error: BusError): void {
    this.#held.drop();
    const pending = this.#pending;
    this.#pending = null;
    pending?.timer?.cancel();
    // The unit may still answer, after the port has been opened again.
    if (pending !== null) this.#owe(pending, this.clock.monoMs());
    pending?.fail(error);
  }

  /**
   * Sends the frame once the wire has been quiet long enough, a read not before `heldUntilMono`. Noise delays it only for a limited time.
   */
  write(request: Buffer): void {
    const queuedMono = this.clock.monoMs();
    const exchange = this.announced();
    const window = new ReplyWindow(request, exchange.expectedBytes, this.#memory);
    const sending = { firstSentMono: null, sentMono: null, wasEarly: false, saidMono: 0, txEndMono: 0, timer: null };
    const pending: Pending = { ...exchange, ...sending, ...NO_REPLY, request, frames: [], queuedMono, window };
    this.#pending = pending;
    this.#schedule(pending);
  }

  cutShort(timeoutMs: number): void {
    const pending = this.#pending;
    if (pending !== null && this.#givesWay(pending)) return;
    // A unit that has to confirm its reply has already answered.
    if (pending === null || isBroadcast(pending) || pending.frames.length > 0 || pending.timeoutMs <= timeoutMs) return;
    Object.assign(pending, { timeoutMs });
    if (pending.sentMono === null) return;
    pending.timer?.cancel();
    this.#waitUntil(pending, pending.txEndMono + timeoutMs);
  }

  /** Whether a confirmation that waits for silence is given up because something more urgent waits. */
  #givesWay(pending: Pending): boolean {
    if (pending.frames.length === 0 || pending.sentMono !== null || this.mayAskAgain(pending.isFirstForeign)) return false;
    pending.timer?.cancel();
    this.#pending = null;
    this.#quietMono = Math.min(this.#quietMono, this.clock.monoMs());
    this.counters.doubtful++;
    pending.fail(doubtfulError(pending.request));
    return true;
  }

  override get freeMono(): MonoMs {
    return this.#quietMono + this.#gapMs;
  }

  override heldUntilMono(unit: number, fc: number, count: number): MonoMs {
    return this.#late.heldUntilMono(unit, fc, count);
  }

  override rank(unit: number, fc: number, count: number): ReadRank {
    return this.#trust.rank(unit, { fc, count, nowMono: this.clock.monoMs() });
  }

  override restUntilMono(unit: number, fc: number, count: number): MonoMs {
    return this.#trust.restUntilMono(unit, { fc, count, nowMono: this.clock.monoMs() });
  }

  #schedule(pending: Pending): void {
    pending.timer?.cancel();
    pending.timer = null;
    const timer = this.clock.precisely(this.#mayStartMono(pending), () => this.#send(pending));
    // A timer in the past fires before it is returned: then the valid timer has already been set.
    pending.timer ??= timer;
  }

  #mayStartMono({ request, queuedMono }: Pending): MonoMs {
    const drainedMono = Math.min(this.#strays.drainedMono, queuedMono + DRAIN_MAX_MS);
    const [unit, fc] = [request[0] as number, request[1] as number];
    const heldMono = isRead(request) ? this.#late.heldUntilMono(unit, fc, request.readUInt16BE(4)) : 0;
    return Math.max(this.#quietMono + this.#gapMs, drainedMono, heldMono);
  }

  #send(pending: Pending): void {
    this.#flush(this.clock.monoMs() - this.#mayStartMono(pending));
    if (this.#pending !== pending) return; // The port went away under it.
    const nowMono = this.clock.monoMs();
    if (this.#mayStartMono(pending) > nowMono) {
      this.#schedule(pending);
      return;
    }
    if (pending.frames.length > 0 && !this.mayAskAgain(pending.isFirstForeign)) {
      this.#pending = null;
      this.counters.doubtful++;
      pending.fail(doubtfulError(pending.request));
      return;
    }
    if (this.#strays.drainedMono > nowMono) this.counters.floods++;
    this.#strays.settle();
    this.#trust.sent(pending.request, nowMono);
    pending.sentMono = nowMono;
    pending.firstSentMono ??= nowMono;
    pending.txEndMono = nowMono + pending.request.length * this.#charMs;
    this.#quietMono = pending.txEndMono;
    try {
      // Before the write: a simulated far end may answer within it.
      this.tap?.sent(pending.request, nowMono);
      this.port.write(pending.request);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.abort(error);
      return;
    }
    if (isBroadcast(pending)) this.#endBroadcast(pending);
    else this.#waitUntil(pending, pending.txEndMono + pending.timeoutMs);
  }

  /** Discards input that was not delivered. It costs a failed read, so it runs only when there may be such input. */
  #flush(lateMs: number): void {
    if (!this.#isUnsure && lateMs <= BUSY_LOOP_MS && !this.#late.isOwed(this.clock.monoMs())) return;
    this.#isUnsure = false;
    const discarded = this.port.discardInput();
    this.counters.noiseBytes += discarded;
    if (discarded > 0) this.#strays.disturbed(this.clock.monoMs());
  }

  #waitUntil(pending: Pending, untilMono: MonoMs): void {
    pending.timer = this.clock.after(untilMono - this.clock.monoMs(), () => {
      pending.timer = this.clock.after(LAST_LOOK_MS, () => this.#overdue(pending));
    });
  }

  /** No byte arrived in time, or the reply that began has stopped. */
  #overdue(pending: Pending): void {
    this.#held.fetch();
    if (this.#pending !== pending) return;
    const restMs = (bytes: number): number => bytes * this.#charMs + this.#gapMs + ADAPTER_MS;
    const endMono = Math.min(
      pending.window.lastMono + restMs(pending.window.missing('anywhere')),
      pending.txEndMono + pending.timeoutMs + restMs(pending.expectedBytes),
    );
    const hasBegun = pending.window.missing('anywhere') > 0;
    if (hasBegun && endMono > this.clock.monoMs()) this.#waitUntil(pending, endMono);
    else this.#expire(pending);
  }

  /** No unit answers a broadcast; the line is free once the frame has left and the units have had their pause. */
  #endBroadcast(pending: Pending): void {
    const freeMono = pending.txEndMono + pending.timeoutMs;
    pending.timer = this.clock.after(freeMono - this.clock.monoMs(), () => {
      this.#note(pending, this.clock.monoMs());
      this.last = { turnaroundMs: 0, firstByteMs: 0, sentMono: pending.sentMono ?? freeMono };
      this.#pending = null;
      this.emit('data', acknowledgement(pending.request));
    });
  }

  #receive(bytes: Buffer): void {
    const nowMono = this.clock.monoMs();
    this.tap?.received(bytes, nowMono);
    const pending = this.#pending;
    if (pending === null || pending.sentMono === null) {
      // A late reply is a frame and gets its full silence; noise gets it only up to a limit.
      if (this.#strays.feed(bytes, nowMono)) this.#quietMono = Math.max(this.#quietMono, nowMono);
      if (pending !== null) this.#schedule(pending);
      return;
    }
    this.#quietMono = Math.max(this.#quietMono, nowMono);
    if (isBroadcast(pending)) return;
    const match = pending.window.feed(bytes, nowMono, (bytesSinceStart) => this.#isTooEarly(pending, nowMono, bytesSinceStart));
    if (match.kind !== 'reply') {
      this.#held.rest(pending.window.missing('atHead'));
      return;
    }
    pending.timer?.cancel();
    this.counters.noiseBytes += match.noiseBytes;
    if (match.rest.length > 0) this.#strays.feed(match.rest, nowMono);
    this.#note(pending, nowMono);
    this.#take(pending, match.frame, { nowMono, rest: match.rest });
  }

  /** A unit cannot answer before it has the whole request. */
  #isTooEarly(pending: Pending, nowMono: MonoMs, bytesSinceStart: number): boolean {
    // The network adds its own delay, and the server's wire may have another speed.
    if (this.#isNetwork || this.#timedReplies < TIMED_AFTER || !this.#isFasterThanWire(pending, nowMono, bytesSinceStart)) return false;
    pending.wasEarly = true;
    return true;
  }

  #isFasterThanWire({ request, txEndMono }: Pending, nowMono: MonoMs, bytesSinceStart: number): boolean {
    const toleranceMs = BAUD_ERROR * (request.length + bytesSinceStart) * this.#charMs;
    return nowMono - bytesSinceStart * this.#charMs < txEndMono - toleranceMs;
  }

  /** A frame fits: it is the reply, or possibly that of another request. */
  #take(pending: Pending, frame: Buffer, { nowMono, rest }: { nowMono: MonoMs; rest: Buffer }): void {
    const { request, frames, txEndMono, window } = pending;
    const sentMono = pending.sentMono ?? nowMono;
    const isSame = frames.at(-1)?.equals(frame) === true;
    if (!isSame) pending.saidMono = sentMono;
    frames.push(Buffer.from(frame));
    this.#earlyLosses = 0;
    const wireMs = (frame.length + rest.length) * this.#charMs;
    const isTimed = this.#timedReplies >= TIMED_AFTER;
    if (!isTimed)
      this.#timedReplies = this.#isFasterThanWire(pending, nowMono, frame.length + rest.length) ? UNTIMED : this.#timedReplies + 1;
    const turnaroundMs = nowMono - txEndMono - wireMs;
    const isFollowed = soundFrames(rest).some((other) => other.frame[1] === frame[1] && other.frame.length === frame.length);
    const isAlone = window.isAlone(frame);
    const firstSentMono = pending.firstSentMono ?? sentMono;
    const shownMs = isTimed ? turnaroundMs : nowMono - txEndMono;
    const verdict = this.#trust.judge({
      request,
      first: pending,
      frames,
      firstSentMono,
      sentMono,
      nowMono,
      turnaroundMs: shownMs,
      isAlone,
      isFollowed,
      mayAskAgain: this.mayAskAgain,
    });
    // Two different replies: one more may be coming, and a line without a pause would stay one reply behind.
    const isUnlike = verdict === 'again' && frames.some((other) => !other.equals(frames[0] as Buffer));
    // Copies arrive in bursts: one per window would outvote the reply. During a silence they are recognised as copies.
    const isOutvoted = verdict === 'again' && this.#trust.mayBeOutvoted(request, nowMono);
    if (isUnlike || isOutvoted || (verdict === 'doubtful' && frames.length > 1)) this.#quietMono = nowMono + pending.timeoutMs;
    if (verdict === 'again') {
      const fresh = { sentMono: null, queuedMono: nowMono, window: new ReplyWindow(request, pending.expectedBytes, this.#memory) };
      this.#schedule(Object.assign(pending, fresh));
      return;
    }
    this.#pending = null;
    if (verdict !== 'good') {
      pending.fail(doubtfulError(request));
      return;
    }
    const firstByteMs = Math.max(turnaroundMs, (window.firstMono ?? nowMono) - txEndMono);
    // If replies differ, the newest may belong to the request before.
    const valuesMono = isSame ? pending.saidMono : firstSentMono;
    this.last = { sentMono: valuesMono, turnaroundMs: Math.max(0, turnaroundMs), firstByteMs: Math.max(0, firstByteMs) };
    this.emit('data', completed(request, frame));
  }

  #expire(pending: Pending): void {
    const nowMono = this.clock.monoMs();
    if (pending.wasEarly && ++this.#earlyLosses >= MOST_EARLY_LOSSES) this.#timedReplies = UNTIMED;
    const { verdict, bytes } = pending.window.giveUp(nowMono);
    this.#pending = null;
    // If no byte has arrived, the wait itself was the silence.
    if (bytes > 0) this.#strays.disturbed(nowMono);
    this.#note(pending, nowMono);
    this.counters.noiseBytes += bytes;
    // A damaged reply was the reply; in any other case the reply may still arrive, and so may its duplicate.
    if (verdict !== 'damaged' || this.#trust.isDoubtful(nowMono)) this.#owe(pending, nowMono, verdict !== 'damaged');
    pending.fail(verdictError(verdict, { ...pending, isNetwork: this.#isNetwork }, this.counters));
  }

  #owe({ request, sentMono }: Pending, nowMono: MonoMs, isHeld = true): void {
    if (sentMono !== null) this.#trust.lost(request, { sentMono, nowMono, isHeld });
  }

  #note(pending: Pending, endMono: MonoMs): void {
    this.counters.busyMs += endMono - (pending.sentMono ?? endMono) + this.#gapMs;
  }
}

function isBroadcast({ request }: Pending): boolean {
  return request[0] === 0;
}
