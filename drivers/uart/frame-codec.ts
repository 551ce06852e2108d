/**
 * Finds frames in a stream of bytes, for any device.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import type { DecodedValue, UartDriver, UartListening, UartReply, UartWrite } from '../../agent/core/driver.ts';
import type { PointProfile, Profile } from '../../agent/core/profile.ts';
import type { Refusal } from '../../agent/core/refusal.ts';

/**
 * Values of a device by quantity; null for no value. A missing quantity counts as null, but from a collector it is not reported. Frames for
 * a collector may have other keys, such as the labels of the protocol.
 */
export type FrameValues = Readonly<Record<string, number | null>>;

/** A complete, valid frame. `values` is null for a frame without a measurement: an acknowledgement, "no new sample". */
export interface UartFrame {
  /** How many bytes of the stream it takes up, from the position given to `parse`. */
  readonly lengthBytes: number;
  readonly values: FrameValues | null;
  /** The device's answer to a frame that was written to it. */
  readonly reply?: UartReply;
  /** It begins or ends a message of the device that has several frames. Absent: it does not. */
  readonly isFirst?: boolean;
  readonly isLast?: boolean;
}

/** Combines the frames of one device, passed in their order. Returns the values to report now; null while there are none. */
export type FrameCollector = (frame: UartFrame, arrival: FrameArrival) => FrameValues | null;

/** When the last bytes of a frame arrived, and whether bytes that belong to no frame came directly before it. */
export interface FrameArrival {
  readonly atMono: MonoMs;
  readonly isAfterNoise: boolean;
}

/** The result at one position of the stream: a frame, `no` if none begins there, or `more` for too few bytes to decide. */
export type Parsed = UartFrame | 'no' | 'more';

/** The protocol of a device without Modbus. */
export interface FrameCodec {
  /** Longest frame: if `parse` needs more bytes than this, there is no frame. Bounds the buffer. */
  readonly maxFrameBytes: number;
  /** Longest time without values of a working device; with `idle`, without any frame. Units: ms. */
  readonly silenceMs: number;
  /** For a device that transmits only when it detects something: the values after a time without values. Units: `afterMs` ms. */
  readonly idle?: { readonly afterMs: number; readonly values: FrameValues };
  /** Frames to send, in this order, after the port has opened and again after each silence. Default: none. */
  readonly init?: readonly Uint8Array[];
  /**
   * `bytes` requests values; `others` are sent in turn with it, one frame in each period. Units: ms. Default: the device sends without
   * requests.
   */
  readonly poll?: { readonly bytes: Uint8Array; readonly others?: readonly Uint8Array[]; readonly everyMs: number };
  /** How a device is read to which nothing is sent. */
  readonly listens?: UartListening;
  /** Creates the collector of one device whose values depend on several frames. Absent: each frame is reported in full. */
  readonly collector?: () => FrameCollector;
  /** Shape: `at` is an index of `bytes`. Errors: none; any bytes give one of the three results. */
  parse(bytes: Buffer, at: number): Parsed;
  /** For a device that can be written: as `encode` of the driver. */
  readonly write?: (quantity: string, value: number) => UartWrite | Refusal;
}

/** Whether the bytes from index `at` begin with `head`. `more`: they fit so far, but not all have arrived. */
export function headAt(bytes: Buffer, at: number, head: readonly number[]): 'yes' | 'no' | 'more' {
  for (let i = 0; i < head.length; i++) {
    if (at + i >= bytes.length) return 'more';
    if (bytes[at + i] !== head[i]) return 'no';
  }
  return 'yes';
}

/**
 * Creates the driver of one raw UART device: takes bytes in pieces of any size, and returns the values of valid frames, rounded as the
 * profile says. It keeps an incomplete frame for the next bytes.
 */
export function createUartDriver(profile: Profile, codec: FrameCodec): UartDriver {
  let rest = Buffer.alloc(0);
  let frames = 0;
  let noiseBytes = 0;
  let replies: UartReply[] = [];
  const collect = codec.collector?.();
  let noiseBefore = 0;
  const valuesIn = (frame: UartFrame, atMono: MonoMs): DecodedValue[] => {
    const isAfterNoise = noiseBytes > noiseBefore;
    noiseBefore = noiseBytes;
    const values = collect === undefined ? frame.values : collect(frame, { atMono, isAfterNoise });
    if (values === null) return [];
    return decoded(collect === undefined ? profile.points : profile.points.filter(({ id }) => id in values), values);
  };
  return {
    profile,
    silenceMs: codec.silenceMs,
    idleMs: codec.idle?.afterMs ?? null,
    idleValues: () => (codec.idle === undefined ? [] : decoded(profile.points, codec.idle.values)),
    init: codec.init ?? [],
    poll: codec.poll ?? null,
    ...(codec.write === undefined ? {} : { encode: codec.write }),
    takeReplies() {
      const taken = replies;
      replies = [];
      return taken;
    },
    ...(codec.listens === undefined ? {} : { listens: codec.listens }),
    get counters() {
      return { frames, noiseBytes };
    },
    feed(bytes, atMono = 0) {
      const all = Buffer.concat([rest, bytes]);
      const values: DecodedValue[] = [];
      let at = 0;
      while (at < all.length) {
        const parsed = codec.parse(all, at);
        if (parsed === 'more' && all.length - at < codec.maxFrameBytes) break;
        if (parsed === 'no' || parsed === 'more') {
          at++;
          noiseBytes++;
          continue;
        }
        at += parsed.lengthBytes;
        frames++;
        values.push(...valuesIn(parsed, atMono));
        if (parsed.reply !== undefined) replies.push(parsed.reply);
      }
      rest = Buffer.from(all.subarray(at));
      return values;
    },
  };
}

function decoded(points: readonly PointProfile[], values: FrameValues): DecodedValue[] {
  return points.map((point) => {
    const value = rounded(point, values[point.id] ?? null);
    return { quantity: point.id, value, plausible: value !== null && isWithin(point, value) };
  });
}

/** A float that is NaN means that there is no value. */
function rounded({ decimals }: PointProfile, value: number | null): number | null {
  if (value === null || !Number.isFinite(value)) return null;
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

function isWithin({ range }: PointProfile, value: number): boolean {
  return range === null || (value >= range[0] && value <= range[1]);
}
