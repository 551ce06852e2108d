/**
 * Frames of the Hi-Link LD2410 presence radar, basic and engineering alike.
 *
 * Pure. There is no checksum, so everything that has a fixed form must have it.
 * Source: Hi-Link LD2410 serial protocol V1.02; ESPHome `ld2410`.
 */
import type { FrameCodec, FrameValues } from './frame-codec.ts';
import { ENVELOPE_BYTES, payloadAt } from './hilink.ts';

/** First byte of the payload, by its length. */
const KIND_BY_BYTES: ReadonlyMap<number, number> = new Map([
  [0x0d, 0x02],
  [0x23, 0x01],
]);
const MAX_PAYLOAD_BYTES = 0x23;
const HEAD = 0xaa;
const TAIL = 0x5500;
/** What is there: bit 0 something that moves, bit 1 something that keeps still. */
const [MOVING, STILL] = [1, 2];
const MAX_STATE = MOVING | STILL;
/** Units: %. */
const MAX_ENERGY = 100;

export const LD2410: FrameCodec = {
  maxFrameBytes: ENVELOPE_BYTES + MAX_PAYLOAD_BYTES,
  /** Units: ms. Source: assumed; it transmits ten times a second. */
  silenceMs: 2_000,
  parse(bytes, at) {
    const payload = payloadAt(bytes, at, (payloadBytes) => KIND_BY_BYTES.has(payloadBytes));
    if (payload === 'no' || payload === 'more') return payload;
    if (!isSound(payload)) return 'no';
    return { lengthBytes: ENVELOPE_BYTES + payload.length, values: valuesOf(payload) };
  },
};

function isSound(payload: Buffer): boolean {
  const isFramed =
    payload[0] === KIND_BY_BYTES.get(payload.length) && payload[1] === HEAD && payload.readUInt16BE(payload.length - 2) === TAIL;
  return isFramed && payload.readUInt8(2) <= MAX_STATE && payload.readUInt8(5) <= MAX_ENERGY && payload.readUInt8(8) <= MAX_ENERGY;
}

/** Distances of what is not there are left over from earlier, so they are none. */
function valuesOf(payload: Buffer): FrameValues {
  const state = payload.readUInt8(2);
  return {
    presence: state === 0 ? 0 : 1,
    state,
    distance: state === 0 ? null : payload.readUInt16LE(9),
    moving_distance: state & MOVING ? payload.readUInt16LE(3) : null,
    moving_energy: payload.readUInt8(5),
    still_distance: state & STILL ? payload.readUInt16LE(6) : null,
    still_energy: payload.readUInt8(8),
  };
}
