/**
 * Writes that have been sent and are to be read back.
 *
 * A read-back is never as urgent as light or a sensor: after each one the other requests have the line for a moment, so that the many
 * read-backs of a group delay no request by more than the one in flight.
 */

import { widthOf } from '../../../drivers/modbus/register-types.ts';
import type { MonoMs } from '../../core/clock.ts';
import type { DecodedValue, ReadRequest } from '../../core/driver.ts';
import type { BusError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Lane } from '../../core/ports.ts';
import type { PointProfile } from '../../core/profile.ts';
import type { PointId } from '../../core/words.ts';
import type { Unit } from '../units/unit.ts';
import { readOf } from '../units/unit-requests.ts';
import { SUPERSEDED, type WaitingWrite } from './write-queue.ts';

/** Pause after a read-back in which others come first. Units: ms. Source: shorter than the silence a line keeps anyway, 1.75 ms (Modbus over Serial Line V1.02 §2.5.1.1). */
const YIELD_MS = 1;

/** A write that is to be read back. */
export interface ReadBack {
  readonly sent: WaitingWrite;
  /** When the write was sent, or was to be sent. */
  readonly leftMono: MonoMs;
  /** The error of the write, which may still have arrived. Null if there was none, as after a broadcast, and once the value is proven. */
  readonly lost: BusError | null;
  /** It is not read back before this time. */
  readonly dueMono: MonoMs;
  /** Failed read-backs so far that count for its retries. */
  readonly tries: number;
  /** It is handled as part of a group write. */
  readonly byGroup: boolean;
  /** Undefined: the level is read. `look`: the coil of its channel is read. `switch-on`: the coil is written. `prove`: it is read again. */
  readonly channel?: 'look' | 'switch-on' | 'prove';
}

/** The pending read-backs of one line, at most one per point; see `createReadBacks`. */
export type ReadBacks = ReturnType<typeof createReadBacks>;

/** Creates an empty list of read-backs, at most one per point. `heldUntilMono` returns a time before which a read-back may not be sent. */
export function createReadBacks(heldUntilMono: (readBack: ReadBack) => MonoMs) {
  const byPoint = new Map<PointId, ReadBack>();
  let pausedUntilMono: MonoMs = 0;
  const first = (isWanted: (readBack: ReadBack) => boolean): { readBack: ReadBack; mono: MonoMs } | undefined => {
    let earliest: { readBack: ReadBack; mono: MonoMs } | undefined;
    for (const readBack of byPoint.values()) {
      if (!isWanted(readBack)) continue;
      const mono = Math.max(readBack.dueMono, pausedUntilMono, heldUntilMono(readBack));
      if (earliest === undefined || mono < earliest.mono) earliest = { readBack, mono };
    }
    return earliest;
  };
  const takeFirst = (isWanted: (readBack: ReadBack) => boolean, nowMono: MonoMs): ReadBack | undefined => {
    const due = first(isWanted);
    if (due === undefined || due.mono > nowMono) return undefined;
    byPoint.delete(due.readBack.sent.write.pointId);
    return due.readBack;
  };
  const drop = (pointId: PointId): void => {
    const older = byPoint.get(pointId);
    byPoint.delete(pointId);
    older?.sent.settle({ state: 'failed', reason: SUPERSEDED, sentMono: older.sent.sentMono });
  };
  return {
    /** Adds a read-back. An older one of its point is removed, and its write fails as superseded. */
    add(readBack: ReadBack): void {
      drop(readBack.sent.write.pointId);
      byPoint.set(readBack.sent.write.pointId, readBack);
    },
    /**
     * Removes and returns the first read-back of this lane that may be sent now; undefined if there is none. That of a lost write is in the
     * lane of the write, all others are in the command lane.
     */
    take: (lane: Lane, nowMono: MonoMs): ReadBack | undefined => takeFirst((readBack) => laneOf(readBack) === lane, nowMono),
    isDue: (lane: Lane, nowMono: MonoMs): boolean =>
      (first((readBack) => laneOf(readBack) === lane)?.mono ?? Number.POSITIVE_INFINITY) <= nowMono,
    /** As `take`, for the read-backs of urgent levels in the command lane. */
    takeUrgent: (nowMono: MonoMs): ReadBack | undefined =>
      takeFirst(({ sent, lost }) => lost === null && sent.write.lane === 'urgent', nowMono),
    /** Removes and returns the read-backs of lost group writes of this unit. */
    takeLostGroup(unit: Unit): readonly ReadBack[] {
      const group = [...byPoint.values()].filter(({ sent, lost, byGroup }) => sent.unit === unit && lost !== null && byGroup);
      for (const { sent } of group) byPoint.delete(sent.write.pointId);
      return group;
    },
    /** Call it when a read-back has ended: no other one is due for a moment, so that other requests have their turn. */
    done(nowMono: MonoMs): void {
      pausedUntilMono = nowMono + YIELD_MS;
    },
    /** Removes the read-back of a point that is being written again; its write fails as superseded. */
    drop,
    /** When the next one may be sent, possibly in the past; undefined if there is none. */
    nextMono: (): MonoMs | undefined => first(() => true)?.mono,
    /** Removes all read-backs; their writes fail with this reason. */
    failAll(reason: Message): void {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { sent } of all) sent.settle({ state: 'failed', reason, sentMono: sent.sentMono });
    },
  };
}

