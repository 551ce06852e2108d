/**
 * What the console has cost a line, told apart from what the line does by itself.
 *
 * Owns that share of the line's counters. A scan asks addresses that nobody has, a search registers that do not exist: neither says
 * anything of the health of a line.
 */
import type { ConsoleCounts } from '../../core/bus-tools.ts';
import type { LineCounters } from '../../core/driver.ts';

type Shared = Omit<LineCounters, 'busyMs'>;

const KEYS: readonly (keyof Shared)[] = [
  'transactions',
  'timeouts',
  'crcErrors',
  'exceptions',
  'lateReplies',
  'duplicates',
  'doubtful',
  'resyncs',
  'echoes',
  'noiseBytes',
  'truncated',
  'wrongReplies',
  'strangers',
  'floods',
];

export interface ConsoleShare {
  /** What the counters have grown by belongs to the console; late replies belong to who gave up waiting. */
  note(before: LineCounters, now: LineCounters, whose: { readonly transaction: boolean; readonly late: boolean }): void;
  /** The counters without the console's share. */
  without(counters: LineCounters): LineCounters;
  counts(): ConsoleCounts;
}

export function createConsoleShare(): ConsoleShare {
  const share = Object.fromEntries(KEYS.map((key) => [key, 0])) as Record<keyof Shared, number>;
  return {
    note(before, now, { transaction, late }) {
      for (const key of KEYS) if (key === 'lateReplies' ? late : transaction) share[key] += now[key] - before[key];
    },
    without(counters) {
      const rest = Object.fromEntries(KEYS.map((key) => [key, counters[key] - share[key]])) as Record<keyof Shared, number>;
      return { ...rest, busyMs: counters.busyMs };
    },
    counts: () => ({
      transactions: share.transactions,
      timeouts: share.timeouts,
      exceptions: share.exceptions,
      lateReplies: share.lateReplies,
    }),
  };
}
