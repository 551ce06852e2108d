/**
 * One RS-485 line as units see it: bytes take their time, and things go wrong on demand.
 *
 * The far end is a PTY or an in-memory wire.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import { encodeReadReply, exceptionReply, parseRequest, type SlaveRequest, writeReply } from './rtu-slave.ts';
import type { SimUnit } from './units/sim-unit.ts';

/** The gateway's side of the cable, to which the line writes. Bytes written while it is unplugged are discarded. */
export interface GatewayEnd {
  write(bytes: Buffer): void;
  unplug(): void;
  replug(): void;
}

export interface SimLineOptions {
  readonly serial: SerialSettings;
  readonly clock: Clock;
  readonly units: ReadonlyMap<number, SimUnit>;
  /** Replies come in pieces of this many bytes, as a UART delivers them. Default: whole frames. */
  readonly chunkBytes?: number;
  /** The device of a raw line: it receives every byte at once, and no unit does. */
  readonly onRawBytes?: (bytes: Buffer) => void;
}

interface UnitFault {
  lateMs?: number;
  corrupt?: boolean;
  noise?: Buffer;
  missWrites?: number;
}

/** A reply that this process itself delivers so much later than its unit would have may overlap the next request. Units: ms. Source: measured lateness of timers on an idle machine is below 1. */
const LATE_MS = 2;

/** One line with its units: the gateway's bytes go into `receive`, and replies go to `end` at their time on the wire. */
export class SimLine {
  /** Set by the owner. */
  end: GatewayEnd = { write: () => {}, unplug: () => {}, replug: () => {} };
  readonly stats = { requests: 0, badRequests: 0, gapViolations: 0, collisions: 0 };
  readonly #options: SimLineOptions;
  readonly #charMs: number;
  readonly #gapMs: number;
  readonly #faults = new Map<number, UnitFault>();
  readonly #silent = new Set<number>();
  readonly #shared = new Set<number>();
  #rx: Buffer = Buffer.alloc(0);
  #receivedMono: MonoMs = Number.NEGATIVE_INFINITY;
  /** When the last byte really left, which a busy machine makes later than it should. */
  #wireFreeMono: MonoMs = Number.NEGATIVE_INFINITY;
  /** That was later than it should have been, for which the gateway is not to blame. */
  #wasDelayed = false;
  /** Start of the reply that is on its way and not yet whole. */
  #answerFromMono: MonoMs = Number.POSITIVE_INFINITY;
  #hasEcho = false;

  constructor(options: SimLineOptions) {
    const { baud, dataBits, parity, stopBits } = options.serial;
    this.#options = options;
    this.#charMs = ((1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) * 1_000) / baud;
    // A unit times the silence by the standard's character, whatever its stop bits.
    this.#gapMs = baud > 19_200 ? 1.75 : Math.max(38_500 / baud, 3.5 * this.#charMs);
  }

