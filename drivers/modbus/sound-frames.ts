/**
 * Whole frames among bytes that are not the reply: late replies, another master's traffic, a unit that answers another request.
 *
 * Pure.
 */
import { crc16 } from './crc16.ts';
import { functionOf, REFUSAL_BYTES } from './refusal.ts';

export interface SoundFrame {
  readonly unit: number;
  /** As `functionOf` returns it. */
  readonly fc: number;
  readonly frame: Buffer;
  /** Only a master sends such a frame. */
  readonly isRequest: boolean;
}

/** Source: Modbus over Serial Line V1.02 §2.2: unit, function, data, checksum. */
export const SHORTEST_FRAME_BYTES = 5;
const HIGHEST_UNIT = 247;

/** Every frame with a right checksum and a length of the standard, in order; they never overlap. */
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
