/**
 * The envelope of Hi-Link's radars: header, length, payload, footer, and no checksum.
 *
 * Pure.
 * Source: Hi-Link LD2410 serial protocol V1.02; ESPHome `ld2410`.
 */
import { headAt } from './frame-codec.ts';

const HEADER = [0xf4, 0xf3, 0xf2, 0xf1];
const FOOTER = [0xf8, 0xf7, 0xf6, 0xf5];
const LENGTH_BYTES = 2;
/** Before and after the payload. Units: bytes. */
export const ENVELOPE_BYTES = HEADER.length + LENGTH_BYTES + FOOTER.length;

/**
 * The payload of the frame that starts at `at`.
 *
 * A payload with a header inside is two frames of which the first has lost its end, even where the second's footer fits both.
 */
export function payloadAt(bytes: Buffer, at: number, isLength: (payloadBytes: number) => boolean): Buffer | 'no' | 'more' {
  const header = headAt(bytes, at, HEADER);
  if (header !== 'yes') return header;
  const from = at + HEADER.length + LENGTH_BYTES;
  if (from > bytes.length) return 'more';
  const payloadBytes = bytes.readUInt16LE(at + HEADER.length);
  if (!isLength(payloadBytes)) return 'no';
  const payload = bytes.subarray(from, from + payloadBytes);
  if (payload.includes(Buffer.from(HEADER))) return 'no';
  const footer = headAt(bytes, from + payloadBytes, FOOTER);
  return footer === 'yes' ? payload : footer;
}