  receive(bytes: Buffer): void {
    const { clock, onRawBytes } = this.#options;
    if (onRawBytes !== undefined) {
      onRawBytes(bytes);
      return;
    }
    const nowMono = clock.monoMs();
    if (this.#hasEcho) clock.precisely(nowMono + bytes.length * this.#charMs, () => this.end.write(bytes));
    const isAnswering = nowMono >= this.#answerFromMono;
    if (isAnswering) this.stats.collisions++;
    if (nowMono - this.#receivedMono > this.#gapMs) this.#rx = Buffer.alloc(0);
    this.#rx = Buffer.concat([this.#rx, bytes]);
    this.#receivedMono = nowMono + bytes.length * this.#charMs;
    const request = parseRequest(this.#rx);
    if (request === undefined) return;
    if (request === null) {
      this.stats.badRequests++;
      this.#rx = Buffer.alloc(0);
      return;
    }
    // A tenth of tolerance: a real unit's own timer is no better.
    if (!isAnswering && !this.#wasDelayed && nowMono - this.#wireFreeMono < 0.9 * this.#gapMs) this.stats.gapViolations++;
    const frame = this.#rx.subarray(0, request.bytes);
    this.#rx = Buffer.alloc(0);
    this.stats.requests++;
    clock.precisely(this.#receivedMono, () => this.#serve(request, frame));
  }

  /** Cuts the power of the unit: it receives nothing until `revive`. */
  silence(unit: number): void {
    this.#silent.add(unit);
  }

  /** Restores the power: the unit starts with its power-up state. No effect on a unit that has power. */
  revive(unit: number): void {
    if (this.#silent.delete(unit)) this.#options.units.get(unit)?.powerUp?.();
  }

  /** `true`: a second unit has the same address, so that two replies collide and each one arrives damaged. */
  setShared(unit: number, isShared: boolean): void {
    if (isShared) this.#shared.add(unit);
    else this.#shared.delete(unit);
  }

  isSilent(unit: number): boolean {
    return this.#silent.has(unit);
  }

  /** The next reply of this unit is this much later. Units: ms. */
  delayNext(unit: number, lateMs: number): void {
    this.#addFault(unit, { lateMs });
  }

  /** The next reply of this unit has a wrong CRC. */
  corruptNext(unit: number): void {
    this.#addFault(unit, { corrupt: true });
  }

  /** The unit does not receive the next so many writes to it, broadcasts included. */
  missWrites(unit: number, missWrites: number): void {
    this.#addFault(unit, { missWrites });
  }

  /** These bytes come right before the next reply of this unit. */
  noiseBeforeNext(unit: number, noise: Buffer): void {
    this.#addFault(unit, { noise });
  }

  /** Bytes that belong to no reply, now. */
  noise(bytes: Buffer): void {
    this.end.write(bytes);
  }

  /** `true`: the gateway also receives its own bytes, as from an adapter with echo. */
  setEcho(on: boolean): void {
    this.#hasEcho = on;
  }

  unplug(): void {
    this.end.unplug();
  }

  replug(): void {
    this.end.replug();
  }

  /** Stops the units. */
  stop(): void {
    for (const unit of this.#options.units.values()) unit.stop?.();
  }

  #addFault(unit: number, fault: UnitFault): void {
    this.#faults.set(unit, { ...this.#faults.get(unit), ...fault });
  }

  /** The request has just left the wire. */
  #serve(request: SlaveRequest, frame: Buffer): void {
    const { units, clock } = this.#options;
    if (request.unit === 0) {
      for (const [address, unit] of units)
        if (request.kind === 'write' && this.#receives(address, request)) unit.write(request.table, request.address, request.values);
      return;
    }
    const unit = units.get(request.unit);
    if (unit === undefined || !this.#receives(request.unit, request)) return;
    unit.onRequest?.();
    const { missWrites = 0, ...fault } = this.#faults.get(request.unit) ?? {};
    this.#faults.delete(request.unit);
    if (missWrites > 0) this.#faults.set(request.unit, { missWrites });
    const reply = replyOf(unit, request, frame);
    if (fault.corrupt === true || this.#shared.has(request.unit)) reply[reply.length - 1] = (reply.at(-1) as number) ^ 0x55;
    const bytes = fault.noise === undefined ? reply : Buffer.concat([fault.noise, reply]);
    this.#deliver(bytes, clock.monoMs() + Math.max(unit.turnaroundMs, this.#gapMs) + (fault.lateMs ?? 0));
  }

  #receives(address: number, { kind }: SlaveRequest): boolean {
    if (this.#silent.has(address)) return false;
    const fault = this.#faults.get(address);
    if (kind === 'read' || fault?.missWrites === undefined || fault.missWrites === 0) return true;
    fault.missWrites--;
    return false;
  }

  #deliver(bytes: Buffer, startMono: MonoMs): void {
    const { clock, chunkBytes } = this.#options;
    const size = chunkBytes ?? bytes.length;
    this.#answerFromMono = startMono;
    // One timer after the other: several at once may fire out of order in real time.
    const send = (at: number): void => {
      const piece = bytes.subarray(at, at + size);
      const dueMono = startMono + (at + piece.length) * this.#charMs;
      clock.precisely(dueMono, () => {
        // Before the write: the gateway may have the bytes while this process is still held up behind it.
        this.#wireFreeMono = clock.monoMs();
        this.#wasDelayed = this.#wireFreeMono - dueMono > LATE_MS;
        this.end.write(piece);
        if (at + size < bytes.length) send(at + size);
        else this.#answerFromMono = Number.POSITIVE_INFINITY;
      });
    };
    send(0);
  }
}

function replyOf(unit: SimUnit, request: SlaveRequest, frame: Buffer): Buffer {
  const result =
    request.kind === 'read'
      ? unit.read(request.table, request.address, request.count)
      : unit.write(request.table, request.address, request.values);
  if (result !== undefined && 'exception' in result) return exceptionReply(request, result.exception);
  return request.kind === 'read' ? encodeReadReply(request, result as readonly number[]) : writeReply(frame);
}
