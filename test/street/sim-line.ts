/**
 * One RS-485 line as units see it: bytes take their time, and things go wrong on demand.
 *
 * Owns the wire's time and its faults. Knows nothing of light. The far end is a PTY or an in-memory wire.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import { encodeReadReply, exceptionReply, parseRequest, type SlaveRequest, writeReply } from './rtu-slave.ts';
import type { SimUnit } from './units/sim-unit.ts';

/** What the line writes to: the gateway's side of the cable. */
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
}

export interface SimLine {
  end: GatewayEnd;
  receive(bytes: Buffer): void;
  readonly stats: { requests: number; badRequests: number; gapViolations: number; collisions: number };
  /** The unit is without power. */
  silence(unit: number): void;
  revive(unit: number): void;
  isSilent(unit: number): boolean;
  /** The next reply of this unit comes this much later. Units: ms. */
  delayNext(unit: number, lateMs: number): void;
  corruptNext(unit: number): void;
  /** The unit does not hear the next so many writes that are meant for it, broadcasts included. */
  missWrites(unit: number, writes: number): void;
  /** These bytes come right before the next reply of this unit. */
  noiseBeforeNext(unit: number, bytes: Buffer): void;
  /** Bytes out of nowhere, now. */
  noise(bytes: Buffer): void;
  /** The adapter hears itself. */
  setEcho(on: boolean): void;
  unplug(): void;
  replug(): void;
  /** The street is taken down. */
  stop(): void;
}

interface UnitFault {
  lateMs?: number;
  corrupt?: boolean;
  noise?: Buffer;
  missWrites?: number;
}

export function createSimLine({ serial, clock, units, chunkBytes }: SimLineOptions): SimLine {
  const charMs = ((1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits) * 1_000) / serial.baud;
  const gapMs = serial.baud > 19_200 ? 1.75 : 3.5 * charMs;
  const faults = new Map<number, UnitFault>();
  const silent = new Set<number>();
  const stats = { requests: 0, badRequests: 0, gapViolations: 0, collisions: 0 };
  let rx: Buffer = Buffer.alloc(0);
  let heardMono: MonoMs = Number.NEGATIVE_INFINITY;
  /** When the last byte really left, which a busy machine makes later than it should. */
  let wireFreeMono: MonoMs = Number.NEGATIVE_INFINITY;
  /** Start of the reply that is on its way and not yet whole. */
  let answerFromMono: MonoMs = Number.POSITIVE_INFINITY;
  let echo = false;

  const line: SimLine = {
    end: { write: () => {}, unplug: () => {}, replug: () => {} },
    stats,
    receive(bytes) {
      const nowMono = clock.monoMs();
      if (echo) clock.precisely(nowMono + bytes.length * charMs, () => line.end.write(bytes));
      const isAnswering = nowMono >= answerFromMono;
      if (isAnswering) stats.collisions++;
      if (nowMono - heardMono > gapMs) rx = Buffer.alloc(0);
      rx = Buffer.concat([rx, bytes]);
      heardMono = nowMono + bytes.length * charMs;
      const request = parseRequest(rx);
      if (request === undefined) return;
      if (request === null) {
        stats.badRequests++;
        rx = Buffer.alloc(0);
        return;
      }
      // A tenth of tolerance: a real unit's own timer is no better.
      if (!isAnswering && nowMono - wireFreeMono < 0.9 * gapMs) stats.gapViolations++;
      const frame = rx.subarray(0, request.bytes);
      rx = Buffer.alloc(0);
      stats.requests++;
      clock.precisely(heardMono, () => serve(request, frame));
    },
    silence: (unit) => silent.add(unit),
    revive: (unit) => {
      if (silent.delete(unit)) units.get(unit)?.powerUp?.();
    },
    isSilent: (unit) => silent.has(unit),
    delayNext: (unit, lateMs) => faults.set(unit, { ...faults.get(unit), lateMs }),
    corruptNext: (unit) => faults.set(unit, { ...faults.get(unit), corrupt: true }),
    missWrites: (unit, missWrites) => faults.set(unit, { ...faults.get(unit), missWrites }),
    noiseBeforeNext: (unit, noise) => faults.set(unit, { ...faults.get(unit), noise }),
    noise: (bytes) => line.end.write(bytes),
    setEcho: (on) => {
      echo = on;
    },
    unplug: () => line.end.unplug(),
    replug: () => line.end.replug(),
    stop() {
      for (const unit of units.values()) unit.stop?.();
    },
  };
  return line;

  /** The request has just left the wire. */
  function serve(request: SlaveRequest, frame: Buffer): void {
    if (request.unit === 0) {
      for (const [address, unit] of units)
        if (request.kind === 'write' && hears(address, request)) unit.write(request.table, request.address, request.values);
      return;
    }
    const unit = units.get(request.unit);
    if (unit === undefined || !hears(request.unit, request)) return;
    unit.heard?.();
    const { missWrites = 0, ...fault } = faults.get(request.unit) ?? {};
    faults.delete(request.unit);
    if (missWrites > 0) faults.set(request.unit, { missWrites });
    const reply = answer(unit, request, frame);
    if (fault.corrupt === true) reply[reply.length - 1] = (reply.at(-1) as number) ^ 0x55;
    const bytes = fault.noise === undefined ? reply : Buffer.concat([fault.noise, reply]);
    deliver(bytes, clock.monoMs() + Math.max(unit.turnaroundMs, gapMs) + (fault.lateMs ?? 0));
  }

  function hears(address: number, { kind }: SlaveRequest): boolean {
    if (silent.has(address)) return false;
    const fault = faults.get(address);
    if (kind === 'read' || fault?.missWrites === undefined || fault.missWrites === 0) return true;
    fault.missWrites--;
    return false;
  }

  function answer(unit: SimUnit, request: SlaveRequest, frame: Buffer): Buffer {
    const result =
      request.kind === 'read'
        ? unit.read(request.table, request.address, request.count)
        : unit.write(request.table, request.address, request.values);
    if (result !== undefined && 'exception' in result) return exceptionReply(request, result.exception);
    return request.kind === 'read' ? encodeReadReply(request, result as readonly number[]) : writeReply(frame);
  }

  function deliver(bytes: Buffer, startMono: MonoMs): void {
    const size = chunkBytes ?? bytes.length;
    answerFromMono = startMono;
    // One timer after the other: several at once may fire out of order in real time.
    const send = (at: number): void => {
      const piece = bytes.subarray(at, at + size);
      clock.precisely(startMono + (at + piece.length) * charMs, () => {
        // Before the write: the gateway may have the bytes while this process is still held up behind it.
        wireFreeMono = clock.monoMs();
        line.end.write(piece);
        if (at + size < bytes.length) send(at + size);
        else answerFromMono = Number.POSITIVE_INFINITY;
      });
    };
    send(0);
  }
}
