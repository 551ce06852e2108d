/** A line on a simulated wire, or on a script of replies, under a clock of its own. */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { ModbusLine, ReadRequest, Reply } from '../../agent/core/driver.ts';
import type { BusError } from '../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { crcBitwise } from '../street/rtu-slave.ts';
import { SimLine } from '../street/sim-line.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';
import { createWire, type Wire } from '../street/wire.ts';
import { eagerClock } from '../support/eager-clock.ts';

export const SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 };

export const CHAR_MS = 10_000 / 9_600;

/** The silence between frames. Source: Modbus over Serial Line V1.02 §2.5.1.1: 3.5 characters of 11 bits, whatever the stop bits of the line. */
export const GAP_MS = (3.5 * 11_000) / 9_600;

/** Every register contains its own address; bit n is 1 when n is odd. Writes are listed in `written` and change nothing. */
export function addressUnit(
  turnaroundMs = 5,
): SimUnit & { readonly written: [table: string, address: number, values: readonly number[]][] } {
  const written: [string, number, readonly number[]][] = [];
  return {
    turnaroundMs,
    written,
    read: (table, address, count) =>
      Array.from({ length: count }, (_, i) => (table === 'coil' || table === 'discrete' ? (address + i) & 1 : address + i)),
    write(table, address, values) {
      written.push([table, address, values]);
      return undefined;
    },
    onRequest() {},
    powerUp() {},
  };
}

export interface Bench {
  readonly clock: ManualClock;
  readonly line: ModbusLine;
  readonly wire: Wire;
}

/** An open line to a simulated bus with these units, by address, on a manual clock. */
export async function busBench(units: Record<number, SimUnit>, serial = SERIAL, chunkBytes?: number): Promise<Bench & { sim: SimLine }> {
  const clock = createManualClock(0);
  const map = new Map(Object.entries(units).map(([address, unit]) => [Number(address), unit]));
  const sim = new SimLine({ serial, clock, units: map, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  const line = createModbusLine({ port: wire.port, serial, clock: eagerClock(clock) });
  await line.open();
  await clock.advance(100);
  return { clock, line, wire, sim };
}

/** An open line to a far end that sends what `script` returns for a request: bytes, each some ms after its end. `turn` counts from 0. */
export async function scriptBench(script: (request: Buffer, turn: number) => readonly [afterMs: number, bytes: Buffer][]): Promise<Bench> {
  const clock = createManualClock(0);
  let turn = 0;
  const wire: Wire = createWire((request) => {
    for (const [afterMs, bytes] of script(request, turn++)) clock.after(request.length * CHAR_MS + afterMs, () => wire.end.write(bytes));
  });
  const line = createModbusLine({ port: wire.port, serial: SERIAL, clock: eagerClock(clock) });
  await line.open();
  await clock.advance(100);
  return { clock, line, wire };
}

/** The bytes with their Modbus CRC. */
export function sealed(...bytes: number[]): Buffer {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

/** The reply to a read of holding registers that hold their own address. */
export function replyTo(request: Buffer): Buffer {
  const [address, count] = [request.readUInt16BE(2), request.readUInt16BE(4)];
  const words = Array.from({ length: count }, (_, i) => [(address + i) >> 8, (address + i) & 0xff]).flat();
  return sealed(request[0] as number, request[1] as number, 2 * count, ...words);
}

export const holding = (address: number, count = 2, unit = 1): ReadRequest => ({ unit, table: 'holding', address, count });

export const wordsOf = ({ address, count }: ReadRequest): number[] => Array.from({ length: count }, (_, i) => address + i);

export type End = { readonly words: readonly number[]; readonly reply: Reply } | { readonly code: string; readonly error: BusError };

/** Advances the clock until a transaction ends. Resolves with its reply or its error. Errors: rejects after `withinMs` of that clock. */
export async function endOf({ clock }: Bench, transaction: Promise<Reply>, withinMs = 3_000): Promise<End & { readonly tookMs: number }> {
  const startMono = clock.monoMs();
  let end: (End & { tookMs: number }) | undefined;
  transaction.then(
    (reply) => {
      end = { words: reply.words, reply, tookMs: clock.monoMs() - startMono };
    },
    (error: BusError) => {
      end = { code: error.code, error, tookMs: clock.monoMs() - startMono };
    },
  );
  for (let ms = 0; ms < withinMs && end === undefined; ms++) await clock.advance(1);
  if (end === undefined) throw new Error(`nothing came of it in ${withinMs} ms`);
  return end;
}
