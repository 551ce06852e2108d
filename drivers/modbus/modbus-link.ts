/** The custom port under the client of `modbus-serial`, common to RTU and TCP. Before each request it is given the reply to expect. */

import { EventEmitter } from 'node:events';
import type { LineTap } from '../../agent/core/bus-exam.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { BytePort, LineCounters } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The counters of a line that its link increases. The line itself counts `transactions` and `exceptions`. */
export type LinkCounters = Writable<Omit<LineCounters, 'transactions' | 'exceptions'>>;

/** What is expected of the reply to one request. */
export interface Exchange {
  /** Length of the normal reply as an RTU frame, checksum included. */
  readonly expectedBytes: number;
  /**
   * Longest wait for the first bytes of the reply, after the request has left the wire; on TCP, after it was written. For a broadcast, the
   * pause after it. Units: ms.
   */
  readonly timeoutMs: number;
  /** Receives the error if the link passes on no reply. An exception of the unit is a reply. */
  readonly fail: (error: BusError) => void;
}

/**
 * Timing of the last reply that the link passed on; all 0 before the first. After a broadcast, which has no reply, use only `sentMono`.
 * Units: ms.
 */
export interface ReplyTiming {
  /** When the request was sent; after repetitions perhaps an earlier sending. The unit read the values after it. */
  readonly sentMono: MonoMs;
  /** Response time of the unit; on a serial line without the wire time of the reply. */
  readonly turnaroundMs: number;
  /** From the end of the request to the first bytes of the reply; on TCP, to the first bytes of any frame. */
  readonly firstByteMs: number;
}

/**
 * How well the reply to a read can be distinguished from older ones: a lower `rank` is better, then a lower `clearMono`. Rank 0: no older
 * one is expected. 1: copies of older ones may arrive. 2: a late one is expected.
 */
export interface ReadRank {
  readonly rank: 0 | 1 | 2;
  /** Rank 0: 0. Rank 1: when such a read was last sent. Rank 2: as `LateReplies.clearMono`. */
  readonly clearMono: MonoMs;
}

/** The port and the clock of a link, and the counters of its line that it increases. The link sets `port.onBytes`. */
export interface LinkOptions {
  readonly port: BytePort;
  readonly clock: Clock;
  readonly counters: LinkCounters;
}

/**
 * The custom port of `modbus-serial` (`open`, `close`, `write`, `isOpen`, event `data`) and what the line requires beyond that. Reads of
 * one shape have the same unit, function and reply length. Unless a link overrides them, its times and its rank are 0.
 */
export abstract class ModbusLink extends EventEmitter<{ data: [frame: Buffer]; close: []; error: [error: Error] }> {
  /** As `ModbusLine.mayAskAgain`. */
  mayAskAgain: (isChange: boolean) => boolean = () => true;
  /** Timing of the last reply that the link passed on; all 0 before the first. */
  last: ReplyTiming = { sentMono: 0, turnaroundMs: 0, firstByteMs: 0 };
  /** As `ModbusLine.tap`. */
  tap: LineTap | null = null;
  protected readonly port: BytePort;
  protected readonly clock: Clock;
  protected readonly counters: LinkCounters;
  #next: Exchange | null = null;

  constructor({ port, clock, counters }: LinkOptions) {
    super();
    this.port = port;
    this.clock = clock;
    this.counters = counters;
  }

  /** Called by the library with a whole RTU frame. */
  abstract write(request: Buffer): void;
  /** Fails the request in flight now: the port is down or closing. */
  abstract abort(error: BusError): void;
  /** As `ModbusLine.cutShort`. */
  abstract cutShort(timeoutMs: number): void;
  /** Called when the port has opened, before `open` reports it. */
  protected abstract opened(): void;

  /** Earliest time of the next read of this shape while the line waits for a late reply to one; otherwise 0 or a past time. */
  heldUntilMono(_unit: number, _fc: number, _count: number): MonoMs {
    return 0;
  }

  /** How well the reply to a read of this shape can be distinguished from older ones. */
  rank(_unit: number, _fc: number, _count: number): ReadRank {
    return { rank: 0, clearMono: 0 };
  }

  /** As `ModbusLine.restUntilMono`, of one shape. */
  restUntilMono(_unit: number, _fc: number, _count: number): MonoMs {
    return 0;
  }

  /** As `ModbusLine.freeMono`. */
  get freeMono(): MonoMs {
    return 0;
  }

  get isOpen(): boolean {
    return this.port.isOpen;
  }

  open(done: (error?: Error | null) => void): void {
    this.port.open().then(
      () => {
        this.opened();
        done(null);
      },
      (error: Error) => done(error),
    );
  }

  /** Closes the port; a request in flight fails with BusError `port-closed`. */
  close(done: (error?: Error | null) => void): void {
    this.abort(new BusError('port-closed', msg`the line was closed`));
    this.port.close().then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  /** Sets the expected reply to the next `write`, and how it fails. `write` throws TypeError without it. */
  expect(exchange: Exchange): void {
    this.#next = exchange;
  }

  /** Returns what `expect` has set, once. Errors: throws TypeError if nothing is set. */
  protected announced(): Exchange {
    const next = this.#next;
    if (next === null) throw new TypeError('write without expect');
    this.#next = null;
    return next;
  }
}

/** Returns a new object with the counters of `LinkCounters`, all zero. */
export function freshCounters(): LinkCounters {
  return {
    timeouts: 0,
    crcErrors: 0,
    lateReplies: 0,
    duplicates: 0,
    doubtful: 0,
    resyncs: 0,
    echoes: 0,
    noiseBytes: 0,
    truncated: 0,
    wrongReplies: 0,
    foreignFrames: 0,
    floods: 0,
    busyMs: 0,
  };
}
