/**
 * Lines of the OmniPreSense OPS243-A traffic radar.
 *
 * Pure. A complete line that is a JSON object is accepted; all other lines are skipped.
 * Source: OmniPreSense UM-003-A.
 */
import type { FrameCodec, FrameValues } from './frame-codec.ts';

/** Units: bytes. Source: assumed; its reports are below 100. Confirmed by: a day of reports of the sensor. */
const MAX_LINE_BYTES = 256;
const [BRACE, NEWLINE] = ['{'.charCodeAt(0), '\n'.charCodeAt(0)];
/** m/s to km/h. */
const KMH_PER_MPS = 3.6;
const DIRECTION: ReadonlyMap<unknown, number> = new Map([
  ['inbound', 1],
  ['outbound', 0],
]);
const CLEAR: FrameValues = { count: 0, speed: null, direction: null };

/**
 * The protocol of the OmniPreSense OPS243-A traffic radar. `speed` is in km/h; `direction` is 1 for approaching vehicles, 0 for leaving
 * ones, null if not reported; `count` is 1 while a vehicle is reported.
 */
export const OPS243: FrameCodec = {
  maxFrameBytes: MAX_LINE_BYTES,
  /** Three polls and some margin. Units: ms. Source: assumed. Confirmed by: a day of answers of the sensor on the bench. */
  silenceMs: 35_000,
  /** Units: ms. Source: assumed, as for other radars that are silent on an empty road. Confirmed by: a day of reports of the sensor at a road. */
  idle: { afterMs: 1_500, values: CLEAR },
  /**
   * JSON reports, in m/s, which is also its factory setting, so that a lost command does no harm. It is assumed that a line end closes a
   * command.
   */
  init: [Buffer.from('OJ\n'), Buffer.from('UM\n')],
  /** Requests its name, because an empty road and a dead radar look alike. Units: ms. */
  poll: { bytes: Buffer.from('?P\n'), everyMs: 10_000 },
  parse(bytes, at) {
    if (bytes[at] !== BRACE) return 'no';
    const length = bytes.subarray(at, at + MAX_LINE_BYTES).indexOf(NEWLINE) + 1;
    if (length === 0) return 'more';
    const report = reportOf(bytes.toString('utf8', at, at + length));
    return report === null ? 'no' : { lengthBytes: length, values: valuesOf(report) };
  },
};

/** Null for a line that is not an object. */
function reportOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Null for an answer that reports no speed. The sign repeats the direction. */
function valuesOf({ speed, direction }: Readonly<Record<string, unknown>>): FrameValues | null {
  if (typeof speed !== 'number') return null;
  if (speed === 0) return CLEAR;
  return { count: 1, speed: Math.abs(speed) * KMH_PER_MPS, direction: DIRECTION.get(direction) ?? null };
}
