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

export function createReadBacks(): ReadBacks {
  const byPoint = new Map<string, ReadBack>();
  const first = (): ReadBack | undefined => {
    let earliest: ReadBack | undefined;
    for (const each of byPoint.values()) if (earliest === undefined || each.dueMono < earliest.dueMono) earliest = each;
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
      if (due === undefined || due.dueMono > nowMono) return undefined;
      byPoint.delete(due.write.pointId);
      return due;
    },
    isDue: (nowMono) => (first()?.dueMono ?? Number.POSITIVE_INFINITY) <= nowMono,
    nextMono: () => first()?.dueMono,
    failAll(reason) {
      const all = [...byPoint.values()];
      byPoint.clear();
      for (const { settle, sentMono } of all) settle({ state: 'failed', reason, sentMono });
    },
  };
}
