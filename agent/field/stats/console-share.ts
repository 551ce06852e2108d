/**
 * The share of the console in the counters of a line.
 *
 * A scan probes addresses without a unit, a search requests registers that do not exist: neither shows anything about the health of a line.
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
  'foreignFrames',
  'floods',
];

export interface ConsoleShare {
  /** Adds the growth of the counters to the console's share. `late`: the request that was given up came from the console. */
  note(before: LineCounters, now: LineCounters, isConsole: { readonly transaction: boolean; readonly late: boolean }): void;
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
