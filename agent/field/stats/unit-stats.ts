/**
 * How the transactions with one unit have ended: since the start, and in the last minutes, so that advice is about the present.
 *
 * Counters, by the minute too, and the ring of turnarounds, in bounded memory. Time is an argument.
 */
import type { UnitStats } from '../../core/bus-tools.ts';
import type { MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { TransactionReport } from '../bus-tools/bus-watch.ts';
import { SILENT_AFTER } from '../units/unit-health.ts';
import { createSpreadMeter } from './meters.ts';

/**
 * Length of the window of `RecentCounts`, with the running minute. Units: minutes. Source: assumed; long enough for a share of one in a
 * hundred, short enough to show the effect of a repair. Confirmed by: how long technicians watch a line after a repair.
 */
export const RECENT_MIN = 10;

/**
 * How the requests to a unit ended in about the last `RECENT_MIN` minutes, without those of the console. `answered` also counts replies
 * that may belong to another request, and exceptions other than 10 and 11 of a gateway. A write on a DALI bus, which no unit acknowledges,
 * is not counted. `missed`: requests lost since the previous `answered` one. They are counted with the next one, if they are fewer than
 * `SILENT_AFTER`. `damaged` also counts replies that do not fit their request. `late` counts replies to requests given up, which may be in
 * `missed` too.
 */
export interface RecentCounts {
  readonly answered: number;
  readonly missed: number;
  readonly damaged: number;
  readonly late: number;
}

const NONE: RecentCounts = { answered: 0, missed: 0, damaged: 0, late: 0 };

/**
 * Creates empty counts of how the requests to one unit ended in about the last `RECENT_MIN` minutes. `missed` requests are counted once
 * the unit has answered again, if they were fewer than `SILENT_AFTER`.
 */
export function createRecentEnds() {
  const minutes = new Map<number, RecentCounts>();
  /** Requests lost since the last answer. They count only if the unit answers again before it is silent. */
  let lost = 0;
  const add = (end: keyof RecentCounts, atMono: MonoMs, count: number): void => {
    const minute = Math.floor(atMono / MINUTE_MS);
    const before = minutes.get(minute) ?? NONE;
    minutes.set(minute, { ...before, [end]: before[end] + count });
    for (const old of minutes.keys()) if (old <= minute - RECENT_MIN) minutes.delete(old);
  };
  return {
    note(end: keyof RecentCounts, atMono: MonoMs, count = 1): void {
      if (end === 'missed') {
        lost += count;
        return;
      }
      if (end === 'answered') {
        if (lost > 0 && lost < SILENT_AFTER) add('missed', atMono, lost);
        lost = 0;
      }
      add(end, atMono, count);
    },
    counts(nowMono: MonoMs): RecentCounts {
      const first = Math.floor(nowMono / MINUTE_MS) - RECENT_MIN;
      let sum = NONE;
      for (const [minute, { answered, missed, damaged, late }] of minutes) {
        if (minute <= first) continue;
        sum = {
          answered: sum.answered + answered,
          missed: sum.missed + missed,
          damaged: sum.damaged + damaged,
          late: sum.late + late,
        };
      }
      return sum;
    },
  };
}

/** Returns true if a reply arrived damaged or did not fit its request. An interrupted read, which made room for a level, had no reply. */
export function isDamaged({ code, policy }: BusError): boolean {
  return !policy.answered && policy.unitUsable && code !== 'timeout' && code !== 'interrupted';
}

/** The counts of a unit since its tally was created, and the spread of its newest turnarounds in ms, null before the first. */
export type UnitCounts = Pick<UnitStats, 'ok' | 'timeouts' | 'crcErrors' | 'exceptions' | 'lateReplies' | 'echoes' | 'turnaroundMs'>;

/** The counts of how the transactions with one unit end, in total and in about the last ten minutes; see `createUnitTally`. */
export type UnitTally = ReturnType<typeof createUnitTally>;

/**
 * Creates empty counts of how the transactions with one unit end: in total, and in about the last `RECENT_MIN` minutes. An end that proves
 * nothing about the unit is not counted, for example that of an interrupted read.
 */
export function createUnitTally() {
  const counts = { ok: 0, timeouts: 0, crcErrors: 0, lateReplies: 0, echoes: 0 };
  const exceptions: Partial<Record<BusErrorCode, number>> = {};
  const turnarounds = createSpreadMeter();
  const recent = createRecentEnds();
  return {
    note({ end, atMono }: TransactionReport): void {
      if (!(end instanceof BusError)) {
        // A write on a DALI bus says nothing about the unit.
        if (end.isAcknowledged === false) return;
        recent.note('answered', atMono);
        counts.ok++;
        turnarounds.note(end.turnaroundMs);
      } else if (end.policy.answered) {
        recent.note('answered', atMono);
        exceptions[end.code] = (exceptions[end.code] ?? 0) + 1;
      } else if (end.code === 'timeout') {
        recent.note('missed', atMono);
        counts.timeouts++;
      } else if (isDamaged(end)) {
        recent.note('damaged', atMono);
        counts.crcErrors++;
      }
    },
    noteLate(count: number, atMono: MonoMs): void {
      recent.note('late', atMono, count);
      counts.lateReplies += count;
    },
    noteEchoes(count: number): void {
      counts.echoes += count;
    },
    counts: (): UnitCounts => ({ ...counts, exceptions: { ...exceptions }, turnaroundMs: turnarounds.spread() }),
    recent: (nowMono: MonoMs): RecentCounts => recent.counts(nowMono),
  };
}
