/**
 * Frames of the Nova SDS011 dust sensor.
 *
 * Pure. Fed whatever bytes arrive, in any portions; yields a measurement only from a frame whose header, tail and checksum all hold.
 * Source: Nova Fitness SDS011 protocol V1.3; layout confirmed by PyPMS and its captured data.
 */
import type { FrameCodec } from './frame-codec.ts';

/** `AA C0 | PM2.5 low high | PM10 low high | id id | checksum | AB`. */
const FRAME_BYTES = 10;
const HEAD = 0xaa;
const KIND_DATA = 0xc0;
const TAIL = 0xab;

export const SDS011: FrameCodec = {
  frameBytes: FRAME_BYTES,
  /** It sends once a second in its factory mode. Units: ms. */
  periodMs: 1_000,
  matches(bytes, at) {
    if (bytes[at] !== HEAD || bytes[at + 1] !== KIND_DATA || bytes[at + FRAME_BYTES - 1] !== TAIL) return false;
    let sum = 0;
    for (let i = 2; i < 8; i++) sum += bytes[at + i] as number;
    return (sum & 0xff) === bytes[at + 8];
  },
  values(frame) {
    const pm25 = frame.readUInt16LE(2);
    const pm10 = frame.readUInt16LE(4);
    // Both zero means that the fan has not drawn air yet, not that the air is clean.
    const hasData = pm25 !== 0 || pm10 !== 0;
    return { pm2_5: hasData ? pm25 / 10 : null, pm10: hasData ? pm10 / 10 : null };
  },
};
