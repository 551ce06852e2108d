/**
 * The port under `modbus-serial`: hands it exactly one sound frame a request, or nothing.
 *
 * Owns the wire's timing and everything the library gets wrong: silence between frames, flush before send, exact length and
 * checksum, late replies, echoes, draining after an error, immediate failure when the port goes away.
 * Never retries and never interprets a register. Called by `modbus-line.ts`, one request at a time.
 */
import { EventEmitter } from 'node:events';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import type { BytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createLateReplies, isRead } from './late-replies.ts';
import { acknowledgement } from './reply-matcher.ts';
import { createReplyWindow, type ReplyWindow } from './reply-window.ts';
import { charMs, gapMs } from './wire-time.ts';

/** Noise is over once the wire has been quiet; no request waits longer than this for that. Units: ms. Source: wb-mqtt-serial skips noise for 100 ms. */
const DRAIN_MAX_MS = 100;
/** Units: characters. Source: Modbus over Serial Line V1.02 §2.5.1. */
const LONGEST_FRAME_CHARS = 256;
/** After a busy moment timers come before the bytes that arrived meanwhile; they get one turn of the loop. Units: ms. Source: order of phases of Node's event loop. */
const LAST_LOOK_MS = 1;

export interface PortCounters {
  timeouts: number;
  crcErrors: number;
  lateReplies: number;
  echoes: number;
  noiseBytes: number;
  busyMs: number;
}

/** What the caller of a request must know beyond the reply itself. */
export interface Exchange {
  readonly expectedBytes: number;
  /** Longest turnaround, after the request has left the wire. Units: ms. */
  readonly timeoutMs: number;
  readonly fail: (error: BusError) => void;
}

interface Pending extends Exchange {
  readonly request: Buffer;
  readonly queuedMono: MonoMs;
  readonly window: ReplyWindow;
  sentMono: MonoMs | null;
  txEndMono: MonoMs;
  timer: Timer | null;
}

export interface GuardedPortOptions {
  readonly port: BytePort;
  readonly serial: SerialSettings;
  readonly clock: Clock;
  /** Silence before a request. Units: ms. Default: the standard's 3.5 characters. */
  readonly frameGapMs?: number;
}

/** The custom port of `modbus-serial`: `open`, `close`, `write`, `isOpen`, event `data`. */
export class GuardedPort extends EventEmitter<{ data: [frame: Buffer]; close: []; error: [error: Error] }> {
  readonly counters: PortCounters = { timeouts: 0, crcErrors: 0, lateReplies: 0, echoes: 0, noiseBytes: 0, busyMs: 0 };
  /** Timing of the last reply. */
  last = { sentMono: 0, endMono: 0, turnaroundMs: 0 };
  readonly #port: BytePort;
  readonly #clock: Clock;
  readonly #charMs: number;
  readonly #gapMs: number;
  #next: Exchange | null = null;
  #pending: Pending | null = null;
  /** No byte has been on the wire since. */
  #quietMono: MonoMs = 0;
  #drainUntilMono: MonoMs = 0;
  /** Until then the bytes of this burst belong to a late reply. */
  #lateUntilMono: MonoMs = 0;
  /** How the present burst of bytes that nobody asked for begins: unit and function, when it is a reply. */
  #burstHead: readonly number[] = [];
  readonly #late = createLateReplies();
  readonly #memory = { echoing: false, late: this.#late, counters: this.counters };

  constructor({ port, serial, clock, frameGapMs = gapMs(serial) }: GuardedPortOptions) {
    super();
    this.#port = port;
    this.#clock = clock;
    this.#charMs = charMs(serial);
    this.#gapMs = frameGapMs;
    port.onBytes = (bytes) => this.#receive(bytes);
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  open(done: (error?: Error | null) => void): void {
    this.#port.open().then(
      () => {
        // Opening may have put anything on the wire: the first request keeps its silence too.
        this.#quietMono = this.#clock.monoMs();
        done(null);
      },
      (error: Error) => done(error),
    );
  }

