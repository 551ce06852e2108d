/**
 * The queue of writes of one line: the newest value wins for each point, and none is sent after it has expired.
 */

import type { MonoMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LevelWrite, WriteResult } from '../../core/ports.ts';
import type { PointId } from '../../core/words.ts';
import { isLevelHeldBack } from '../units/set-up-steps.ts';
import { type Unit, writableMono } from '../units/unit.ts';
import type { WriteWords } from './write-reasons.ts';

/** One write of a level, an output value or a text, from the time it is queued until it is settled. */
export interface WaitingWrite {
  readonly write: LevelWrite;
  readonly unit: Unit;
  /** Id of the written point in the profile of the unit. */
  readonly quantity: string;
  readonly addedMono: MonoMs;
  /** Sends without success that count for its retries. */
  readonly attempts: number;
  /** The first time at which it is known to have been sent; null while none is known. */
  readonly sentMono: MonoMs | null;
  /** It may be part of a group write. */
  readonly mayGroup: boolean;
  /** Texts of its failures. Default: those of lamps. */
  readonly words?: WriteWords;
  /** A unit that is not set up yet refused it; it is sent again after the set-up. */
  readonly isAfterSetUp?: true;
  readonly settle: (result: WriteResult) => void;
}

/** On a line with units: why a write failed that a newer write for its point has replaced. */
export const SUPERSEDED = msg`a newer level took its place`;

/**
 * Consecutive levels of healthy units after which one of a troubled unit is sent. Source: assumed; a street of 35 lamps is lit first, and with an
 * endless stream of levels a troubled lamp still gets its own. Confirmed by: a bench with several silent units while the street is lit.
 */
const SOUND_BEFORE_TROUBLED = 48;

/** The order of sending: each lost reply of a troubled unit delays all levels behind it. */
type Soundness = 'sound' | 'troubled' | 'silent';

/**
 * Creates an empty queue for the writes of one line, one per point. A write that is replaced by a newer one fails; one that has expired
 * fails at the next `take` or `has`.
 */
export function createWriteQueue() {
  const byPoint = new Map<PointId, WaitingWrite>();
  /** Levels of sound units that were taken in a row while one of a troubled unit waits, by lane. */
  const soundInARow: Record<LevelWrite['lane'], number> = { urgent: 0, command: 0 };
  /** The first write of each kind that may be sent now. */
  const firsts = (lane: LevelWrite['lane'], nowMono: MonoMs): Partial<Record<Soundness, WaitingWrite>> => {
    const found: Partial<Record<Soundness, WaitingWrite>> = {};
    for (const waiting of byPoint.values()) {
      if (waiting.write.expiresMono <= nowMono) {
        byPoint.delete(waiting.write.pointId);
        waiting.settle({ state: 'failed', reason: lateReason(waiting.unit), sentMono: waiting.sentMono });
      } else if (waiting.write.lane === lane && writableMono(waiting.unit) <= nowMono && !isHeld(waiting))
        found[soundnessOf(waiting.unit)] ??= waiting;
    }
    return found;
  };
  return {
    /** Adds a write. It takes the position of an older write for its point, which fails. */
    add(waiting: WaitingWrite): void {
      const older = byPoint.get(waiting.write.pointId);
      byPoint.set(waiting.write.pointId, waiting);
      older?.settle({ state: 'failed', reason: SUPERSEDED, sentMono: older.sentMono });
    },
    /** Removes and returns the next write of the lane that may be sent now, usually to a sound unit first; undefined if there is none. */
    take(lane: LevelWrite['lane'], nowMono: MonoMs): WaitingWrite | undefined {
      const { sound, troubled, silent } = firsts(lane, nowMono);
      const isTroubledOwed = troubled !== undefined && soundInARow[lane] >= SOUND_BEFORE_TROUBLED;
      const waiting = isTroubledOwed ? troubled : (sound ?? troubled ?? silent);
      if (troubled !== undefined) soundInARow[lane] = waiting === sound ? soundInARow[lane] + 1 : 0;
      if (waiting !== undefined) byPoint.delete(waiting.write.pointId);
      return waiting;
    },
    has: (lane: LevelWrite['lane'], nowMono: MonoMs): boolean => Object.keys(firsts(lane, nowMono)).length > 0,
    /** The unexpired write that waits for this point, in any lane. */
    at(pointId: PointId, nowMono: MonoMs): WaitingWrite | undefined {
      const waiting = byPoint.get(pointId);
      return waiting !== undefined && waiting.write.expiresMono > nowMono ? waiting : undefined;
    },
    /** Removes the write of this point without settling it: it is being sent. */
    remove: (pointId: PointId): void => void byPoint.delete(pointId),
    /** Whether a level waits for the set-up of its unit. */
    isHeldForSetUp: (): boolean => [...byPoint.values()].some(isHeld),
    /** When the next write may be sent, or a write that waits for set-up expires; undefined when none waits. */
    nextMono: (): MonoMs | undefined => {
      const times = [...byPoint.values()].map((waiting) => (isHeld(waiting) ? waiting.write.expiresMono : writableMono(waiting.unit)));
      return times.length === 0 ? undefined : Math.min(...times);
    },
    /** Fails the writes of the queue. */
    failAll(reason: Message): void {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { settle, sentMono } of all) settle({ state: 'failed', reason, sentMono });
    },
  };
}

function soundnessOf({ health, responses }: Unit): Soundness {
  if (health.state === 'silent') return 'silent';
  return health.state === 'flaky' || responses.isSlowWriter() ? 'troubled' : 'sound';
}

/** Whether it waits for the set-up of its unit. A silent unit is not set up, and gets its level like any silent unit. */
function isHeld({ isAfterSetUp, unit }: WaitingWrite): boolean {
  return isAfterSetUp === true && isLevelHeldBack(unit) && unit.health.state !== 'silent';
}

function lateReason({ health, device }: Unit): Message {
  if (health.state === 'silent') return msg`not sent in time, ${device.id} does not answer: check power, address and wiring`;
  return msg`not sent in time, the line had no room: see how busy it is with \`luciole bus stats\``;
}
