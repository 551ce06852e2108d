import type { WallMs } from '../../core/clock.ts';
import type { EarlierLoss, FrameFate, ReadingFrame, Store } from '../../core/ports.ts';
import type { DeliveredUnstored, LossReason, MemoryGap } from '../messages.ts';

/**
 * What one commit writes from the buffer, which keeps it until `settle`. `gaps`: losses. `deliveredUnstored`: readings that were delivered
 * but not stored; null for none.
 */
export interface Taken {
  readonly frames: readonly ReadingFrame[];
  readonly gaps: readonly MemoryGap[];
  readonly deliveredUnstored: DeliveredUnstored | null;
}

/** The limits of the buffer, and what it reads from the rest of the agent. */
export interface WriteBufferParts {
  /** Above it frames are discarded, if any may be. */
  readonly maxReadings: number;
  /** Most readings returned at once. One frame is returned whatever its size. */
  readonly batchReadings: number;
  /** The row that a frame of this run will have; null if none is reserved. */
  readonly rowOf: Store['rowOf'];
  /** How far the uplink has sent the frames. */
  readonly fates: () => (ticket: number) => FrameFate;
}

/** The mark of the only loss of a run without a store. */
const EARLIER_MARK = 0;
/** Losses with their rows; further losses of the same kind are added to the last one, without rows. Source: assumed; links and disks that fail in turn for hours. Confirmed by: the gaps of a cabinet with a failing disk and link. */
const MAX_GAPS = 500;

/**
 * Frames and losses in memory until the disk has them. Above the limit of readings, frames are discarded until the rest fits: first
 * delivered ones, then undelivered ones, which count as lost. Frames that `take` returned, frames that are being sent, and the newest frame
 * stay.
 */
export class WriteBuffer {
  readonly #parts: WriteBufferParts;
  #frames: ReadingFrame[] = [];
  #gaps: MemoryGap[] = [];
  #taken = { frames: 0, gaps: 0 };
  #takenDelivered: DeliveredUnstored | null = null;
  #deliveredUnstored = 0;
  #readings = 0;
  #nextMark = 1;

  constructor(parts: WriteBufferParts) {
    this.#parts = parts;
  }

  /** Readings in memory. */
  get readings(): number {
    return this.#readings;
  }

  /** True if nothing waits for the disk: no frame, no loss, no count of delivered readings. */
  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#gaps.length === 0 && this.#deliveredUnstored === 0 && this.#takenDelivered === null;
  }

  /** Adds a frame. Returns how many readings were lost to make room; delivered ones that are discarded first do not count. */
  add(frame: ReadingFrame, atMs: WallMs): number {
    this.#frames.push(frame);
    this.#readings += frame.readings.length;
    if (this.#readings <= this.#parts.maxReadings) return 0;
    const fateOf = this.#parts.fates();
    this.#deliveredUnstored += sizeOf(this.#release('delivered', fateOf));
    const lost = this.#release('undelivered', fateOf);
    for (const frame of lost) this.#addGap(this.#gapOf(frame, atMs));
    return sizeOf(lost);
  }

  /** Records lost readings whose frame was not added. */
  addLost(readings: number, reason: LossReason, atMs: WallMs): void {
    this.#addGap({ readings, reason, atMs });
  }

  /** Records what an earlier run lost. */
  addEarlierLoss({ run, readings, sinceMs }: EarlierLoss): void {
    this.#gaps.push({ run, mark: EARLIER_MARK, readings, reason: 'no-store', atMs: sinceMs });
  }

  /** The oldest frames and losses; the same ones again until they are settled. */
  take(): Taken {
    if (this.#taken.frames === 0 && this.#taken.gaps === 0 && this.#takenDelivered === null) {
      this.#taken = { frames: batchLength(this.#frames, this.#parts.batchReadings), gaps: this.#gaps.length };
      this.#takenDelivered = this.#deliveredUnstored === 0 ? null : { mark: this.#nextMark++, readings: this.#deliveredUnstored };
      this.#deliveredUnstored = 0;
    }
    const { frames, gaps } = this.#taken;
    return { frames: this.#frames.slice(0, frames), gaps: this.#gaps.slice(0, gaps), deliveredUnstored: this.#takenDelivered };
  }

  /** Removes what `take` returned, because it is on disk. */
  settle(): void {
    this.#readings -= sizeOf(this.#frames.slice(0, this.#taken.frames));
    this.#frames = this.#frames.slice(this.#taken.frames);
    this.#gaps = this.#gaps.slice(this.#taken.gaps);
    this.#taken = { frames: 0, gaps: 0 };
    this.#takenDelivered = null;
  }

  /** Removes the oldest frames of this fate until the rest fits. Frames that `take` returned and the newest frame stay. */
  #release(fate: FrameFate, fateOf: (ticket: number) => FrameFate): ReadingFrame[] {
    const released: ReadingFrame[] = [];
    const newest = this.#frames.length - 1;
    this.#frames = this.#frames.filter((frame, i) => {
      const isFitting = this.#readings <= this.#parts.maxReadings;
      if (isFitting || i < this.#taken.frames || i === newest || fateOf(frame.ticket) !== fate) return true;
      this.#readings -= frame.readings.length;
      released.push(frame);
      return false;
    });
    return released;
  }

  #gapOf({ ticket, readings: { length } }: ReadingFrame, atMs: WallMs): Omit<MemoryGap, 'mark'> {
    const row = this.#parts.rowOf(ticket);
    const rows = row === null ? {} : { rows: { epoch: row.epoch, from: row.seq, to: row.seq } };
    return { readings: length, reason: 'memory-full', atMs, ...rows };
  }

  #addGap(gap: Omit<MemoryGap, 'mark'>): void {
    const last = this.#gaps.length > this.#taken.gaps ? this.#gaps.at(-1) : undefined;
    const joined = last === undefined ? undefined : withLoss(last, gap, this.#gaps.length >= MAX_GAPS);
    if (joined !== undefined) this.#gaps[this.#gaps.length - 1] = joined;
    else this.#gaps.push({ mark: this.#nextMark++, ...gap });
  }
}

/** Both losses as one: if their rows are consecutive, if neither has rows, or if the list is full (then without rows). Otherwise undefined. */
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
