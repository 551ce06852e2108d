/**
 * The Sensirion SPS30 dust sensor, which is woken, started and then polled once a second.
 *
 * Pure.
 * Source: Sensirion/embedded-uart-sps, the manufacturer's own driver; answers confirmed by PyPMS and its captured data.
 */
import type { FrameCodec, FrameValues } from './frame-codec.ts';

/** Sensirion's framing of bytes (SHDLC): flags around, escapes within, a checksum at the end. */
const FLAG = 0x7e;
const ESCAPE = 0x7d;
/** The byte after an escape, and the byte that it encodes. */
const ESCAPED: Readonly<Record<number, number>> = { 94: 0x7e, 93: 0x7d, 49: 0x11, 51: 0x13 };
/** Address, command, state, length, checksum. Units: bytes. */
const OVERHEAD_BYTES = 5;

interface ShdlcAnswer {
  readonly lengthBytes: number;
  readonly command: number;
  /** Bit 7: the device reports a fault of its own; the other bits: the error of the request, 0 for none. */
  readonly state: number;
  readonly data: Buffer;
}

/** The longest answer with this many bytes of data on the wire: every byte escaped, and two flags before it. */
function maxAnswerBytes(dataBytes: number): number {
  return 2 * (OVERHEAD_BYTES + dataBytes) + 3;
}

/**
 * The answer whose opening flag is at `at`.
 *
 * Shape: the closing flag is not part of `lengthBytes`: when one of two flags is lost, the other serves both frames. A flag left over from
 * the previous frame is part of this one.
 */
function shdlcAnswerAt(bytes: Buffer, at: number, maxBytes: number): ShdlcAnswer | 'no' | 'more' {
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

/** Big-endian floats of the answer in their order. Units: µg/m³, then 1/cm³, then µm. */
const QUANTITIES = ['pm1', 'pm2_5', 'pm4', 'pm10', 'nc0_5', 'nc1', 'nc2_5', 'nc4', 'nc10', 'size_um'];
const DATA_BYTES = 4 * QUANTITIES.length;
const READ = 0x03;
const REFUSED_MASK = 0x7f;
const FAULT_BIT = 7;
const MAX_BYTES = maxAnswerBytes(DATA_BYTES);

/** A sleeping sensor loses the first byte: it only wakes the interface. */
const WAKE = Buffer.from('ff7e007d3100ee7e', 'hex');
const START_WITH_FLOATS = Buffer.from('7e0000020103f97e', 'hex');
const READ_VALUES = Buffer.from('7e000300fc7e', 'hex');

/**
 * The protocol of the Sensirion SPS30 dust sensor. `fault` is 1 while the sensor reports a fault of its own. Units: µg/m³ for masses, 1/cm³
 * for counts, µm for the size.
 */
export const SPS30: FrameCodec = {
  maxFrameBytes: MAX_BYTES,
  /** Five of its samples. Units: ms. Source: assumed. Confirmed by: a day of answers of the sensor on the bench. */
  silenceMs: 5_000,
  init: [WAKE, START_WITH_FLOATS],
  /** Units: ms. Source: it has a new sample once a second. */
  poll: { bytes: READ_VALUES, everyMs: 1_000 },
  parse(bytes, at) {
    const answer = shdlcAnswerAt(bytes, at, MAX_BYTES);
    if (answer === 'no' || answer === 'more') return answer;
    const { lengthBytes, command, state, data } = answer;
    // No data means "no new sample". A refusal comes from a sensor that has restarted and measures nothing until it is started again.
    const measures = command === READ && (state & REFUSED_MASK) === 0 && data.length === DATA_BYTES;
    return { lengthBytes, values: measures ? valuesOf(data, state >> FAULT_BIT) : null };
  },
};

function valuesOf(data: Buffer, fault: number): FrameValues {
  return { ...Object.fromEntries(QUANTITIES.map((id, i) => [id, data.readFloatBE(4 * i)])), fault };
}
