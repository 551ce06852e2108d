/**
 * Writes that have been sent and wait for their proof.
 *
 * Pure data with an order. Called by the level writes of a line.
 */
import type { MonoMs } from '../core/clock.ts';
import type { LevelWrite, WriteResult } from '../core/ports.ts';
import type { Unit } from './unit.ts';

/** A write that has been sent and is to be read back. */
export interface ReadBack {
  readonly unit: Unit;
  readonly quantity: string;
  readonly write: LevelWrite;
  readonly sentMono: MonoMs;
  readonly dueMono: MonoMs;
  readonly tries: number;
  readonly settle: (result: WriteResult) => void;
}

/** The read-backs of one line, at most one a point: a newer write makes an older one's proof worthless. */
export interface ReadBacks {
  add(readBack: ReadBack): void;
  take(nowMono: MonoMs): ReadBack | undefined;
  isDue(nowMono: MonoMs): boolean;
  nextMono(): MonoMs | undefined;
  failAll(reason: string): void;
}

/** `heldUntilMono` says when the line can take the question without holding up others. */
export function createReadBacks(heldUntilMono: (readBack: ReadBack) => MonoMs): ReadBacks {
  const byPoint = new Map<string, ReadBack>();
  const first = (): { readBack: ReadBack; mono: MonoMs } | undefined => {
    let earliest: { readBack: ReadBack; mono: MonoMs } | undefined;
    for (const readBack of byPoint.values()) {
      const mono = Math.max(readBack.dueMono, heldUntilMono(readBack));
      if (earliest === undefined || mono < earliest.mono) earliest = { readBack, mono };
    }
    return earliest;
  };
  return {
    add(readBack) {
      const older = byPoint.get(readBack.write.pointId);
      byPoint.set(readBack.write.pointId, readBack);
      older?.settle({ state: 'failed', reason: 'a newer level took its place', sentMono: older.sentMono });
    },
    take(nowMono) {
      const due = first();
      if (due === undefined || due.mono > nowMono) return undefined;
      byPoint.delete(due.readBack.write.pointId);
      return due.readBack;
    },
    isDue: (nowMono) => (first()?.mono ?? Number.POSITIVE_INFINITY) <= nowMono,
    nextMono: () => first()?.mono,
    failAll(reason) {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { settle, sentMono } of all) settle({ state: 'failed', reason, sentMono });
    },
  };
}
