/**
 * How the transactions with one unit have ended.
 *
 * Counters and the ring of turnarounds, in bounded memory. Time is an argument.
 */
import type { UnitStats } from '../../core/bus-tools.ts';
import type { MonoMs } from '../../core/clock.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { TransactionReport } from '../line/transaction-report.ts';
import { createRecentEnds, type RecentCounts } from './recent-ends.ts';
import { createSpreadMeter } from './spread.ts';

export type UnitCounts = Pick<UnitStats, 'ok' | 'timeouts' | 'crcErrors' | 'exceptions' | 'lateReplies' | 'echoes' | 'turnaroundMs'>;

export interface UnitTally {
  note(report: TransactionReport): void;
  noteLate(count: number, atMono: MonoMs): void;
  noteEchoes(count: number): void;
  counts(): UnitCounts;
  recent(nowMono: MonoMs): RecentCounts;
}

/** Shape: `crcErrors` counts every damaged reply: wrong checksum, broken off, or an answer to something else. */
export function createUnitTally(): UnitTally {
  const counts = { ok: 0, timeouts: 0, crcErrors: 0, lateReplies: 0, echoes: 0 };
  const exceptions: Partial<Record<BusErrorCode, number>> = {};
  const turnarounds = createSpreadMeter();
  const recent = createRecentEnds();
  return {
    note({ end, atMono }) {
      if (!(end instanceof BusError)) {
        recent.note('answered', atMono);
        counts.ok++;
        turnarounds.note(end.turnaroundMs);
      } else if (end.policy.answered) {
        recent.note('answered', atMono);
        exceptions[end.code] = (exceptions[end.code] ?? 0) + 1;
      } else if (end.code === 'timeout') {
        recent.note('missed', atMono);
        counts.timeouts++;
      } else if (end.policy.unitUsable) {
        recent.note('damaged', atMono);
        counts.crcErrors++;
      }
    },
    noteLate(count, atMono) {
      recent.note('late', atMono, count);
      counts.lateReplies += count;
    },
    noteEchoes(count) {
      counts.echoes += count;
    },
    counts: () => ({ ...counts, exceptions: { ...exceptions }, turnaroundMs: turnarounds.spread() }),
    recent: (nowMono) => recent.counts(nowMono),
  };
}
