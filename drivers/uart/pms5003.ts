/**
 * Frames of the Plantower PMS5003 dust sensor and of the PMS7003 and PMSA003, which have the same frame.
 *
 * Pure. Returns a measurement only from a frame with correct header, length and checksum.
 * Source: ESPHome `pmsx003`; PyPMS `PMSx003` and its captured data.
 */
import { type FrameCodec, headAt } from './frame-codec.ts';

/** `BM`, then the number of bytes that follow: 13 words and the checksum. */
const HEAD = [0x42, 0x4d, 0x00, 0x1c];
const FRAME_BYTES = 32;
const SUM_AT = 30;
/** The offset of each big-endian word. Masses are those "under atmospheric environment", µg/m³; counts are per 0.1 l of air. */
const MASSES = { pm1: 10, pm2_5: 12, pm10: 14 };
const COUNTS = { n0_3: 16, n0_5: 18, n1_0: 20, n2_5: 22, n5_0: 24, n10: 26 };
const ERROR_AT = 29;
/** 0.1 l in cm³. */
const COUNT_VOLUME_CM3 = 100;

/**
 * The protocol of the Plantower dust sensors PMS5003, PMS7003 and PMSA003: masses, counts and the sensor's error code. Units: masses in
 * µg/m³, counts per cm³.
 */
export const PMS5003: FrameCodec = {
  maxFrameBytes: FRAME_BYTES,
  /** Units: ms. Source: assumed; it transmits about once a second. Confirmed by: a day of frames of the sensor on the bench. */
  silenceMs: 12_000,
  parse(bytes, at) {
    const head = headAt(bytes, at, HEAD);
    if (head !== 'yes') return head;
    if (at + FRAME_BYTES > bytes.length) return 'more';
    let sum = 0;
    for (let i = 0; i < SUM_AT; i++) sum += bytes[at + i] as number;
    if (sum !== bytes.readUInt16BE(at + SUM_AT)) return 'no';
    const words = (places: Readonly<Record<string, number>>, divisor: number): [string, number][] =>
      Object.entries(places).map(([id, offset]) => [id, bytes.readUInt16BE(at + offset) / divisor]);
    const values = Object.fromEntries([...words(MASSES, 1), ...words(COUNTS, COUNT_VOLUME_CM3)]);
    return { lengthBytes: FRAME_BYTES, values: { ...values, error_code: bytes[at + ERROR_AT] as number } };
  },
};
