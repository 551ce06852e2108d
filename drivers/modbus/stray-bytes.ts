/**
 * Bytes that arrive while no reply is expected: whether they are a late reply, and how long the wire must be silent after them.
 *
 * Time is an argument.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { functionOf, SHORTEST_FRAME_BYTES, soundFrames } from './frames.ts';
import type { LateReplies } from './late-replies.ts';
import type { LinkCounters } from './modbus-link.ts';
import type { ReplyTrust } from './reply-trust.ts';

/** Units: bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const LONGEST_FRAME_BYTES = 256;
/** Bytes kept of a burst; its beginning is enough to classify it. Units: bytes. */
const KEPT_BYTES = 2 * LONGEST_FRAME_BYTES;

/**
 * Evaluates bytes that arrive while no reply is expected: whether they belong to a late reply, and how long the wire must be silent after
 * them. As `createStrayBytes` returns it.
 */
export type StrayBytes = ReturnType<typeof createStrayBytes>;

/**
 * The memory of the line that `createStrayBytes` uses, and the times on its wire. It reports frames to `trust`, and increases only
 * `noiseBytes` of `counters` itself.
 */
export interface StrayBytesOptions {
  readonly late: LateReplies;
  readonly trust: ReplyTrust;
  readonly counters: LinkCounters;
  /** Time of one character. Units: ms. */
  readonly charMs: number;
  /** The silence that ends a burst of bytes. Units: ms. */
  readonly gapMs: number;
}

/**
 * Creates the evaluation of bytes that arrive while no reply is expected: whether they belong to a late reply or are noise, and how long
 * the wire must be silent after them.
 */
export function createStrayBytes({ late, trust, counters, charMs, gapMs }: StrayBytesOptions) {
  const burst = Buffer.alloc(KEPT_BYTES);
  let length = 0;
  /** The frames of the burst are classified up to here. */
  let named = 0;
  let drainedMono: MonoMs = 0;
  let lateUntilMono: MonoMs = 0;

  const settle = (): void => {
    length = 0;
    named = 0;
  };
  const nameFrames = (nowMono: MonoMs): void => {
    for (const sound of length - named < SHORTEST_FRAME_BYTES ? [] : soundFrames(burst.subarray(named, length))) {
      named = sound.frame.byteOffset - burst.byteOffset + sound.frame.length;
      trust.name(sound, nowMono);
    }
  };
  return {
    /** When the noise ends, if no more arrives. */
    get drainedMono(): MonoMs {
      return drainedMono;
    },
    /**
     * Evaluates bytes; valid frames in the first 512 bytes of a burst are reported to `trust`. Returns whether the bytes seem to belong to
     * a late reply; if not, they are counted as noise.
     */
    feed(bytes: Buffer, nowMono: MonoMs): boolean {
      if (nowMono > drainedMono) settle();
      const hadHead = length >= 2;
      length += bytes.copy(burst, length);
      drainedMono = nowMono + gapMs;
      if (!hadHead && length >= 2) {
        const isLate = late.owes(burst[0] as number, functionOf(burst[1] as number), nowMono);
        lateUntilMono = isLate ? nowMono + LONGEST_FRAME_BYTES * charMs : 0;
      }
      nameFrames(nowMono);
      const belongs = nowMono < lateUntilMono;
      if (!belongs) counters.noiseBytes += bytes.length;
      return belongs;
    },
    /** Something failed or was discarded: the wire must be quiet for a gap from now on. */
    disturbed(nowMono: MonoMs): void {
      drainedMono = nowMono + gapMs;
    },
    /** The burst has ended: the next byte is not the rest of a frame. */
    settle,
  };
}
