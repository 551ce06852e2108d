/**
 * A read and its answer as the bytes that went over a serial line: what an example of a profile is made of.
 *
 * Pure.
 */
import type { ReadRequest } from '../../agent/core/driver.ts';
import { crc16 } from './crc16.ts';
import { READ_FC } from './modbus-functions.ts';

/**
 * Request and response of one read in hex, bytes apart: `01 03 00 00 00 01 84 0A`.
 *
 * Shape:  `words` are 0 or 1 for coils and discrete inputs. Of a TCP line the same read as a serial line would carry it.
 * Source: Modbus Application Protocol V1.1b3 §6.1 to §6.4 (unused bits of the last byte are zeros); Modbus over Serial Line V1.02 §2.5.1.
 */
export function readFrames({ unit, table, address, count }: ReadRequest, words: readonly number[]): { request: string; response: string } {
  const fc = READ_FC[table];
  const isBits = table === 'coil' || table === 'discrete';
  const data = isBits ? packed(words) : words.flatMap((word) => [word >> 8, word & 0xff]);
  const [ask, answer] = [
    [unit, fc, address >> 8, address & 0xff, count >> 8, count & 0xff],
    [unit, fc, data.length, ...data],
  ].map((bytes) => hex(withChecksum(bytes)));
  return { request: ask as string, response: answer as string };
}

/** Eight bits a byte, the first the lowest. */
function packed(bits: readonly number[]): number[] {
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((all, bit, i) => all | (bit << i), 0),
  );
}

function withChecksum(bytes: readonly number[]): number[] {
  const crc = crc16(Uint8Array.from(bytes));
  return [...bytes, crc & 0xff, crc >> 8];
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}
