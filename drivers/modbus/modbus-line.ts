/**
 * A Modbus line, RTU or TCP: requests in, replies out, one at a time.
 *
 * The client of `modbus-serial` encodes and decodes; a `ModbusLink` under it does the timing. The line never retries.
 */

import type { LineTap } from '../../agent/core/bus-exam.ts';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { BytePort, LateReply, LineCounters, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';
import { GuardedPort } from './guarded-port.ts';
import { MbapPort } from './mbap-port.ts';
import { exceptionError, exceptionOf, READ_FC, requestOfFrame, sendRead, sendWrite } from './modbus-functions.ts';
import { freshCounters, type LinkCounters, type ModbusLink } from './modbus-link.ts';
import { ModbusClient } from './modbus-serial.ts';
import { charMs, replyBytes, requestBytes } from './wire-time.ts';

/** Units: ms. Source: ten bits at 10 Mbit/s; the bytes of a network cost almost no time. */
const NETWORK_CHAR_MS = 0.001;

/** The port, its serial settings and the clock of a Modbus line. */
export interface ModbusLineOptions {
  readonly port: BytePort;
  /** The settings that `port` has. Times on the wire are computed from them; they are not set here. */
  readonly serial: SerialSettings;
  readonly clock: Clock;
  /** Silence before a request, at any speed. Units: ms. Default: that of the standard for the settings in use. */
  readonly frameGapMs?: number;
  /** Creates the same port, closed, with other settings; a line without it cannot change its speed. */
  readonly portFor?: (serial: SerialSettings) => BytePort;
  /** Whether the port is behind a serial server on the network: then no reply counts as too early. Default: false. */
  readonly isNetwork?: boolean;
}

/** Callbacks for late and unrequested replies of a station. */
interface ReplyCallbacks {
  readonly onLate: (request: Buffer, afterMs: number) => void;
  readonly onExtra: (unit: number) => void;
}

/** One path to the units: a port, the link on it, and the client above. */
interface Station {
  readonly port: BytePort;
  readonly link: ModbusLink;
  readonly client: ModbusClient;
  /** Units: ms. */
  readonly charMs: number;
}

interface LineParts {
  readonly clock: Clock;
  readonly counters: LinkCounters;
  /** The station at the line's own settings. */
  readonly own: (callbacks: ReplyCallbacks) => Station;
  /** A station with other settings. Errors: throws BusError if the line cannot change its speed. */
  readonly tune: (serial: SerialSettings, callbacks: ReplyCallbacks) => Station;
  readonly isNetwork: boolean;
}

/**
 * Creates a Modbus RTU line; it is closed until `open`. Without `portFor` its speed cannot be changed. Errors: requests reject with
 * BusError, for example `timeout`. One request at a time.
 */
export function createModbusLine({ port, serial, clock, portFor, ...more }: ModbusLineOptions): ModbusLine {
  const counters = freshCounters();
  const stationOn = (at: BytePort, settings: SerialSettings, callbacks: ReplyCallbacks): Station =>
    station(at, new GuardedPort({ port: at, serial: settings, clock, counters, ...callbacks, ...more }), charMs(settings));
  return new ClientLine({
    clock,
    counters,
    own: (callbacks) => stationOn(port, serial, callbacks),
    isNetwork: more.isNetwork === true,
    tune: (other, callbacks) => {
      if (portFor === undefined)
        throw new BusError('port-refused', msg`this line cannot be retuned: set the speed in the serial server itself`);
      return stationOn(portFor(other), other, callbacks);
    },
  });
}

/**
 * Creates a Modbus TCP line; it is closed until `open`. It has no speed: `retune` to other settings rejects with BusError. Errors: as for
 * `createModbusLine`.
 */
export function createTcpLine({ port, clock }: Pick<ModbusLineOptions, 'port' | 'clock'>): ModbusLine {
  const counters = freshCounters();
  return new ClientLine({
    clock,
    counters,
    own: ({ onLate }) => station(port, new MbapPort({ port, clock, counters, onLate }), NETWORK_CHAR_MS),
    isNetwork: true,
    tune: () => {
      throw new BusError('port-refused', msg`a network line has no speed: scan with the settings of the gateway behind it`);
    },
  });
}

function station(port: BytePort, link: ModbusLink, oneCharMs: number): Station {
  return { port, link, client: new ModbusClient(link), charMs: oneCharMs };
}

/**
 * A line over one station at a time: its own, or another with other settings.
 *
 * A second request while the first is in flight is a programming error.
 * Requests in flight fail immediately when the port is lost.
 */
class ClientLine implements ModbusLine {
  readonly isNetwork: boolean;
  mayAskAgain: (isChange: boolean) => boolean = () => true;
  onLost: (cause: Error) => void = () => {};
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  onLateReply?: (late: LateReply) => void;
  onExtraReply?: (unit: number) => void;
  readonly #clock: Clock;
  readonly #counters: LinkCounters;
  readonly #own: Station;
  readonly #tune: LineParts['tune'];
  #at: Station;
  #transactions = 0;
  #exceptions = 0;
  #isInFlight = false;
  #isRetuning = false;
  /** The owner has opened the line and not closed it. A line that its owner closes while it has other settings stays closed. */
  #isWanted = false;

  constructor({ clock, counters, own, tune, isNetwork }: LineParts) {
    this.isNetwork = isNetwork;
    this.#clock = clock;
    this.#counters = counters;
    this.#tune = tune;
    this.#own = own(this.#callbacks);
    this.#at = this.#own;
    this.#settleOn(this.#own);
  }

  get isOpen(): boolean {
    return this.#isRetuning || this.#at.link.isOpen;
  }

  get isStalled(): boolean {
    return this.#at.port.isStalled === true;
  }

  get counters(): LineCounters {
    return { ...this.#counters, transactions: this.#transactions, exceptions: this.#exceptions };
  }

  get freeMono(): MonoMs {
    return this.#at.link.freeMono;
  }

  get tap(): LineTap | null {
    return this.#own.link.tap;
  }

  set tap(tap: LineTap | null) {
    this.#own.link.tap = tap;
  }

  open(): Promise<void> {
    this.#isWanted = true;
    return connect(this.#at);
  }

  close(): Promise<void> {
    this.#isWanted = false;
    return disconnect(this.#at);
  }

  read(request: ReadRequest, timeoutMs: number): Promise<Reply> {
    return this.#transact(request, timeoutMs, (done) => sendRead(this.#at.client, request, done));
  }

  write(request: WriteRequest, timeoutMs: number): Promise<Reply> {
    return this.#transact(request, timeoutMs, (done) => sendWrite(this.#at.client, request, done));
  }

  cutShort(timeoutMs: number): void {
    if (this.#isInFlight) this.#at.link.cutShort(timeoutMs);
  }

  clearest(request: ReadRequest): ReadRequest {
    return clearest(this.#at.link, request);
  }

  heldUntilMono({ unit, table, count }: ReadRequest): MonoMs {
    return this.#at.link.heldUntilMono(unit, READ_FC[table], count);
  }

  restUntilMono(request: ReadRequest): MonoMs {
    const { unit, table, count } = request;
    return Math.max(this.heldUntilMono(request), this.#at.link.restUntilMono(unit, READ_FC[table], count));
  }

  wireMs(request: ReadRequest | WriteRequest): number {
    return (requestBytes(request) + replyBytes(request)) * this.#at.charMs;
  }

  async retune(serial: SerialSettings | null): Promise<void> {
    if (this.#isInFlight || this.#isRetuning) throw new TypeError('a line is retuned between requests');
    if (serial === null && this.#at === this.#own) return;
    if (!this.#at.link.isOpen) throw new BusError('port-closed', msg`the line is closed`);
    this.#isRetuning = true;
    try {
      const next = serial === null ? this.#own : this.#tune(serial, this.#callbacks);
      await disconnect(this.#at);
      this.#settleOn(next);
      await connect(this.#at);
      if (!this.#isWanted) await disconnect(this.#at);
      if (!this.#isWanted) throw new BusError('port-closed', msg`the line was closed`);
    } catch (error) {
      const wasClosed = !this.#at.link.isOpen;
      if (wasClosed) this.#settleOn(this.#own);
      this.#isRetuning = false;
      // The line is down as after an unplug: its owner opens it again.
      if (wasClosed && this.#isWanted) this.onLost(error as Error);
      throw error;
    } finally {
      this.#isRetuning = false;
    }
  }

  readonly #callbacks: ReplyCallbacks = {
    onLate: (request, afterMs) => this.onLateReply?.({ request: requestOfFrame(request), afterMs }),
    onExtra: (unit) => this.onExtraReply?.(unit),
  };

  #settleOn(next: Station): void {
    this.#at = next;
    next.link.mayAskAgain = (isChange) => this.mayAskAgain(isChange);
    next.port.onLost = (cause) => {
      next.link.abort(cause instanceof BusError ? cause : new BusError('port-closed', msg`${cause.message}`, { cause }));
      // The next opening uses the line's own settings.
      if (this.#at !== this.#own) this.#settleOn(this.#own);
      this.onLost(cause);
    };
  }

  #transact(request: ReadRequest | WriteRequest, timeoutMs: number, send: (done: Done) => void): Promise<Reply> {
    if (this.#isInFlight) throw new TypeError('a line takes one request at a time');
    const { link } = this.#at;
    if (!link.isOpen) return this.#reported(request, Promise.reject(new BusError('port-closed', msg`the line is closed`)));
    this.#isInFlight = true;
    this.#transactions++;
    const pending = new Promise<Reply>((resolve, reject) => {
      link.expect({ expectedBytes: replyBytes(request), timeoutMs, fail: reject });
      send((error, result) => {
        if (error) return reject(this.#toBusError(error, request.unit));
        const wanted = 'count' in request ? request.count : 0;
        const data = result !== undefined && 'data' in result ? (result.data as readonly (number | boolean)[]) : [];
        resolve({ words: data.slice(0, wanted).map(Number), ...this.#timing(link) });
      });
    }).finally(() => {
      this.#isInFlight = false;
    });
    return this.#reported(request, pending);
  }

  /** Reports the end before the caller receives it, so that the counters belong to this request. */
  #reported(request: ReadRequest | WriteRequest, pending: Promise<Reply>): Promise<Reply> {
    const ended = (end: unknown): void => {
      if (!(end instanceof Error) || end instanceof BusError) this.onEnd?.(request, end as Reply | BusError);
    };
    pending.then(ended, ended);
    return pending;
  }

  #timing({ last }: ModbusLink): Omit<Reply, 'words'> {
    const { turnaroundMs, firstByteMs, sentMono } = last;
    return { turnaroundMs, firstByteMs, askedMono: sentMono, atMono: this.#clock.monoMs() };
  }

  #toBusError(error: unknown, unit: number): BusError {
    const exception = exceptionOf(error);
    if (exception === null) return new BusError('wrong-reply', msg`unit ${unit}: reply does not fit the request`, { cause: error });
    this.#exceptions++;
    return exceptionError(exception, unit, error);
  }
}

function connect({ client }: Station): Promise<void> {
  return new Promise((resolve, reject) => client.open((error?: Error | null) => (error ? reject(error) : resolve())));
}

function disconnect({ client }: Station): Promise<void> {
  return new Promise((resolve, reject) => client.close((error?: Error | null) => (error ? reject(error) : resolve())));
}

/** The read whose reply is least likely to be mistaken for another's; the request itself if there is no difference. */
function clearest(link: ModbusLink, request: ReadRequest): ReadRequest {
  const { alternates = [], ...own } = request;
  const { unit, table, count } = own;
  const fc = READ_FC[table];
  let best: ReadRequest = own;
  let { rank, clearMono } = link.rank(unit, fc, count);
  for (const alternate of rank === 0 ? [] : alternates) {
    const other = link.rank(unit, fc, alternate.count);
    if (other.rank > rank || (other.rank === rank && other.clearMono >= clearMono)) continue;
    best = { ...own, ...alternate };
    ({ rank, clearMono } = other);
  }
  return best;
}

type Done = (error: unknown, result?: object) => void;
