/**
 * Frames in memory until the disk has them.
 *
 * Owns the bound, the choice of what leaves when it is reached, and the count of it. Never touches a disk or a clock.
 *
 * What was handed out once stays until it is settled: a commit whose answer was lost may have happened, and then these frames
 * must not be counted as lost. What is on its way to the platform stays too: whether it is lost is not decided yet.
 */
import type { WallMs } from '../../core/clock.ts';
import type { EarlierLoss, FrameFate, ReadingFrame, Store } from '../../core/ports.ts';
import type { DeliveredUnstored, LossReason, MemoryGap } from '../messages.ts';

export interface WriteBuffer {
  /** Adds a frame. Returns how many readings were lost to make room. */
  add(frame: ReadingFrame, atMs: WallMs): number;
  /** Counts readings as lost, without frame. */
  lose(readings: number, reason: LossReason, atMs: WallMs): void;
  /** Counts what an earlier run lost, once in the file however often it is asked. */
  owe(loss: EarlierLoss): void;
  /** The oldest frames and losses; the same ones again until they are settled. */
  take(): Taken;
  /** What `take` gave is on disk. */
  settle(): void;
  readings(): number;
  isEmpty(): boolean;
}

export interface Taken {
  readonly frames: readonly ReadingFrame[];
  readonly gaps: readonly MemoryGap[];
  readonly deliveredUnstored: DeliveredUnstored | null;
}

export interface WriteBufferLimits {
  readonly maxReadings: number;
  /** Most readings handed out at once; one frame is handed out whatever its size. */
  readonly batchReadings: number;
}

/** A run without a store has this one loss. */
const EARLIER_MARK = 0;
/** Losses kept apart by their rows; further ones of the same kind are added to the last, without rows. Source: assumed; links and disks that fail by turns for hours. */
const MAX_GAPS = 500;

/** A room with no frames in it. */
export function createWriteBuffer({
  maxReadings,
  batchReadings,
  rowOf,
  fates,
}: WriteBufferLimits & {
  readonly rowOf: Store['rowOf'];
  readonly fates: () => (ticket: number) => FrameFate;
}): WriteBuffer {
  let frames: ReadingFrame[] = [];
  let gaps: MemoryGap[] = [];
  let taken = { frames: 0, gaps: 0 };
  let takenDelivered: DeliveredUnstored | null = null;
  let deliveredUnstored = 0;
  let readings = 0;
  let nextMark = 1;

  const lose = (loss: Omit<MemoryGap, 'mark'>): void => {
    const last = gaps.length > taken.gaps ? gaps.at(-1) : undefined;
    const joined = last === undefined ? undefined : withLoss(last, loss, gaps.length >= MAX_GAPS);
    if (joined !== undefined) gaps[gaps.length - 1] = joined;
    else gaps.push({ mark: nextMark++, ...loss });
  };

  const loseFrame = ({ ticket, readings: { length } }: ReadingFrame, atMs: WallMs): void => {
    const row = rowOf(ticket);
    const rows = row === null ? {} : { rows: { epoch: row.epoch, from: row.seq, to: row.seq } };
    lose({ readings: length, reason: 'memory-full', atMs, ...rows });
  };

  /** The oldest with this fate leave until the rest fits. What was handed out and the newest frame stay. */
  function release(fate: FrameFate, fateOf: (ticket: number) => FrameFate): ReadingFrame[] {
    const left: ReadingFrame[] = [];
    const newest = frames.length - 1;
    frames = frames.filter((frame, i) => {
      if (readings <= maxReadings || i < taken.frames || i === newest || fateOf(frame.ticket) !== fate) return true;
      readings -= frame.readings.length;
      left.push(frame);
      return false;
    });
    return left;
  }

  return {
    lose: (lost, reason, atMs) => lose({ readings: lost, reason, atMs }),
    owe: ({ run, readings: lost, sinceMs }) => {
      gaps.push({ run, mark: EARLIER_MARK, readings: lost, reason: 'no-store', atMs: sinceMs });
    },
    add: (frame, atMs) => {
      frames.push(frame);
      readings += frame.readings.length;
      if (readings <= maxReadings) return 0;
      const fateOf = fates();
      deliveredUnstored += sizeOf(release('delivered', fateOf));
      const lost = release('undelivered', fateOf);
      for (const gone of lost) loseFrame(gone, atMs);
      return sizeOf(lost);
    },
    take: () => {
      if (taken.frames === 0 && taken.gaps === 0 && takenDelivered === null) {
        taken = { frames: batchLength(frames, batchReadings), gaps: gaps.length };
        takenDelivered = deliveredUnstored === 0 ? null : { mark: nextMark++, readings: deliveredUnstored };
        deliveredUnstored = 0;
      }
      return { frames: frames.slice(0, taken.frames), gaps: gaps.slice(0, taken.gaps), deliveredUnstored: takenDelivered };
    },
    settle: () => {
      readings -= sizeOf(frames.slice(0, taken.frames));
      frames = frames.slice(taken.frames);
      gaps = gaps.slice(taken.gaps);
      taken = { frames: 0, gaps: 0 };
      takenDelivered = null;
    },
    readings: () => readings,
    isEmpty: () => frames.length === 0 && gaps.length === 0 && deliveredUnstored === 0 && takenDelivered === null,
  };
}

/** Both as one, where their rows follow each other; undefined where they stay apart. */
function withLoss(last: MemoryGap, next: Omit<MemoryGap, 'mark'>, isFull: boolean): MemoryGap | undefined {
  if (last.reason !== next.reason || last.run !== next.run) return undefined;
  const { rows: before, ...rest } = last;
  const { rows: after } = next;
  const readings = last.readings + next.readings;
  if (before === undefined && after === undefined) return { ...rest, readings };
  if (before !== undefined && after !== undefined && before.epoch === after.epoch && before.to + 1 === after.from)
    return { ...rest, readings, rows: { ...before, to: after.to } };
  return isFull ? { ...rest, readings } : undefined;
}

function sizeOf(frames: readonly ReadingFrame[]): number {
  return frames.reduce((sum, { readings }) => sum + readings.length, 0);
}

function batchLength(frames: readonly ReadingFrame[], batchReadings: number): number {
  let readings = 0;
  const end = frames.findIndex((frame, index) => {
    readings += frame.readings.length;
    return index > 0 && readings > batchReadings;
  });
  return end === -1 ? frames.length : end;
}
