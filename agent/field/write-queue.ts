/**
 * Writes waiting for their turn: last value wins for each point, and none is sent after its time.
 *
 * Owns the waiting writes of one line. Pure data with an order; the level writes of the line send them.
 */
import type { MonoMs } from '../core/clock.ts';
import type { LevelWrite, WriteResult } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';
import { type Unit, writableMono } from './unit.ts';
import type { WriteWords } from './write-reasons.ts';

/** One level on its way to its lamp. */
export interface WaitingWrite {
  readonly write: LevelWrite;
  readonly unit: Unit;
  readonly quantity: string;
  readonly addedMono: MonoMs;
  /** Times it was sent without coming to a good end. */
  readonly attempts: number;
  /** When it first left for the lamp; null before. */
  readonly sentMono: MonoMs | null;
  /** It may go with others in one write; a repair of what such a write did not reach may not. */
  readonly mayGroup: boolean;
  /** Those of lamps unless given. */
  readonly words?: WriteWords;
  /** It was refused by a unit that is not ready yet: it goes again once the unit is set up. */
  readonly isAfterSetUp?: true;
  readonly settle: (result: WriteResult) => void;
}

/** Why a write ends that a newer one for the same point has made worthless. */
export const SUPERSEDED = 'a newer level took its place';

export interface WriteQueue {
  add(waiting: WaitingWrite): void;
  /** Oldest write of the lane that may go now; one for a unit known to be silent goes after those for units that answer. */
  take(lane: LevelWrite['lane'], nowMono: MonoMs): WaitingWrite | undefined;
  has(lane: LevelWrite['lane'], nowMono: MonoMs): boolean;
  /** What waits for this point, in whatever lane, and is still worth sending. */
  at(pointId: PointId, nowMono: MonoMs): WaitingWrite | undefined;
  /** Take this point's write out without an end: it is being sent. */
  remove(pointId: PointId): void;
  /** Whether a level waits for the set-up of its unit. */
  isHeldForSetUp(): boolean;
  /** When the next of them may go; undefined when none waits. */
  nextMono(): MonoMs | undefined;
  /** Give up all of them. */
  failAll(reason: string): void;
}

export function createWriteQueue(): WriteQueue {
  const byPoint = new Map<PointId, WaitingWrite>();
  const find = (lane: LevelWrite['lane'], nowMono: MonoMs): WaitingWrite | undefined => {
    let silent: WaitingWrite | undefined;
    for (const waiting of byPoint.values()) {
      if (waiting.write.expiresMono <= nowMono) {
        byPoint.delete(waiting.write.pointId);
        waiting.settle({ state: 'failed', reason: lateReason(waiting.unit), sentMono: waiting.sentMono });
      } else if (waiting.write.lane === lane && writableMono(waiting.unit) <= nowMono && !isHeld(waiting)) {
        if (waiting.unit.health.state !== 'silent') return waiting;
        silent ??= waiting;
      }
    }
    return silent;
  };
  return {
    add(waiting) {
      const older = byPoint.get(waiting.write.pointId);
      if (older !== undefined) byPoint.delete(waiting.write.pointId);
      byPoint.set(waiting.write.pointId, waiting);
      older?.settle({ state: 'failed', reason: SUPERSEDED, sentMono: older.sentMono });
    },
    take(lane, nowMono) {
      const waiting = find(lane, nowMono);
      if (waiting !== undefined) byPoint.delete(waiting.write.pointId);
      return waiting;
    },
    has: (lane, nowMono) => find(lane, nowMono) !== undefined,
    at(pointId, nowMono) {
      const waiting = byPoint.get(pointId);
      return waiting !== undefined && waiting.write.expiresMono > nowMono ? waiting : undefined;
    },
    remove: (pointId) => void byPoint.delete(pointId),
    isHeldForSetUp: () => [...byPoint.values()].some(isHeld),
    nextMono: () => {
      const times = [...byPoint.values()].map((waiting) => (isHeld(waiting) ? waiting.write.expiresMono : writableMono(waiting.unit)));
      return times.length === 0 ? undefined : Math.min(...times);
    },
    failAll(reason) {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { settle, sentMono } of all) settle({ state: 'failed', reason, sentMono });
    },
  };
}

/** One that has fallen silent is not set up; it gets its light as any silent one. */
function isHeld({ isAfterSetUp, unit }: WaitingWrite): boolean {
  return isAfterSetUp === true && unit.pendingSteps.length > 0 && unit.health.state !== 'silent';
}

function lateReason({ health, device }: Unit): string {
  if (health.state === 'silent') return `not sent in time, ${device.id} does not answer: check power, address and wiring`;
  return 'not sent in time, the line had no room: see how busy it is with `luciole bus stats`';
}
