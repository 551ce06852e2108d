/**
 * Frames of the Hi-Link LD2451 vehicle radar: all vehicles in view, of which the nearest that comes closer is told.
 *
 * Pure. There is no checksum, so everything that has a fixed form must have it.
 * Source: an ESPHome component checked against Hi-Link's datasheet; Joel-Duarte/SafeBaige `RadarParser.h`.
 */
import type { FrameCodec, FrameValues } from './frame-codec.ts';
import { ENVELOPE_BYTES, payloadAt } from './hilink.ts';

/** Count and alarm, then for each vehicle angle, distance, direction, speed and signal. Units: bytes. */
const [HEAD_BYTES, TARGET_BYTES] = [2, 5];
/** Source: assumed; more than a radar of this kind tells apart, few enough to keep what is stored small. */
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

export const LD2451: FrameCodec = {
  maxFrameBytes: ENVELOPE_BYTES + HEAD_BYTES + TARGET_BYTES * MAX_TARGETS,
  /** Units: ms. Source: assumed; units that say nothing on an empty road are only doubted after a day without one vehicle. */
  silenceMs: 86_400_000,
  /** Units: ms. Source: assumed; several of its frames, short enough for a street's light. */
  idle: { afterMs: 1_500, values: CLEAR },
  parse(bytes, at) {
    const payload = payloadAt(bytes, at, isLength);
    if (payload === 'no' || payload === 'more') return payload;
    const lengthBytes = ENVELOPE_BYTES + payload.length;
    if (payload.length === 0) return { lengthBytes, values: CLEAR };
    const targets = targetsOf(payload);
    const isSound = payload.length === HEAD_BYTES + TARGET_BYTES * payload.readUInt8(0) && targets.every(isPossible);
    return isSound ? { lengthBytes, values: valuesOf(targets) } : 'no';
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

function valuesOf(targets: readonly Target[]): FrameValues {
  const [first] = targets.toSorted((a, b) => b.direction - a.direction || a.distanceM - b.distanceM);
  if (first === undefined) return CLEAR;
  return { count: targets.length, speed: first.speedKmh, distance: first.distanceM, direction: first.direction };
}