  close(done: (error?: Error | null) => void): void {
    this.abort(new BusError('port-closed', 'the line was closed'));
    this.#port.close().then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  /** Announce what the next `write` expects back. */
  expect(exchange: Exchange): void {
    this.#next = exchange;
  }

  /** End the request in flight now: the port is gone or closing. */
  abort(error: BusError): void {
    this.#pending?.timer?.cancel();
    const pending = this.#pending;
    this.#pending = null;
    // The unit may answer all the same, into the next opening.
    if (pending !== null && pending.sentMono !== null) this.#late.add(pending.request, this.#clock.monoMs());
    pending?.fail(error);
  }

  /** Called by the library with a whole frame; it leaves when the wire has been quiet long enough. */
  write(request: Buffer): void {
    if (this.#next === null) throw new TypeError('write without expect');
    const queuedMono = this.#clock.monoMs();
    const window = createReplyWindow(request, this.#next.expectedBytes, this.#memory);
    const pending: Pending = { ...this.#next, request, queuedMono, window, sentMono: null, txEndMono: 0, timer: null };
    this.#next = null;
    this.#pending = pending;
    this.#schedule(pending);
  }

  /** A read like this one was given up a moment ago and its reply may still come: not before this time. */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs {
    return this.#late.heldUntilMono(unit, fc, count);
  }

  #schedule(pending: Pending): void {
    pending.timer?.cancel();
    pending.timer = null;
    const timer = this.#clock.precisely(this.#mayStartMono(pending), () => this.#send(pending));
    // A time already past fires before it returns: then the timer that counts has been set.
    pending.timer ??= timer;
  }

  #mayStartMono({ request, queuedMono }: Pending): MonoMs {
    const drainedMono = Math.min(this.#drainUntilMono, queuedMono + DRAIN_MAX_MS);
    const [unit, fc] = [request[0] as number, request[1] as number];
    const heldMono = isRead(request) ? this.#late.heldUntilMono(unit, fc, request.readUInt16BE(4)) : 0;
    return Math.max(this.#quietMono + this.#gapMs, drainedMono, heldMono);
  }

  #send(pending: Pending): void {
    const discarded = this.#port.discardInput();
    if (this.#pending !== pending) return; // The port went away under it.
    this.counters.noiseBytes += discarded;
    if (discarded > 0) this.#drainUntilMono = this.#clock.monoMs() + this.#gapMs;
    if (this.#mayStartMono(pending) > this.#clock.monoMs()) {
      this.#schedule(pending);
      return;
    }
    this.#burstHead = [];
    this.#late.forget(pending.request);
    pending.sentMono = this.#clock.monoMs();
    pending.txEndMono = pending.sentMono + pending.request.length * this.#charMs;
    this.#quietMono = pending.txEndMono;
    try {
      this.#port.write(pending.request);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.abort(error);
      return;
    }
    if (isBroadcast(pending)) this.#endBroadcast(pending);
    else this.#awaitReply(pending, pending.sentMono);
  }

  #awaitReply(pending: Pending, sentMono: MonoMs): void {
    const deadlineMono = pending.txEndMono + pending.timeoutMs + pending.expectedBytes * this.#charMs;
    pending.timer = this.#clock.after(deadlineMono - sentMono, () => {
      pending.timer = this.#clock.after(LAST_LOOK_MS, () => this.#expire(pending));
    });
  }

  /** Nobody answers unit 0; the line is free when the frame has left and the units have had their pause. */
  #endBroadcast(pending: Pending): void {
    const freeMono = pending.txEndMono + pending.timeoutMs;
    pending.timer = this.#clock.after(freeMono - this.#clock.monoMs(), () => {
      this.#note(pending, this.#clock.monoMs());
      this.#pending = null;
      this.emit('data', acknowledgement(pending.request));
    });
  }

  #receive(bytes: Buffer): void {
    const nowMono = this.#clock.monoMs();
    const pending = this.#pending;
    if (pending === null || pending.sentMono === null) {
      this.#stray(bytes, nowMono);
      return;
    }
    this.#quietMono = Math.max(this.#quietMono, nowMono);
    if (isBroadcast(pending)) return;
    const match = pending.window.feed(bytes, nowMono);
    if (match.kind !== 'reply') return;
    pending.timer?.cancel();
    this.counters.noiseBytes += match.noiseBytes;
    this.#note(pending, nowMono);
    const replyMs = match.frame.length * this.#charMs;
    this.last = { sentMono: pending.sentMono, endMono: nowMono, turnaroundMs: Math.max(0, nowMono - pending.txEndMono - replyMs) };
    this.#pending = null;
    this.emit('data', match.frame);
  }

  /** Bytes nobody waits for: the late reply of a unit given up, or noise. Either way the wire must fall silent first, within reason. */
  #stray(bytes: Buffer, nowMono: MonoMs): void {
    const before = nowMono > this.#drainUntilMono ? [] : this.#burstHead;
    this.#burstHead = [...before, ...bytes.subarray(0, 2)].slice(0, 2);
    this.#drainUntilMono = nowMono + this.#gapMs;
    const [unit, fc] = this.#burstHead;
    const isNew = before.length < 2 && unit !== undefined && fc !== undefined;
    const isLate = isNew && this.#late.take(unit, fc & 0x7f, nowMono);
    if (isNew) this.#lateUntilMono = isLate ? nowMono + LONGEST_FRAME_CHARS * this.#charMs : 0;
    // A late reply is a frame like any other and has its silence in full; noise only within reason.
    if (nowMono < this.#lateUntilMono) this.#quietMono = Math.max(this.#quietMono, nowMono);
    if (isLate) this.counters.lateReplies++;
    else this.counters.noiseBytes += bytes.length;
    if (this.#pending !== null) this.#schedule(this.#pending);
  }

  #expire(pending: Pending): void {
    const nowMono = this.#clock.monoMs();
    const { damaged, bytes } = pending.window.giveUp();
    this.#pending = null;
    this.#burstHead = [];
    this.#drainUntilMono = nowMono + this.#gapMs;
    this.#note(pending, nowMono);
    this.counters.noiseBytes += bytes;
    const unit = pending.request[0];
    if (damaged) {
      this.counters.crcErrors++;
      pending.fail(new BusError('crc', `unit ${unit}: damaged reply, check wiring, termination and baud rate`));
      return;
    }
    this.counters.timeouts++;
    this.#late.add(pending.request, nowMono);
    pending.fail(new BusError('timeout', `unit ${unit}: no reply in ${Math.round(pending.timeoutMs)} ms, check power, address and wiring`));
  }

  #note(pending: Pending, endMono: MonoMs): void {
    this.counters.busyMs += endMono - (pending.sentMono ?? endMono) + this.#gapMs;
  }
}

function isBroadcast({ request }: Pending): boolean {
  return request[0] === 0;
}
