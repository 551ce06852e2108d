/**
 * Frames on the wire: checksum, exception replies in the form of the standard and of some programs, whole frames among other bytes.
 *
 * Pure. pymodbus up to 3.8 replies to unknown registers with the bare 80h, without the function that it refuses.
 * Source: Modbus Application Protocol V1.1b3 §7; pymodbus 3.8.6 on the wire, RTU `07 80 04` and TCP `01 80 0b`.
 */
/** CRC-16/MODBUS by table. Source: Modbus over Serial Line V1.02 §6.2.2; polynomial A001h, start FFFFh. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** Returns the CRC-16/MODBUS checksum of `bytes[start..end)`; it is sent low byte first. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return crc;
}

/** Returns a new frame: these bytes, then their CRC-16/MODBUS checksum, low byte first. */
export function withChecksum(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(body.length + 2);
  frame.set(body);
  frame.writeUInt16LE(crc16(body), body.length);
  return frame;
}

/** Returns the bytes as hex text, for example `01 03 0A 00`. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}

/** Length of an exception frame on Modbus RTU: unit, function | 80h, code, checksum. Units: bytes. */
export const REFUSAL_BYTES = 5;
/** Added to the function code of the request in an exception reply. */
export const REFUSED = 0x80;
/** Highest exception code of the standard. A bare exception has less to check, so only codes of the standard are accepted. */
const LAST_CODE = 11;

/**
 * Whether `bytes[at]` is the function byte of an exception to the function `fc`, or a bare 80h. The code after a bare 80h must be 1 to 11,
 * or may not have arrived yet.
 */
export function isRefusalOf(fc: number, bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === (fc | REFUSED)) return true;
  if (bytes[at] !== REFUSED) return false;
  const code = bytes[at + 1];
  return code === undefined || (code >= 1 && code <= LAST_CODE);
}

/**
 * Whether a gateway answers with an exception in place of a unit that it cannot reach. Shape: unit, function, code. Source: Modbus Application
 * Protocol V1.1b3 §7, exceptions 10 and 11.
 */
export function isGatewayRefusal(body: Uint8Array): boolean {
  return ((body[1] as number) & REFUSED) !== 0 && (body[2] === 10 || body[2] === 11);
}

/**
 * Returns the function of a frame from its function byte `code`; for an exception the refused function. A bare 80h names no function: it is
 * returned unchanged.
 */
export function functionOf(code: number): number {
  return code > REFUSED ? code & ~REFUSED : code;
}

/**
 * Whether a frame of the function `replied`, as `functionOf` returns it, may answer a request of the function `requested`. 80h, of an
 * exception that names no function, may answer any.
 */
export function isAbout(replied: number, requested: number): boolean {
  return replied === requested || replied === REFUSED;
}

/**
 * Returns the frame in the form of the standard: a bare exception gets the function of the request, and a new checksum. Any other frame is
 * returned unchanged. Shape: RTU, with checksum.
 */
export function completed(request: Buffer, frame: Buffer): Buffer {
  if (frame[1] !== REFUSED) return frame;
  const whole = Buffer.from(frame);
  whole[1] = (request[1] as number) | REFUSED;
  whole.writeUInt16LE(crc16(whole, 0, whole.length - 2), whole.length - 2);
  return whole;
}

/** A valid frame that was found among other bytes. */
export interface SoundFrame {
  readonly unit: number;
  /** The function code; of an exception the refused function, or 80h if that is missing. */
  readonly fc: number;
  /** The whole frame with its checksum, as a view of the searched bytes. */
  readonly frame: Buffer;
  /** Only a master sends such a frame. False also for one that may be a request or a reply. */
  readonly isRequest: boolean;
}

/** Length of the shortest frame that `soundFrames` finds. Units: bytes. Source: Modbus over Serial Line V1.02 §2.2. */
export const SHORTEST_FRAME_BYTES = 5;
const HIGHEST_UNIT = 247;

/**
 * Returns the valid frames of the functions 1 to 6, 15 and 16, and the exceptions to any function, among these bytes: in order and without
 * overlaps, as views of `bytes`. Empty if there is none. Shape: units 0 to 247.
 */
export function soundFrames(bytes: Buffer): readonly SoundFrame[] {
  const found: SoundFrame[] = [];
  for (let at = 0; at + SHORTEST_FRAME_BYTES <= bytes.length; ) {
    const frame = frameAt(bytes, at);
    if (frame !== null) found.push(frame);
    at += frame?.frame.length ?? 1;
  }
  return found;
}

function frameAt(bytes: Buffer, at: number): SoundFrame | null {
  const [unit, fc] = [bytes[at] as number, bytes[at + 1] as number];
  if (unit > HIGHEST_UNIT) return null;
  for (const length of lengthsOf(fc, bytes, at)) {
    const end = at + length;
    if (end > bytes.length) continue;
    const checksum = (bytes[end - 2] as number) | ((bytes[end - 1] as number) << 8);
    if (crc16(bytes, at, end - 2) === checksum)
      return { unit, fc: functionOf(fc), frame: bytes.subarray(at, end), isRequest: isRequest(fc, length, bytes[at + 2] as number) };
  }
  return null;
}

/** Source: Modbus Application Protocol V1.1b3 §6 and §7: a reply or a request of this function. */
function lengthsOf(fc: number, bytes: Uint8Array, at: number): readonly number[] {
  if (fc >= 0x80) return [REFUSAL_BYTES];
  if (fc >= 1 && fc <= 4) return [5 + (bytes[at + 2] as number), 8];
  if (fc === 5 || fc === 6) return [8];
  if (fc === 15 || fc === 16) return [8, 9 + (bytes[at + 6] ?? 0)];
  return [];
}

/** The requests and replies of single writes look the same. */
function isRequest(fc: number, length: number, dataBytes: number): boolean {
  return fc <= 4 ? length !== 5 + dataBytes : fc <= 16 && length > 8;
}
