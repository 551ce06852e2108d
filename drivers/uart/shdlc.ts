/**
 * Sensirion's framing of bytes: flags around, escapes within, a checksum at the end.
 *
 * Pure.
 * Source: Sensirion/embedded-uart-sps, the manufacturer's own driver.
 */

const FLAG = 0x7e;
const ESCAPE = 0x7d;
/** What follows an escape, and what it stands for. */
const ESCAPED: Readonly<Record<number, number>> = { 94: 0x7e, 93: 0x7d, 49: 0x11, 51: 0x13 };
/** Address, command, state, length, checksum. Units: bytes. */
const OVERHEAD_BYTES = 5;

export interface ShdlcAnswer {
  readonly lengthBytes: number;
  readonly command: number;
  /** Bit 7: the device has noticed a fault of its own; the others: what is wrong with the request, 0 for nothing. */
  readonly state: number;
  readonly data: Buffer;
}

/** The longest answer with so many bytes of data on the wire, every byte escaped, and two flags before it. */
export function maxAnswerBytes(dataBytes: number): number {
  return 2 * (OVERHEAD_BYTES + dataBytes) + 3;
}

/**
 * The answer whose opening flag stands at `at`.
 *
 * Shape: the closing flag is not part of `lengthBytes`: when one of two flags is lost, the other serves both frames. A flag
 *        left over from the frame before is part of this one.
 */
export function shdlcAnswerAt(bytes: Buffer, at: number, maxBytes: number): ShdlcAnswer | 'no' | 'more' {
  if (bytes[at] !== FLAG) return 'no';
  const from = bytes[at + 1] === FLAG ? at + 2 : at + 1;
  const length = bytes.subarray(from, at + maxBytes).indexOf(FLAG);
  if (length === -1) return 'more';
  const content = unescaped(bytes.subarray(from, from + length));
  if (content === null || content.length < OVERHEAD_BYTES || content[0] !== 0) return 'no';
  const [, command, state, dataBytes] = content as unknown as [number, number, number, number];
  if (content.length !== OVERHEAD_BYTES + dataBytes || !isSumRight(content)) return 'no';
  return { lengthBytes: from + length - at, command, state, data: content.subarray(4, -1) };
}

function unescaped(raw: Buffer): Buffer | null {
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== ESCAPE) {
      bytes.push(raw[i] as number);
      continue;
    }
    i++;
    const byte = ESCAPED[raw[i] ?? -1];
    if (byte === undefined) return null;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

function isSumRight(content: Buffer): boolean {
  const sum = content.subarray(0, -1).reduce((all, byte) => all + byte, 0);
  return (~sum & 0xff) === content.at(-1);
}
