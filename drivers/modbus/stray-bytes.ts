/**
 * Bytes that arrive while nobody waits for any.
 *
 * Owns the present burst of them: whether it is a late reply, and how long the wire must stay quiet after it. Time is an argument.
 * Called by the guarded port.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import type { LateReplies } from './late-replies.ts';
import type { LinkCounters } from './modbus-link.ts';
import { functionOf } from './refusal.ts';
import { soundFrames } from './sound-frames.ts';

/** Units: bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const LONGEST_FRAME_BYTES = 256;
/** Of a burst that never ends its beginning is enough to name it. Units: bytes. */
const KEPT_BYTES = 2 * LONGEST_FRAME_BYTES;

export interface StrayBytes {
  /** Noise is over then, if no more comes. */
  readonly drainedMono: MonoMs;
  /** Whether these bytes belong to a late reply, which is a frame like any other and has its silence in full. */
  feed(bytes: Buffer, nowMono: MonoMs): boolean;
  /** Something went wrong or was thrown away: the wire must be quiet for a gap from now on. */
  disturbed(nowMono: MonoMs): void;
  /** The burst is over: names for the frames in it. */
  settle(nowMono: MonoMs): void;
}

export interface StrayBytesOptions {
  readonly late: LateReplies;
  readonly counters: LinkCounters;
  /** Units: ms. */
  readonly charMs: number;
  readonly gapMs: number;
}

export function createStrayBytes({ late, counters, charMs, gapMs }: StrayBytesOptions): StrayBytes {
  const burst = Buffer.alloc(KEPT_BYTES);
  let length = 0;
  let isLate = false;
  let drainedMono: MonoMs = 0;
  let lateUntilMono: MonoMs = 0;

  const settle = (nowMono: MonoMs): void => {
    // The late reply itself was named by its head.
    const frames = length < 5 ? [] : soundFrames(burst.subarray(0, length)).slice(isLate ? 1 : 0);
    length = 0;
    isLate = false;
    for (const { unit, fc, isRequest } of frames) {
      if (!isRequest && late.take(unit, fc, nowMono)) counters.lateReplies++;
      else counters.strangers++;
    }
  };
  return {
    get drainedMono() {
      return drainedMono;
    },
    feed(bytes, nowMono) {
      if (nowMono > drainedMono) settle(nowMono);
      const hadHead = length >= 2;
      length += bytes.copy(burst, length);
      drainedMono = nowMono + gapMs;
      if (!hadHead && length >= 2) {
        isLate = late.take(burst[0] as number, functionOf(burst[1] as number), nowMono);
        lateUntilMono = isLate ? nowMono + LONGEST_FRAME_BYTES * charMs : 0;
        if (isLate) counters.lateReplies++;
      }
      const belongs = nowMono < lateUntilMono;
      if (!belongs) counters.noiseBytes += bytes.length;
      return belongs;
    },
    disturbed(nowMono) {
      drainedMono = nowMono + gapMs;
    },
    settle,
  };
}
