/**
 * A Modbus line as the field room sees it.
 *
 * Owns the client of `modbus-serial` and the link under it, RTU or TCP. Never retries. Made by `line-from-config.ts`.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { BytePort, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { GuardedPort } from './guarded-port.ts';
import { MbapPort } from './mbap-port.ts';
import { exceptionError, exceptionOf, READ_FC, requestOfFrame, sendRead, sendWrite } from './modbus-functions.ts';
import { freshCounters, type LinkCounters, type ModbusLink } from './modbus-link.ts';
import { ModbusClient } from './modbus-serial.ts';
import { charMs, replyBytes, requestBytes } from './wire-time.ts';

/** Units: ms. Source: ten bits at 10 Mbit/s; a network's bytes cost next to nothing. */
const NETWORK_CHAR_MS = 0.001;

export interface ModbusLineOptions {
  readonly port: BytePort;
  readonly serial: SerialSettings;
  readonly clock: Clock;
  /** See `GuardedPortOptions`. */
  readonly frameGapMs?: number;
  /** The same port with other settings; a line without it cannot be retuned. */
  readonly portFor?: (serial: SerialSettings) => BytePort;
  /** See `GuardedPortOptions`. */
  readonly isNetwork?: boolean;
}

/** One way to the units: a port, the link on it, the client above. */
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
  readonly own: Station;
  readonly tune: (serial: SerialSettings) => Station;
  readonly isNetwork: boolean;
}

/** A Modbus RTU line: `modbus-serial` speaks the protocol, the guarded port keeps the time and the peace. Errors: as `ModbusLine`. */
export function createModbusLine({ port, serial, clock, portFor, ...more }: ModbusLineOptions): ModbusLine {
  const counters = freshCounters();
  const onLate = (request: Buffer, afterMs: number): void => line.onLateReply?.({ request: requestOfFrame(request), afterMs });
  const stationOn = (port: BytePort, serial: SerialSettings): Station =>
    station(port, new GuardedPort({ port, serial, clock, counters, onLate, ...more }), charMs(serial));
  const line: ModbusLine = lineOf({
    clock,
    counters,
    own: stationOn(port, serial),
    isNetwork: more.isNetwork === true,
    tune: (other) => {
      if (portFor === undefined)
        throw new BusError('port-refused', 'this line cannot be retuned: set the speed in the serial server itself');
      return stationOn(portFor(other), other);
    },
  });
  return line;
}

/** A Modbus TCP line. Errors: as `ModbusLine`. */
export function createTcpLine({ port, clock }: Pick<ModbusLineOptions, 'port' | 'clock'>): ModbusLine {
  const counters = freshCounters();
  const onLate = (request: Buffer, afterMs: number): void => line.onLateReply?.({ request: requestOfFrame(request), afterMs });
  const line: ModbusLine = lineOf({
    clock,
    counters,
    own: station(port, new MbapPort({ port, clock, counters, onLate }), NETWORK_CHAR_MS),
    isNetwork: true,
    tune: () => {
      throw new BusError('port-refused', 'a network line has no speed: scan with the settings of the gateway behind it');
    },
  });
  return line;
}

function station(port: BytePort, link: ModbusLink, oneCharMs: number): Station {
  return { port, link, client: new ModbusClient(link), charMs: oneCharMs };
}

/**
 * One request at a time: a second one while the first is in flight is a programming error.
 * Requests in flight fail at once when the port goes away.
 */
