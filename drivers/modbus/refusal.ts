/**
 * Exception replies, in the form of the standard and in the form that some programs send.
 *
 * Pure. pymodbus up to 3.8 replies to unknown registers with the bare 80h, without the function that it refuses.
 * Source: Modbus Application Protocol V1.1b3 §7; pymodbus 3.8.6 on the wire, RTU `07 80 04` and TCP `01 80 0b`.
 */
import { crc16 } from './crc16.ts';

/** Unit, function | 80h, code, checksum. */
export const REFUSAL_BYTES = 5;
/** Added to the function that is refused. */
export const REFUSED = 0x80;
/** A bare refusal counts only with a code of the standard: it has less to check, so more of it must fit. */
const LAST_CODE = 11;

/** Whether a refusal of this function begins there; `at` is the place of its function. The code may not have come yet. */
export function isRefusalOf(fc: number, bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === (fc | REFUSED)) return true;
  if (bytes[at] !== REFUSED) return false;
  const code = bytes[at + 1];
  return code === undefined || (code >= 1 && code <= LAST_CODE);
}

/** Whether a gateway refuses in place of a unit that it cannot reach. Shape: unit, function, code. Source: Modbus Application Protocol V1.1b3 §7, exceptions 10 and 11. */
export function isGatewayRefusal(body: Uint8Array): boolean {
  return ((body[1] as number) & REFUSED) !== 0 && (body[2] === 10 || body[2] === 11);
}

/** The function of a frame; of a refusal the function that is refused, or 80h where that is missing. */
export function functionOf(code: number): number {
  return code > REFUSED ? code & ~REFUSED : code;
}

/** Whether a frame of the function `replied`, as `functionOf` returns it, may answer a request of the function `requested`. */
export function isAbout(replied: number, requested: number): boolean {
  return replied === requested || replied === REFUSED;
}

/** The frame in the form of the standard: a bare refusal gets its missing function. */
export function completed(request: Buffer, frame: Buffer): Buffer {
  if (frame[1] !== REFUSED) return frame;
  const whole = Buffer.from(frame);
  whole[1] = (request[1] as number) | REFUSED;
  whole.writeUInt16LE(crc16(whole, 0, whole.length - 2), whole.length - 2);
  return whole;
}
