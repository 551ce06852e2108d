/**
 * Writes waiting for their turn: last value wins for each point, and none is sent after its time.
 *
 * Owns the waiting writes of one line. Pure data with an order; the line runner sends them.
 */
import type { MonoMs } from '../core/clock.ts';
import type { LevelWrite, WriteResult } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';
import { type Unit, writableMono } from './unit.ts';

export interface WaitingWrite {
  readonly write: LevelWrite;
  readonly unit: Unit;
  readonly quantity: string;
  readonly attempts: number;
  readonly settle: (result: WriteResult) => void;
}

export interface WriteQueue {
  add(waiting: WaitingWrite): void;
  /** Oldest write of the lane that may go now. */
  take(lane: LevelWrite['lane'], nowMono: MonoMs): WaitingWrite | undefined;
  has(lane: LevelWrite['lane'], nowMono: MonoMs): boolean;
  /** Whether a write to this point waits. */
  holds(pointId: PointId): boolean;
  /** When the next of them may go; undefined when none waits. */
  nextMono(): MonoMs | undefined;
  /** Give up all of them. */
  failAll(reason: string): void;
}

export function createWriteQueue(): WriteQueue {
  const byPoint = new Map<string, WaitingWrite>();
  const find = (lane: LevelWrite['lane'], nowMono: MonoMs): WaitingWrite | undefined => {
    for (const waiting of byPoint.values()) {
      if (waiting.write.expiresMono <= nowMono) {
        byPoint.delete(waiting.write.pointId);
        waiting.settle({ state: 'failed', reason: 'not sent in time', sentMono: null });
      } else if (waiting.write.lane === lane && writableMono(waiting.unit) <= nowMono) return waiting;
    }
    return undefined;
  };
  return {
    add(waiting) {
      const older = byPoint.get(waiting.write.pointId);
      if (older !== undefined) byPoint.delete(waiting.write.pointId);
      byPoint.set(waiting.write.pointId, waiting);
      older?.settle({ state: 'failed', reason: 'a newer level took its place', sentMono: null });
    },
    take(lane, nowMono) {
      const waiting = find(lane, nowMono);
      if (waiting !== undefined) byPoint.delete(waiting.write.pointId);
      return waiting;
    },
    holds: (pointId) => byPoint.has(pointId),
    has: (lane, nowMono) => find(lane, nowMono) !== undefined,
    nextMono: () => {
      const times = [...byPoint.values()].map(({ unit }) => writableMono(unit));
      return times.length === 0 ? undefined : Math.min(...times);
    },
    failAll(reason) {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { settle } of all) settle({ state: 'failed', reason, sentMono: null });
    },
  };
}