function lineOf({ clock, counters, own, tune, isNetwork }: LineParts): ModbusLine {
  let at = own;
  let transactions = 0;
  let exceptions = 0;
  let inFlight = false;
  let isRetuning = false;
  /** Closed by its owner, the line stays so, whatever a retuning was about to open. */
  let isWanted = false;

  const connect = (): Promise<void> =>
    new Promise((resolve, reject) => at.client.open((error?: Error | null) => (error ? reject(error) : resolve())));
  const disconnect = (): Promise<void> =>
    new Promise((resolve, reject) => at.client.close((error?: Error | null) => (error ? reject(error) : resolve())));
  const settleOn = (next: Station): void => {
    at = next;
    next.link.mayAskAgain = () => line.mayAskAgain();
    next.port.onLost = (cause) => {
      next.link.abort(cause instanceof BusError ? cause : new BusError('port-closed', cause.message, { cause }));
      // Whoever opens it again expects the line's own settings.
      if (at !== own) settleOn(own);
      line.onLost(cause);
    };
  };
  const line: ModbusLine = {
    get isOpen() {
      return isRetuning || at.link.isOpen;
    },
    get counters() {
      return { ...counters, transactions, exceptions };
    },
    isNetwork,
    mayAskAgain: () => true,
    onLost: () => {},
    open() {
      isWanted = true;
      return connect();
    },
    close() {
      isWanted = false;
      return disconnect();
    },
    read: (request, timeoutMs) => transact(request, timeoutMs, (done) => sendRead(at.client, request, done)),
    write: (request, timeoutMs) => transact(request, timeoutMs, (done) => sendWrite(at.client, request, done)),
    clearest: (request) => clearest(at.link, request),
    heldUntilMono,
    restUntilMono: (request) =>
      Math.max(heldUntilMono(request), at.link.restUntilMono(request.unit, READ_FC[request.table], request.count)),
    get freeMono() {
      return at.link.freeMono;
    },
    wireMs: (request) => (requestBytes(request) + replyBytes(request)) * at.charMs,
    retune,
  };
  settleOn(own);
  return line;

  function heldUntilMono({ unit, table, count }: ReadRequest): MonoMs {
    return at.link.heldUntilMono(unit, READ_FC[table], count);
  }

  async function retune(serial: SerialSettings | null): Promise<void> {
    if (inFlight || isRetuning) throw new TypeError('a line is retuned between requests');
    if (serial === null && at === own) return;
    if (!at.link.isOpen) throw new BusError('port-closed', 'the line is closed');
    isRetuning = true;
    try {
      const next = serial === null ? own : tune(serial);
      await disconnect();
      settleOn(next);
      await connect();
      if (!isWanted) await disconnect();
      if (!isWanted) throw new BusError('port-closed', 'the line was closed');
    } catch (error) {
      const wasClosed = !at.link.isOpen;
      if (wasClosed) settleOn(own);
      isRetuning = false;
      // The line is down like after an unplug: its keeper opens it again.
      if (wasClosed && isWanted) line.onLost(error as Error);
      throw error;
    } finally {
      isRetuning = false;
    }
  }

  function transact(request: ReadRequest | WriteRequest, timeoutMs: number, send: (done: Done) => void): Promise<Reply> {
    if (inFlight) throw new TypeError('a line takes one request at a time');
    if (!at.link.isOpen) return reported(request, Promise.reject(new BusError('port-closed', 'the line is closed')));
    inFlight = true;
    transactions++;
    const { link } = at;
    const pending = new Promise<Reply>((resolve, reject) => {
      link.expect({ expectedBytes: replyBytes(request), timeoutMs, fail: reject });
      send((error, result) => {
        if (error) return reject(toBusError(error, request.unit));
        const wanted = 'count' in request ? request.count : 0;
        const data = result !== undefined && 'data' in result ? (result.data as readonly (number | boolean)[]) : [];
        resolve({ words: data.slice(0, wanted).map(Number), ...timing(link) });
      });
    }).finally(() => {
      inFlight = false;
    });
    return reported(request, pending);
  }

  /** Before its caller sees the end, so that the counters are those of this request. */
  function reported(request: ReadRequest | WriteRequest, pending: Promise<Reply>): Promise<Reply> {
    const ended = (end: unknown): void => {
      if (!(end instanceof Error) || end instanceof BusError) line.onEnd?.(request, end as Reply | BusError);
    };
    pending.then(ended, ended);
    return pending;
  }

  function timing({ last }: ModbusLink): Omit<Reply, 'words'> {
    return { turnaroundMs: last.turnaroundMs, firstByteMs: last.firstByteMs, askedMono: last.sentMono, atMono: clock.monoMs() };
  }

  function toBusError(error: unknown, unit: number): BusError {
    const exception = exceptionOf(error);
    if (exception === null) return new BusError('wrong-reply', `unit ${unit}: reply does not fit the request`, { cause: error });
    exceptions++;
    return exceptionError(exception, unit, error);
  }
}

/** The one whose reply is least likely to be mistaken; the read as it was asked for where it does not matter. */
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
