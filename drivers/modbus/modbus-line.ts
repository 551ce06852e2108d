/**
 * A Modbus RTU line as the field room sees it.
 *
 * Owns the client of `modbus-serial` and the guarded port under it. Never retries. Made by `app-lines.ts`.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import type { BytePort, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../../agent/core/errors.ts';
import type { Table } from '../../agent/core/profile.ts';
import { GuardedPort } from './guarded-port.ts';
import { ModbusClient } from './modbus-serial.ts';
import { charMs, replyBytes, requestBytes } from './wire-time.ts';

/** Source: Modbus Application Protocol V1.1b3 §7. */
const EXCEPTIONS: Readonly<Record<number, BusErrorCode>> = {
  1: 'illegal-function',
  2: 'illegal-address',
  3: 'illegal-value',
  4: 'device-failure',
  5: 'device-busy',
  6: 'device-busy',
  7: 'device-failure',
  8: 'device-failure',
  10: 'device-failure',
  11: 'timeout',
};

/** Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4. */
const READ_FC: Readonly<Record<Table, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 };

type Done = (error: unknown, result?: object) => void;

export interface ModbusLineOptions {
  readonly port: BytePort;
  readonly serial: SerialSettings;
  readonly clock: Clock;
  /** See `GuardedPortOptions`. */
  readonly frameGapMs?: number;
}

/**
 * A Modbus RTU line: `modbus-serial` speaks the protocol, the guarded port keeps the time and the peace.
 *
 * Errors: `read` and `write` reject with BusError, at once when the port goes away. One request at a time: a second one while
 * the first is in flight is a programming error.
 */
export function createModbusLine(options: ModbusLineOptions): ModbusLine {
  const { serial, clock, port } = options;
  const guarded = new GuardedPort(options);
  const client: ModbusClient = new ModbusClient(guarded);
  const oneCharMs = charMs(serial);
  let transactions = 0;
  let exceptions = 0;
  let inFlight = false;

  const line: ModbusLine = {
    get isOpen() {
      return guarded.isOpen;
    },
    get counters() {
      return { ...guarded.counters, transactions, exceptions };
    },
    onLost: () => {},
    open: () => new Promise((resolve, reject) => client.open((error?: Error | null) => (error ? reject(error) : resolve()))),
    close: () => new Promise((resolve, reject) => client.close((error?: Error | null) => (error ? reject(error) : resolve()))),
    read: (request, timeoutMs) => transact(request, timeoutMs, (done) => sendRead(client, request, done)),
    write: (request, timeoutMs) => transact(request, timeoutMs, (done) => sendWrite(client, request, done)),
    heldUntilMono: ({ unit, table, count }) => guarded.heldUntilMono(unit, READ_FC[table], count),
    retune: () => Promise.reject(new BusError('port-refused', 'this line cannot be retuned')),
    wireMs: (request) => (requestBytes(request) + replyBytes(request)) * oneCharMs,
  };
  port.onLost = (cause) => {
    guarded.abort(cause instanceof BusError ? cause : new BusError('port-closed', cause.message, { cause }));
    line.onLost(cause);
  };
  return line;

  function transact(request: ReadRequest | WriteRequest, timeoutMs: number, send: (done: Done) => void): Promise<Reply> {
    if (inFlight) throw new TypeError('a line takes one request at a time');
    if (!guarded.isOpen) return Promise.reject(new BusError('port-closed', 'the line is closed'));
    inFlight = true;
    transactions++;
    return new Promise<Reply>((resolve, reject) => {
      guarded.expect({ expectedBytes: replyBytes(request), timeoutMs, fail: reject });
      send((error, result) => {
        if (error) return reject(toBusError(error, request.unit));
        const wanted = 'count' in request ? request.count : 0;
        const data = result !== undefined && 'data' in result ? (result.data as readonly (number | boolean)[]) : [];
        const words = data.slice(0, wanted).map(Number);
        resolve({
          words,
          turnaroundMs: guarded.last.turnaroundMs,
          firstByteMs: guarded.last.turnaroundMs,
          askedMono: guarded.last.sentMono,
          atMono: clock.monoMs(),
        });
      });
    }).finally(() => {
      inFlight = false;
    });
  }

  function toBusError(error: unknown, unit: number): BusError {
    const exception = typeof error === 'object' && error !== null && 'modbusCode' in error ? Number(error.modbusCode) : null;
    if (exception === null) return new BusError('wrong-reply', `unit ${unit}: reply does not fit the request`, { cause: error });
    exceptions++;
    return new BusError(EXCEPTIONS[exception] ?? 'device-failure', `unit ${unit} answered with exception ${exception}`, { cause: error });
  }
}

function sendRead(client: ModbusClient, { unit, table, address, count }: ReadRequest, done: Done): void {
  if (table === 'coil') client.writeFC1(unit, address, count, done);
  else if (table === 'discrete') client.writeFC2(unit, address, count, done);
  else if (table === 'holding') client.writeFC3(unit, address, count, done);
  else client.writeFC4(unit, address, count, done);
}

function sendWrite(client: ModbusClient, { unit, table, address, values }: WriteRequest, done: Done): void {
  const [only] = values;
  if (table === 'coil') {
    if (values.length === 1) client.writeFC5(unit, address, only === 1, done);
    else client.writeFC15(unit, address, values.map(Boolean), done);
  } else if (values.length === 1) client.writeFC6(unit, address, only as number, done);
  else client.writeFC16(unit, address, [...values], done);
}
