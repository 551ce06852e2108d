/**
 * Modbus TCP under `modbus-serial`: RTU frames from and for the library, MBAP frames on the socket.
 *
 * Transaction ids identify late replies, so no request waits for one. The port never retries. One request at a time.
 * Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b §3.1.
 */

import type { MonoMs, Timer } from '../../agent/core/clock.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';
import { completed, isGatewayRefusal, isRefusalOf, REFUSAL_BYTES, withChecksum } from './frames.ts';
import { type Exchange, type LinkOptions, ModbusLink } from './modbus-link.ts';
import { acknowledgement, isReplyTo } from './reply-matcher.ts';

/** Transaction id, protocol, length; the unit follows and is included in the length. */
const HEADER_BYTES = 6;
/** At least unit and function; at most the longest PDU with its unit. Units: bytes. */
const BODY_BYTES = { least: 3, most: 254 };
const IDS = 0x1_0000;
/** Abandoned requests whose late replies are still recognised. */
const LATE_IDS = 64;
/**
 * Longest time in which the rest of a frame arrives. Units: ms. Source: assumed; TCP repeats a lost segment after 200 ms at the earliest. Confirmed
 * by: delays between segments over the mobile link of a cabinet.
 */
const REST_MS = 300;

interface Pending extends Exchange {
  readonly request: Buffer;
  readonly id: number;
  readonly sentMono: MonoMs;
  firstMono: MonoMs | null;
  timer: Timer | null;
}

/**
 * The port of a Modbus TCP line for `modbus-serial`. A reply counts only with the transaction id of its request. It never retries. Write
 * the next request only after the last one has ended.
 */
export class MbapPort extends ModbusLink {
  #pending: Pending | null = null;
  #id = 0;
  #rx: Buffer = Buffer.alloc(0);
  readonly #onLate: (request: Buffer, afterMs: number) => void;
  /** By transaction id, the last `LATE_IDS` at most. */
  readonly #givenUp = new Map<number, Pick<Pending, 'request' | 'sentMono'>>();

  constructor({
    onLate = () => {},
    ...options
  }: LinkOptions & {
    /** A unit has answered a request that was given up, `afterMs` after it was sent. */
    readonly onLate?: (request: Buffer, afterMs: number) => void;
  }) {
    super(options);
    this.#onLate = onLate;
    this.port.onBytes = (bytes) => this.#receive(bytes);
  }

  protected opened(): void {
    this.#rx = Buffer.alloc(0);
  }

