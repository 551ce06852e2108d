/**
 * Frames in memory until the disk has them.
 *
 * Owns the bound, and the count of what did not fit. Never touches a disk or a clock. Called by the store.
 *
 * What was handed out once stays until it is settled: a commit whose answer was lost may have happened, and then these frames
 * must not be counted as lost.
 */
import type { WallMs } from '../core/clock.ts';
import type { EarlierLoss, Frame } from '../core/ports.ts';
import type { LossReason, MemoryGap } from './messages.ts';

export interface WaitingRoom {
  /** Takes the frame and answers how many readings had to go for it. */
  add(frame: Frame, atMs: WallMs): number;
  /** Counts readings as lost, without frame. */
  lose(readings: number, reason: LossReason, atMs: WallMs): void;
  /** Counts what an earlier run lost, once in the file however often it is asked. */
  owe(loss: EarlierLoss): void;
  /** The oldest frames and losses; the same ones again until they are settled. */
  take(): { readonly frames: readonly Frame[]; readonly gaps: readonly MemoryGap[] };
  /** What `take` gave is on disk. */
  settle(): void;
  readings(): number;
  isEmpty(): boolean;
}

export interface WaitingRoomLimits {
  readonly maxReadings: number;
  /** Most readings handed out at once; one frame is handed out whatever its size. */
  readonly batchReadings: number;
}

/** A run without a store has this one loss. */
const EARLIER_MARK = 0;

/** A room with no frames in it. */
export function createWaitingRoom({ maxReadings, batchReadings }: WaitingRoomLimits): WaitingRoom {
  let frames: Frame[] = [];
  let gaps: MemoryGap[] = [];
  let taken = { frames: 0, gaps: 0 };
  let readings = 0;
  let nextMark = 1;

  const lose = (lost: number, reason: LossReason, atMs: WallMs): void => {
    const last = gaps.length > taken.gaps ? gaps.at(-1) : undefined;
    if (last?.reason === reason) gaps[gaps.length - 1] = { ...last, readings: last.readings + lost };
    else gaps.push({ mark: nextMark++, readings: lost, reason, atMs });
  };

  return {
    lose,
    owe: ({ run, readings: lost, sinceMs }) => {
      gaps.push({ run, mark: EARLIER_MARK, readings: lost, reason: 'no-store', atMs: sinceMs });
    },
    add: (frame, atMs) => {
      frames.push(frame);
      readings += frame.readings.length;
      let count = 0;
      let dropped = 0;
      while (readings - dropped > maxReadings && taken.frames + count < frames.length - 1) {
        dropped += frames[taken.frames + count]?.readings.length ?? 0;
        count += 1;
      }
      if (count === 0) return 0;
      frames.splice(taken.frames, count);
      readings -= dropped;
      lose(dropped, 'memory-full', atMs);
      return dropped;
    },
    take: () => {
      if (taken.frames === 0 && taken.gaps === 0) taken = { frames: batchLength(frames, batchReadings), gaps: gaps.length };
      return { frames: frames.slice(0, taken.frames), gaps: gaps.slice(0, taken.gaps) };
    },
    settle: () => {
      for (const frame of frames.slice(0, taken.frames)) readings -= frame.readings.length;
      frames = frames.slice(taken.frames);
      gaps = gaps.slice(taken.gaps);
      taken = { frames: 0, gaps: 0 };
    },
    readings: () => readings,
    isEmpty: () => frames.length === 0 && gaps.length === 0,
  };
}

function batchLength(frames: readonly Frame[], batchReadings: number): number {
  let readings = 0;
  const end = frames.findIndex((frame, index) => {
    readings += frame.readings.length;
    return index > 0 && readings > batchReadings;
  });
  return end === -1 ? frames.length : end;
}
