/**
 * Finds the reply that belongs to a request in the bytes that arrive, including noise, echoes and foreign frames.
 *
 * Pure.
 * `modbus-serial` alone accepts any frame of the right unit, function and length as the reply, and one noise byte makes it fail.
 */
import { crc16, isRefusalOf, REFUSAL_BYTES, withChecksum } from './frames.ts';

/**
 * The result of a search for a reply. `frame`: a view of the searched bytes. `end`: the index after it. `noiseBytes`: the number of all
 * bytes before it, also of valid frames.
 */
export type Match =
  /** Undecided; more bytes may arrive. `damaged`: something had the shape of the reply but a wrong checksum. */
  | { readonly kind: 'more'; readonly damaged: boolean }
  | { readonly kind: 'reply'; readonly frame: Buffer; readonly noiseBytes: number; readonly end: number }
  /** A valid frame with the unit, the function and the expected length that does not answer this request. */
  | { readonly kind: 'foreign'; readonly frame: Buffer; readonly end: number };

/**
 * Searches `bytes` for the reply to `request`, which may be an exception. Returns `reply` if it is found first. Returns `foreign` if a
 * frame of the unit, the function and the expected length is found first that does not answer the request. Else returns `more`.
 *
 * Shape: `request` is a whole frame with checksum; `expectedBytes` is the length of its normal reply.
 */
export function matchReply(request: Buffer, expectedBytes: number, bytes: Buffer): Match {
  const unit = request[0] as number;
  const fc = request[1] as number;
  let damaged = false;
  for (let at = 0; at + REFUSAL_BYTES <= bytes.length; at++) {
    if (bytes[at] !== unit) continue;
    const isException = isRefusalOf(fc, bytes, at + 1);
    if (!isException && bytes[at + 1] !== fc) continue;
    const end = at + (isException ? REFUSAL_BYTES : expectedBytes);
    if (end > bytes.length) continue;
    if (crc16(bytes, at, end - 2) !== bytes.readUInt16LE(end - 2)) {
      damaged ||= hasShape(request, expectedBytes, bytes.subarray(at));
      continue;
    }
    const frame = bytes.subarray(at, end);
    if (isException || isReplyTo(request, frame)) return { kind: 'reply', frame, noiseBytes: at, end };
    return { kind: 'foreign', frame, end };
  }
  return { kind: 'more', damaged };
}

/**
 * A late reply of another length does not belong to this request and must not pass for its answer; nor must two bytes, which prove too
 * little.
 */
function hasShape(request: Buffer, expectedBytes: number, bytes: Buffer): boolean {
  const fc = request[1] as number;
  if (bytes[1] !== fc) return bytes[1] === (fc | 0x80);
  return fc > 4 || bytes[2] === expectedBytes - 5;
}

/**
 * Whether a valid frame of the same unit and function, and of the expected length, fits the request as its normal reply. The reply to a
 * read must have the right byte count; that to a write repeats the four bytes after the function.
 */
export function isReplyTo(request: Buffer, frame: Buffer): boolean {
  const fc = request[1] as number;
  if (fc <= 4) return frame[2] === frame.length - 5;
  return frame.subarray(2, 6).equals(request.subarray(2, 6));
}

/**
 * Returns how many bytes the reply or exception at the very start of `bytes` still lacks; 0 if it is complete, or if none is recognised
 * there. At least two bytes are needed to recognise one. Its checksum is not checked.
 */
export function missingAtHead(request: Buffer, expectedBytes: number, bytes: Buffer): number {
  return bytes.length < 2 ? 0 : Math.max(0, lengthAt(request, expectedBytes, { bytes, at: 0 }) - bytes.length);
}

/**
 * Returns how many bytes the first unfinished reply in `bytes` still lacks; 0 if none is recognised. A reply is recognised by its unit and
 * function, that of a read also by its number of bytes. Shape: as `matchReply`.
 */
export function missingBytes(request: Buffer, expectedBytes: number, bytes: Buffer): number {
  for (let at = Math.max(0, bytes.length - expectedBytes); at + 2 <= bytes.length; at++) {
    const missing = at + lengthAt(request, expectedBytes, { bytes, at }) - bytes.length;
    if (missing > 0) return missing;
  }
  return 0;
}

/** Length of the reply that begins here; 0 if none does. */
function lengthAt(request: Buffer, expectedBytes: number, { bytes, at }: { readonly bytes: Buffer; readonly at: number }): number {
  const fc = request[1] as number;
  if (bytes[at] !== request[0]) return 0;
  if (isRefusalOf(fc, bytes, at + 1)) return REFUSAL_BYTES;
  if (bytes[at + 1] !== fc) return 0;
  const third = bytes[at + 2];
  return fc > 4 || third === undefined || third === expectedBytes - 5 ? expectedBytes : 0;
}

/**
 * Returns the normal reply to a write, with checksum. Shape: `request` is an RTU frame of function 5, 6, 15 or 16. Source: Modbus
 * Application Protocol V1.1b3 §6.5, §6.6, §6.11, §6.12.
 */
export function acknowledgement(request: Buffer): Buffer {
  return withChecksum(request.subarray(0, 6));
}
