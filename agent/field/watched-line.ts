/**
 * A line with an ear on it: each transaction is told as it ends, whoever sent it.
 *
 * Owns nothing but the report. Called by the line runner, which says whose turn it is.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { Lane } from '../core/ports.ts';

/** One transaction as it ended; either `reply` or `error` is null. */
export interface TransactionReport {
  /** Modbus address; 0 for a broadcast. */
  readonly unit: number;
  /** The device of the cabinet; null for a stranger. */
  readonly device: string | null;
  readonly lane: Lane;
  /** `read holding 0+2`, `write coil 3=1`. */
  readonly what: string;
  readonly reply: Reply | null;
  readonly error: BusError | null;
  /** From the time it was due, or asked for, to its turn. Units: ms. Null for writes of levels, which measure their own. */
  readonly waitMs: number | null;
  readonly atMono: MonoMs;
}

/** The lane that has its turn, and how long it waited for it. Units: ms. */
export interface LaneTurn {
  readonly lane: Lane;
  readonly waitMs: number | null;
}

export interface WatchedLine extends ModbusLine {
  /** Whatever is sent from now on is of this lane. */
  turn: LaneTurn;
}

export interface WatchOptions {
  readonly line: ModbusLine;
  readonly clock: Clock;
  readonly deviceOf: (unit: number) => string | null;
  readonly onTransaction: (report: TransactionReport) => void;
}

export function createWatchedLine({ line, clock, deviceOf, onTransaction }: WatchOptions): WatchedLine {
  const watched: WatchedLine = {
    turn: { lane: 'telemetry', waitMs: null },
    get isOpen() {
      return line.isOpen;
    },
    get counters() {
      return line.counters;
    },
    isNetwork: line.isNetwork === true,
    open: () => line.open(),
    close: () => line.close(),
    read: (request, timeoutMs) => told(request, line.read(request, timeoutMs)),
    write: (request, timeoutMs) => told(request, line.write(request, timeoutMs)),
    wireMs: (request) => line.wireMs(request),
    get mayAskAgain() {
      return line.mayAskAgain;
    },
    set mayAskAgain(may) {
      line.mayAskAgain = may;
    },
    get freeMono() {
      return line.freeMono;
    },
    clearest: (request) => line.clearest(request),
    heldUntilMono: (request) => line.heldUntilMono(request),
    restUntilMono: (request) => line.restUntilMono(request),
    retune: (serial) => line.retune(serial),
    onLost: () => {},
  };
  return watched;

  async function told(request: ReadRequest | WriteRequest, pending: Promise<Reply>): Promise<Reply> {
    const base = { unit: request.unit, device: deviceOf(request.unit), what: whatOf(request), ...watched.turn };
    try {
      const reply = await pending;
      onTransaction({ ...base, reply, error: null, atMono: clock.monoMs() });
      return reply;
    } catch (error) {
      if (error instanceof BusError) onTransaction({ ...base, reply: null, error, atMono: clock.monoMs() });
      throw error;
    }
  }
}

function whatOf(request: ReadRequest | WriteRequest): string {
  const { table, address } = request;
  return 'count' in request ? `read ${table} ${address}+${request.count}` : `write ${table} ${address}=${request.values}`;
}