function laneOf({ sent, lost }: ReadBack): Lane {
  return lost === null ? 'command' : sent.write.lane;
}

/**
 * The read that proves a written value, apart from the coil of its channel. It reads the point itself, or the one that its profile names as
 * proof. Errors: as `pointOf`.
 */
export function proofRequest(unit: Unit, quantity: string): ReadRequest {
  return wholeOf(unit, proofPoint(unit, quantity));
}

/** Returns the next read of a read-back: of the value or, once `channel` is set, of the coil of its channel. Errors: as `pointOf`. */
export function nextProof({ sent: { unit, quantity }, channel }: ReadBack): ReadRequest {
  const coil = channel === undefined ? undefined : channelOf(unit, quantity);
  return coil === undefined ? proofRequest(unit, quantity) : wholeOf(unit, coil);
}

function wholeOf(unit: Unit, point: PointProfile): ReadRequest {
  return readOf(unit, { table: point.table, address: point.address, count: widthOf(point) });
}

/**
 * Returns whether the values prove the value of the write, within the tolerance of the profile. `found` is the value read back, null if
 * there is none. Errors: as `pointOf`.
 */
export function judgeReadBack(
  { unit, quantity, write: { levelPct } }: WaitingWrite,
  values: readonly DecodedValue[],
): { readonly isRight: boolean; readonly found: number | null } {
  const proof = proofPoint(unit, quantity);
  const found = values.find((value) => value.quantity === proof.id)?.value ?? null;
  const tolerance = pointOf(unit, quantity).write?.tolerance ?? 0;
  return { isRight: found !== null && Math.abs(found - levelPct) <= tolerance, found };
}

/** Whether the coil of the channel must be read too to prove this write; false for level 0 or without a coil. Errors: as `pointOf`. */
export function isChannelProof({ unit, quantity, write: { levelPct } }: WaitingWrite): boolean {
  return levelPct > 0 && channelOf(unit, quantity) !== undefined;
}

/** Returns the coil that must be on so that a level of `quantity` gives light; undefined if there is none. Errors: as `pointOf`. */
export function channelOf(unit: Unit, quantity: string): PointProfile | undefined {
  const { write } = pointOf(unit, quantity);
  return write?.switchedBy == null ? undefined : pointOf(unit, write.switchedBy);
}

/** Returns the point of a unit's profile with this id. Errors: throws TypeError for a quantity that the profile does not have. */
export function pointOf({ driver: { profile } }: Unit, quantity: string): PointProfile {
  const point = profile.points.find(({ id }) => id === quantity);
  if (point === undefined) throw new TypeError(`${profile.id} has no point ${quantity}`);
  return point;
}

function proofPoint(unit: Unit, quantity: string): PointProfile {
  return pointOf(unit, pointOf(unit, quantity).write?.verify ?? quantity);
}