  abort(error: BusError): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.timer?.cancel();
    pending?.fail(error);
  }

  /** A network needs no silence: the frame is sent immediately. */
  write(request: Buffer): void {
    this.#id = (this.#id + 1) % IDS;
    const pending: Pending = { ...this.announced(), request, id: this.#id, sentMono: this.clock.monoMs(), firstMono: null, timer: null };
    this.#pending = pending;
    const frame = Buffer.alloc(HEADER_BYTES + request.length - 2);
    frame.writeUInt16BE(pending.id, 0);
    frame.writeUInt16BE(request.length - 2, 4);
    request.copy(frame, HEADER_BYTES, 0, request.length - 2);
    try {
      this.port.write(frame);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.abort(error);
      return;
    }
    pending.timer = this.clock.after(pending.timeoutMs, () => this.#overdue(pending));
  }

  cutShort(timeoutMs: number): void {
    const pending = this.#pending;
    if (pending === null || pending.request[0] === 0 || pending.timeoutMs <= timeoutMs) return;
    Object.assign(pending, { timeoutMs });
    pending.timer?.cancel();
    pending.timer = this.clock.after(pending.sentMono + timeoutMs - this.clock.monoMs(), () => this.#overdue(pending));
  }

  #overdue(pending: Pending): void {
    if (pending.request[0] === 0) this.#finish(pending, acknowledgement(pending.request));
    else if (this.#rx.length === 0) this.#expire(pending);
    else pending.timer = this.clock.after(REST_MS, () => this.#expire(pending));
  }

  #expire(pending: Pending): void {
    this.#pending = null;
    this.#givenUp.set(pending.id, pending);
    for (const id of this.#givenUp.keys()) if ((this.#id - id + IDS) % IDS >= LATE_IDS) this.#givenUp.delete(id);
    this.counters.timeouts++;
    this.counters.busyMs += this.clock.monoMs() - pending.sentMono;
    const advice = msg`check the unit behind the gateway, its address and its cable`;
    const [[unit = 0], waitedMs] = [pending.request, Math.round(pending.timeoutMs)];
    const finding = msg`unit ${unit}: no reply in ${waitedMs} ms`;
    pending.fail(new BusError('timeout', msg`unit ${unit}: no reply in ${waitedMs} ms, ${advice}`, { finding }));
  }

  #receive(bytes: Buffer): void {
    this.#rx = this.#rx.length === 0 ? bytes : Buffer.concat([this.#rx, bytes]);
    if (this.#pending !== null) this.#pending.firstMono ??= this.clock.monoMs();
    while (this.#rx.length >= HEADER_BYTES) {
      const bodyBytes = this.#rx.readUInt16BE(4);
      if (this.#rx.readUInt16BE(2) !== 0 || bodyBytes < BODY_BYTES.least || bodyBytes > BODY_BYTES.most) {
        this.#outOfStep();
        return;
      }
      const end = HEADER_BYTES + bodyBytes;
      if (this.#rx.length < end) return;
      const frame = this.#rx.subarray(0, end);
      this.#rx = this.#rx.subarray(end);
      this.#take(frame.readUInt16BE(0), frame.subarray(HEADER_BYTES));
    }
  }

  #take(id: number, body: Buffer): void {
    const pending = this.#pending;
    if (pending?.id !== id) {
      const age = (this.#id - id + IDS) % IDS;
      if (age < LATE_IDS) this.#late(id, body);
      else this.counters.foreignFrames++;
      return;
    }
    if (pending.request[0] === 0) return;
    const frame = withChecksum(body);
    if (isReply(pending, frame)) {
      this.#finish(pending, completed(pending.request, frame));
      return;
    }
    this.#pending = null;
    pending.timer?.cancel();
    this.counters.wrongReplies++;
    const message = msg`unit ${pending.request[0] ?? 0}: the gateway's answer does not fit the request, check its addresses and firmware`;
    pending.fail(new BusError('wrong-reply', message));
  }

  #late(id: number, body: Buffer): void {
    this.counters.lateReplies++;
    const givenUp = this.#givenUp.get(id);
    if (givenUp === undefined) return;
    this.#givenUp.delete(id);
    // A gateway that gave up as well is not a reply of the unit.
    if (isGatewayRefusal(body)) return;
    this.#onLate(givenUp.request, this.clock.monoMs() - givenUp.sentMono);
  }

  #finish(pending: Pending, frame: Buffer): void {
    const nowMono = this.clock.monoMs();
    pending.timer?.cancel();
    this.#pending = null;
    this.counters.busyMs += nowMono - pending.sentMono;
    const { sentMono, firstMono } = pending;
    this.last = { sentMono, turnaroundMs: nowMono - sentMono, firstByteMs: (firstMono ?? nowMono) - sentMono };
    this.emit('data', frame);
  }

  /** The start of the next frame is unknown: only a new connection helps. */
  #outOfStep(): void {
    this.counters.noiseBytes += this.#rx.length;
    this.#rx = Buffer.alloc(0);
    const error = new BusError(
      'port-closed',
      msg`the far end does not use Modbus TCP: check its port number and mode (rtu+tcp:// for raw frames)`,
    );
    this.port.close().then(
      () => this.port.onLost(error),
      (cause: Error) => this.port.onLost(cause),
    );
  }
}

function isReply({ request, expectedBytes }: Pending, frame: Buffer): boolean {
  if (frame[0] !== request[0]) return false;
  if (isRefusalOf(request[1] as number, frame, 1)) return frame.length === REFUSAL_BYTES;
  return frame[1] === request[1] && frame.length === expectedBytes && isReplyTo(request, frame);
}
