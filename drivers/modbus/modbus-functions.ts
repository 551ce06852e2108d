/**
 * Requests of the agent as Modbus function codes and frames, and exceptions as bus errors.
 */

import type { ReadRequest, WriteRequest } from '../../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../../agent/core/errors.ts';
import { type Message, msg } from '../../agent/core/message.ts';
import type { Table } from '../../agent/core/profile.ts';
import { hexOf, withChecksum } from './frames.ts';
import type { ModbusClient } from './modbus-serial.ts';

/** The function code that reads each table. Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4. */
export const READ_FC: Readonly<Record<Table, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 };

/** Source: Modbus Application Protocol V1.1b3 §7. */
const EXCEPTIONS: Readonly<Record<number, readonly [code: BusErrorCode, advice: Message]>> = {
  1: ['illegal-function', msg`it does not know this function: check the profile`],
  2: ['illegal-address', msg`it has no such register: check the profile against its manual and firmware`],
  3: ['illegal-value', msg`it does not accept this value or this many registers: check the limits in the profile`],
  4: ['device-failure', msg`the device reports a failure: check it`],
  5: ['device-busy', msg`the device needs more time`],
  6: ['device-busy', msg`it is busy with something else`],
  7: ['device-failure', msg`it refuses this: check the device itself`],
  8: ['device-failure', msg`its memory is damaged: replace the device`],
  // The gateway answered, but the unit did not.
  10: ['timeout', msg`the gateway cannot reach its line: check the serial settings of the gateway`],
  11: ['timeout', msg`the gateway got no answer from it: check power, address and cable behind the gateway`],
};

/** Returns the table that function code 1, 2, 3 or 4 reads; undefined for any other code. */
export function tableOfRead(fc: number): Table | undefined {
  return (Object.keys(READ_FC) as Table[]).find((table) => READ_FC[table] === fc);
}

type Done = (error: unknown, result?: object) => void;

/**
 * Sends a read with the function of its table. `done` receives an object with the values in `data`, bits as booleans and perhaps more than
 * requested, or an error such as an exception. If the link passes on no reply, it calls `Exchange.fail` instead.
 */
export function sendRead(client: ModbusClient, { unit, table, address, count }: ReadRequest, done: Done): void {
  if (table === 'coil') client.writeFC1(unit, address, count, done);
  else if (table === 'discrete') client.writeFC2(unit, address, count, done);
  else if (table === 'holding') client.writeFC3(unit, address, count, done);
  else client.writeFC4(unit, address, count, done);
}

/**
 * Sends a write. One value is sent with the function for one, or with that for several if `multiple` is true. `done`: receives the result
 * or an error, as for `sendRead`.
 */
export function sendWrite(client: ModbusClient, { unit, table, address, values, multiple }: WriteRequest, done: Done): void {
  const [only] = values;
  const isSingle = values.length === 1 && multiple !== true;
  if (table === 'coil') {
    if (isSingle) client.writeFC5(unit, address, only === 1, done);
    else client.writeFC15(unit, address, values.map(Boolean), done);
  } else if (isSingle) client.writeFC6(unit, address, only as number, done);
  else client.writeFC16(unit, address, [...values], done);
}

/**
 * Decodes the request in a frame, for a function that `sendRead` or `sendWrite` uses. The value of a write with function 5 or 6 is the
 * number in the frame; with 15 or 16 the values are zeros. Shape: unit, function, address, then count or value.
 */
export function requestOfFrame(frame: Buffer): ReadRequest | WriteRequest {
  const [unit, fc, address, last] = [frame[0] as number, frame[1] as number, frame.readUInt16BE(2), frame.readUInt16BE(4)];
  const table = tableOfRead(fc);
  if (table !== undefined) return { unit, table, address, count: last };
  const values = fc === 5 || fc === 6 ? [last] : Array.from({ length: last }, () => 0);
  return { unit, table: fc === 5 || fc === 15 ? 'coil' : 'holding', address, values };
}

/** Returns the exception code that a device answered, from an error of `modbus-serial`; null for any other error. */
export function exceptionOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'modbusCode' in error ? Number(error.modbusCode) : null;
}

/**
 * Returns the BusError for an exception in place of a reply, with its meaning or what to check. Exceptions 10 and 11 give `timeout`: a
 * gateway sent them, not the unit. An unknown one gives `device-failure`.
 */
export function exceptionError(exception: number, unit: number, cause: unknown): BusError {
  const [code, advice] = EXCEPTIONS[exception] ?? ['device-failure', msg`a manufacturer's code: see its manual`];
  return new BusError(code, msg`unit ${unit} answered with exception ${exception}: ${advice}`, { cause });
}

/**
 * Returns request and response of one read as hex bytes with checksum, as in the examples of a profile.
 *
 * Shape: `words` are 0 or 1 for coils and discrete inputs.
 * Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4 (unused bits of the last byte are zeros); Modbus over Serial Line V1.02 §2.5.1.
 */
export function readFrames({ unit, table, address, count }: ReadRequest, words: readonly number[]): { request: string; response: string } {
  const fc = READ_FC[table];
  const isBits = table === 'coil' || table === 'discrete';
  const data = isBits ? packed(words) : words.flatMap((word) => [word >> 8, word & 0xff]);
  const [ask, answer] = [
    [unit, fc, address >> 8, address & 0xff, count >> 8, count & 0xff],
    [unit, fc, data.length, ...data],
  ].map((bytes) => hexOf(withChecksum(Uint8Array.from(bytes))));
  return { request: ask as string, response: answer as string };
}

/** Eight bits per byte, the first is the lowest. */
function packed(bits: readonly number[]): number[] {
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((all, bit, i) => all | (bit << i), 0),
  );
}
