/**
 * Frames of the Nova SDS011 dust sensor.
 *
 * Pure. Returns a measurement only from a frame with correct header, tail and checksum.
 * Source: Nova Fitness SDS011 protocol V1.3; layout confirmed by PyPMS and its captured data.
 */
import { type FrameCodec, headAt } from './frame-codec.ts';

/** `AA C0 | PM2.5 low high | PM10 low high | id id | checksum | AB`. */
const FRAME_BYTES = 10;
const HEAD = [0xaa, 0xc0];
const TAIL = 0xab;

/** The protocol of the Nova SDS011 dust sensor. If both values are 0, they become null: the sensor has not drawn air yet. Units: µg/m³. */
export const SDS011: FrameCodec = {
  maxFrameBytes: FRAME_BYTES,
  /** Five of its frames. Units: ms. Source: it sends once a second in its factory mode; the five are assumed. */
  silenceMs: 5_000,
  parse(bytes, at) {
    const head = headAt(bytes, at, HEAD);
    if (head !== 'yes') return head;
    if (at + FRAME_BYTES > bytes.length) return 'more';
    if (bytes[at + FRAME_BYTES - 1] !== TAIL) return 'no';
    let sum = 0;
    for (let i = 2; i < 8; i++) sum += bytes[at + i] as number;
    if ((sum & 0xff) !== bytes[at + 8]) return 'no';
    const pm25 = bytes.readUInt16LE(at + 2);
    const pm10 = bytes.readUInt16LE(at + 4);
    // Both zero means that the fan has not drawn air yet, not that the air is clean.
    const hasData = pm25 !== 0 || pm10 !== 0;
    return { lengthBytes: FRAME_BYTES, values: { pm2_5: hasData ? pm25 / 10 : null, pm10: hasData ? pm10 / 10 : null } };
  },
};
