/**
 * Fixed-length frames out of a stream of bytes.
 *
 * Owns the search for frames. Knows no device. Called by the registry.
 */
import type { DecodedValue, UartDriver } from '../../agent/core/driver.ts';
import type { Profile } from '../../agent/core/profile.ts';

/** One fixed-length frame format of a device that talks by itself. */
export interface FrameCodec {
  readonly frameBytes: number;
  /** How often it speaks. Units: ms. */
  readonly periodMs: number;
  /** Whether a whole, sound frame starts at `at`; there are at least `frameBytes` bytes from there. */
  matches(bytes: Buffer, at: number): boolean;
  values(frame: Buffer): Readonly<Record<string, number | null>>;
}

/** Missed frames before its values are no longer to be shown. Source: assumed. */
const SILENT_AFTER_FRAMES = 5;

/** A raw UART device at work: bytes in any portions in, values of sound frames out. */
export function createUartDriver(profile: Profile, codec: FrameCodec): UartDriver {
  let rest = Buffer.alloc(0);
  let frames = 0;
  let noiseBytes = 0;
  return {
    profile,
    silenceMs: SILENT_AFTER_FRAMES * codec.periodMs,
    idleMs: null,
    idleValues: () => [],
    init: [],
    poll: null,
    get counters() {
      return { frames, noiseBytes };
    },
    feed(bytes) {
      const all = Buffer.concat([rest, bytes]);
      const decoded: DecodedValue[] = [];
      let at = 0;
      while (at + codec.frameBytes <= all.length) {
        if (!codec.matches(all, at)) {
          at++;
          noiseBytes++;
          continue;
        }
        decoded.push(...valuesOf(profile, codec.values(all.subarray(at, at + codec.frameBytes))));
        at += codec.frameBytes;
        frames++;
      }
      rest = Buffer.from(all.subarray(at));
      return decoded;
    },
  };
}

function valuesOf(profile: Profile, values: Readonly<Record<string, number | null>>): DecodedValue[] {
  return profile.points.map(({ id, range }) => {
    const value = values[id] ?? null;
    return { quantity: id, value, plausible: value !== null && (range === null || (value >= range[0] && value <= range[1])) };
  });
}
