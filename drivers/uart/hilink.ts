/**
 * Frames of Hi-Link's radars: header, length, payload, footer. There is no checksum, so everything that has a fixed form must have it.
 *
 * Pure.
 * Source: Hi-Link LD2410 serial protocol V1.02; ESPHome `ld2410`. LD2451: an ESPHome component checked against Hi-Link's datasheet;
 * Joel-Duarte/SafeBaige `RadarParser.h`.
 */
import { type FrameCodec, type FrameValues, headAt } from './frame-codec.ts';

const HEADER = [0xf4, 0xf3, 0xf2, 0xf1];
const FOOTER = [0xf8, 0xf7, 0xf6, 0xf5];
const LENGTH_BYTES = 2;
/** Before and after the payload. Units: bytes. */
const ENVELOPE_BYTES = HEADER.length + LENGTH_BYTES + FOOTER.length;

/**
 * The payload of the frame that starts at `at`.
 *
 * A payload that contains a header is two frames, the first of which has lost its end, even if the second's footer fits both.
 */
function payloadAt(bytes: Buffer, at: number, isLength: (payloadBytes: number) => boolean): Buffer | 'no' | 'more' {
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

/** First byte of the payload, by its length. */
const KIND_BY_BYTES: ReadonlyMap<number, number> = new Map([
  [0x0d, 0x02],
  [0x23, 0x01],
]);
const MAX_PAYLOAD_BYTES = 0x23;
const HEAD = 0xaa;
const TAIL = 0x5500;
/** What is detected: bit 0 a moving target, bit 1 a still one. */
const [MOVING, STILL] = [1, 2];
const MAX_STATE = MOVING | STILL;
/** Units: %. */
const MAX_ENERGY = 100;

/**
 * The protocol of Hi-Link's presence radar LD2410. Its basic and its engineering mode give the same values; a distance is null while its
 * target is not detected. Units: distances in cm, energies in %.
 */
export const LD2410: FrameCodec = {
  maxFrameBytes: ENVELOPE_BYTES + MAX_PAYLOAD_BYTES,
  /** Units: ms. Source: assumed; it transmits ten times a second. Confirmed by: a day of frames of the sensor on the bench. */
  silenceMs: 2_000,
  parse(bytes, at) {
    const payload = payloadAt(bytes, at, (payloadBytes) => KIND_BY_BYTES.has(payloadBytes));
    if (payload === 'no' || payload === 'more') return payload;
    if (!isSoundPresence(payload)) return 'no';
    return { lengthBytes: ENVELOPE_BYTES + payload.length, values: presenceOf(payload) };
  },
};

function isSoundPresence(payload: Buffer): boolean {
  const isFramed =
    payload[0] === KIND_BY_BYTES.get(payload.length) && payload[1] === HEAD && payload.readUInt16BE(payload.length - 2) === TAIL;
  return isFramed && payload.readUInt8(2) <= MAX_STATE && payload.readUInt8(5) <= MAX_ENERGY && payload.readUInt8(8) <= MAX_ENERGY;
}

/** Distances of targets that are not detected are left over from earlier, so they are dropped. */
function presenceOf(payload: Buffer): FrameValues {
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

/** Count and alarm, then for each vehicle angle, distance, direction, speed and signal. Units: bytes. */
const [HEAD_BYTES, TARGET_BYTES] = [2, 5];
/**
 * Source: assumed; more than a radar of this kind can distinguish, few enough to keep the stored data small. Confirmed by: the most targets
 * in a week of frames at a busy road.
 */
const MAX_TARGETS = 16;
/** Units: m. Source: it can be set to see 10 to 100 m. */
const MAX_DISTANCE_M = 100;
const APPROACHING = 1;
const CLEAR: FrameValues = { count: 0, speed: null, distance: null, direction: null };

interface Target {
  readonly distanceM: number;
  readonly direction: number;
  readonly speedKmh: number;
}

/**
 * The protocol of Hi-Link's vehicle radar LD2451. `count`: vehicles in view. The other values are those of the nearest approaching vehicle,
 * else of the nearest; null if there is none.
 * Units: `speed` in km/h, `distance` in m; `direction` is 1 for approaching, else 0.
 */
export const LD2451: FrameCodec = {
  maxFrameBytes: ENVELOPE_BYTES + HEAD_BYTES + TARGET_BYTES * MAX_TARGETS,
  /**
   * Units: ms. Source: assumed; units that are silent on an empty road are doubted only after a day without a vehicle. Confirmed by: the longest
   * silences in a month of logs of a quiet road.
   */
  silenceMs: 86_400_000,
  /** Units: ms. Source: assumed; several of its frames, short enough for street light. Confirmed by: a day of frames of the sensor at a road. */
  idle: { afterMs: 1_500, values: CLEAR },
  parse(bytes, at) {
    const payload = payloadAt(bytes, at, isLength);
    if (payload === 'no' || payload === 'more') return payload;
    const lengthBytes = ENVELOPE_BYTES + payload.length;
    if (payload.length === 0) return { lengthBytes, values: CLEAR };
    const targets = targetsOf(payload);
    const isSound = payload.length === HEAD_BYTES + TARGET_BYTES * payload.readUInt8(0) && targets.every(isPossible);
    return isSound ? { lengthBytes, values: vehiclesOf(targets) } : 'no';
  },
};

function isLength(payloadBytes: number): boolean {
  if (payloadBytes === 0) return true;
  const count = (payloadBytes - HEAD_BYTES) / TARGET_BYTES;
  return Number.isInteger(count) && count >= 0 && count <= MAX_TARGETS;
}

function targetsOf(payload: Buffer): Target[] {
  const count = (payload.length - HEAD_BYTES) / TARGET_BYTES;
  return Array.from({ length: count }, (_, i) => {
    const from = HEAD_BYTES + TARGET_BYTES * i;
    return { distanceM: payload.readUInt8(from + 1), direction: payload.readUInt8(from + 2), speedKmh: payload.readUInt8(from + 3) };
  });
}

function isPossible({ distanceM, direction }: Target): boolean {
  return distanceM <= MAX_DISTANCE_M && direction <= APPROACHING;
}

function vehiclesOf(targets: readonly Target[]): FrameValues {
  const [first] = targets.toSorted((a, b) => b.direction - a.direction || a.distanceM - b.distanceM);
  if (first === undefined) return CLEAR;
  return { count: targets.length, speed: first.speedKmh, distance: first.distanceM, direction: first.direction };
}
