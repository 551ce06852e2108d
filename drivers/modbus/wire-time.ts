/**
 * Times on the wire.
 *
 * Pure.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { ReadRequest, WriteRequest } from '../../agent/core/driver.ts';

/** Time of one character. Units: ms. Source: start bit, data bits, parity bit where there is one, stop bits. */
export function charMs({ baud, dataBits, parity, stopBits }: SerialSettings): number {
  return ((1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) * 1000) / baud;
}

/** Bits of a character as the standard counts them, even if a line without parity has one stop bit. Source: Modbus over Serial Line V1.02 §2.5.1. */
const STANDARD_BITS = 11;

/**
 * Silence that ends a frame on a line with these settings: 3.5 characters of at least 11 bits, or 1.75 ms above 19,200 baud. Units: ms.
 * Source: Modbus over Serial Line V1.02 §2.5.1 and §2.5.1.1.
 */
export function gapMs(serial: SerialSettings): number {
  return serial.baud > 19_200 ? 1.75 : 3.5 * Math.max(charMs(serial), (STANDARD_BITS * 1000) / serial.baud);
}

/** Length of a request frame on a serial line, address and CRC included. Units: bytes. Source: Modbus Application Protocol V1.1b3 §6. */
export function requestBytes(request: ReadRequest | WriteRequest): number {
  if (!('values' in request) || (request.values.length === 1 && request.multiple !== true)) return 8;
  return 9 + (request.table === 'coil' ? Math.ceil(request.values.length / 8) : 2 * request.values.length);
}

/**
 * Length of the normal reply to a request on a serial line, address and CRC included; also for a broadcast, although no unit answers it.
 * Units: bytes. Source: Modbus Application Protocol V1.1b3 §6.
 */
export function replyBytes(request: ReadRequest | WriteRequest): number {
  if ('values' in request) return 8;
  const isBits = request.table === 'coil' || request.table === 'discrete';
  return 5 + (isBits ? Math.ceil(request.count / 8) : 2 * request.count);
}
