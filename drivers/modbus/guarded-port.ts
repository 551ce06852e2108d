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
import { matchReply } from './reply-matcher.ts';
import { charMs, gapMs } from './wire-time.ts';

/** After a lost reply the unit may still send it. Until then the same question to it would take the old answer. Units: ms. Source: assumed; the longest learned timeout. */
const LATE_GUARD_MS = 1_000;
/** An error is over once the wire has been quiet; a babbling line is not waited for longer than this. Units: ms. Source: wb-mqtt-serial skips noise for 100 ms. */
const DRAIN_MAX_MS = 100;
/** Kept for scanning; a reply has at most 256 bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const RX_KEEP_BYTES = 1_024;

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
  rx: Buffer;
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
  /** Start of the present burst of bytes nobody asked for. */
  #babbleMono: MonoMs = 0;
  #echoing = false;
  readonly #late = new Map<string, MonoMs>();

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
      () => done(null),
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
    pending?.fail(error);
  }

  /** Called by the library with a whole frame; it leaves when the wire has been quiet long enough. */
  write(request: Buffer): void {
    if (this.#next === null) throw new TypeError('write without expect');
    const pending: Pending = { ...this.#next, request, rx: Buffer.alloc(0), sentMono: null, txEndMono: 0, timer: null };
    this.#next = null;
    this.#pending = pending;
    pending.timer = this.#clock.precisely(this.#mayStartMono(request), () => this.#send(pending));
  }

  /** A read like this one was given up a moment ago and its reply may still come: not before this time. */
  heldUntilMono(unit: number, fc: number, count: number): MonoMs {
    return this.#late.get(`${unit}:${fc}:${count}`) ?? 0;
  }

  #mayStartMono(request: Buffer): MonoMs {
    const heldMono = isRead(request) ? (this.#late.get(signature(request)) ?? 0) : 0;
    return Math.max(this.#quietMono + this.#gapMs, this.#drainUntilMono, heldMono);
  }

  #send(pending: Pending): void {
    const startMono = this.#mayStartMono(pending.request);
    if (startMono > this.#clock.monoMs()) {
      pending.timer = this.#clock.precisely(startMono, () => this.#send(pending));
      return;
    }
    this.counters.noiseBytes += this.#port.discardInput();
    if (this.#pending !== pending) return;
    this.#late.delete(signature(pending.request));
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
    if (pending.request[0] === 0) this.#endBroadcast(pending);
    else this.#awaitReply(pending, pending.sentMono);
  }

  #awaitReply(pending: Pending, sentMono: MonoMs): void {
    const deadlineMono = pending.txEndMono + pending.timeoutMs + pending.expectedBytes * this.#charMs;
    pending.timer = this.#clock.after(deadlineMono - sentMono, () => this.#expire(pending));
  }

  /** Nobody answers unit 0; the line is free when the frame has left and the units have had their pause. */
  #endBroadcast(pending: Pending): void {
    const freeMono = pending.txEndMono + pending.timeoutMs;
    pending.timer = this.#clock.after(freeMono - this.#clock.monoMs(), () => {
      this.#note(pending, this.#clock.monoMs());
      this.#pending = null;
      this.emit('data', pending.request);
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
    pending.rx = Buffer.concat([pending.rx, bytes]).subarray(-RX_KEEP_BYTES);
    this.#stripEcho(pending);
    const match = matchReply(pending.request, pending.expectedBytes, pending.rx);
    if (match.kind === 'stranger') {
      this.counters.lateReplies++;
      pending.rx = pending.rx.subarray(match.end);
      return;
    }
    if (match.kind === 'more') return;
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
    if (nowMono > this.#drainUntilMono) this.#babbleMono = nowMono;
    this.#drainUntilMono = Math.min(nowMono + this.#gapMs, this.#babbleMono + DRAIN_MAX_MS);
    const late = [...this.#late.keys()].find((key) => key.startsWith(`${bytes[0]}:${bytes[1]}:`));
    if (late === undefined) {
      this.counters.noiseBytes += bytes.length;
      return;
    }
    this.#late.delete(late);
    this.counters.lateReplies++;
  }

  /** Some adapters hear themselves. Seen once on a read, where it cannot be a reply, it is stripped from then on. */
  #stripEcho(pending: Pending): void {
    const { request, rx } = pending;
    if (rx.length < request.length || !rx.subarray(0, request.length).equals(request)) return;
    if (isRead(request)) this.#echoing = true;
    if (!this.#echoing) return;
    this.counters.echoes++;
    pending.rx = rx.subarray(request.length);
  }

  #expire(pending: Pending): void {
    const nowMono = this.#clock.monoMs();
    const { damaged } = matchReply(pending.request, pending.expectedBytes, pending.rx) as { damaged?: boolean };
    this.#pending = null;
    this.#drainUntilMono = nowMono + this.#gapMs;
    this.#note(pending, nowMono);
    this.counters.noiseBytes += pending.rx.length;
    const unit = pending.request[0];
    if (damaged) {
      this.counters.crcErrors++;
      pending.fail(new BusError('crc', `unit ${unit}: damaged reply, check wiring, termination and baud rate`));
      return;
    }
    this.counters.timeouts++;
    if (isRead(pending.request)) this.#late.set(signature(pending.request), nowMono + LATE_GUARD_MS);
    pending.fail(new BusError('timeout', `unit ${unit}: no reply in ${Math.round(pending.timeoutMs)} ms, check power, address and wiring`));
  }

  #note(pending: Pending, endMono: MonoMs): void {
    this.counters.busyMs += endMono - (pending.sentMono ?? endMono) + this.#gapMs;
  }
}

function isRead(request: Buffer): boolean {
  return (request[1] as number) <= 4;
}

/** Two requests with the same signature cannot be told apart by their replies. */
function signature(request: Buffer): string {
  return `${request[0]}:${request[1]}:${request.readUInt16BE(4)}`;
}
