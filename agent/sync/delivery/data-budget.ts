/**
 * Counts the bytes sent in this UTC day and checks them against the daily budget. The count survives a restart, except for at most the last
 * hour.
 */
import type { Clock } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { Store } from '../../core/ports.ts';

const KEY = 'sync.bytesToday';
const MEGABYTE = 1_000_000;
/** Units: ms. Source: assumed; each write costs a flash page, and losing one hour of a day matters little. Confirmed by: bench `store device` on the gateway. */
const SAVE_PERIOD_MS = 3_600_000;

/** The count of all bytes sent in the current UTC day, and the budget that limits the backlog; see `createDataBudget`. */
export type DataBudget = ReturnType<typeof createDataBudget>;

/**
 * Creates the count of bytes published in the current UTC day. `dailyMegabytes`: the budget for `mayDrain`, in units of 1,000,000 bytes;
 * null for no limit. Call `restore` once at the start, and `save` regularly.
 */
export function createDataBudget(
  clock: Pick<Clock, 'wallMs' | 'monoMs'>,
  store: Pick<Store, 'save' | 'load'>,
  dailyMegabytes: number | null,
) {
  const dayNow = (): number => Math.floor(clock.wallMs() / DAY_MS);
  let day = dayNow();
  let bytes = 0;
  let savedMono = clock.monoMs();
  const startNewDay = (): void => {
    if (dayNow() === day) return;
    day = dayNow();
    bytes = 0;
  };
  /** Units: bytes of published MQTT packets, without TCP and TLS. */
  const bytesToday = (): number => {
    startNewDay();
    return bytes;
  };
  return {
    add: (added: number): void => {
      startNewDay();
      bytes += added;
    },
    bytesToday,
    /** Whether the budget has room for backlog; true without a limit. */
    mayDrain: (): boolean => dailyMegabytes === null || bytesToday() < dailyMegabytes * MEGABYTE,
    /** Adds the count that an earlier run saved for today, if there is one. */
    restore: async (): Promise<void> => {
      const saved = await store.load(KEY);
      if (typeof saved !== 'object' || saved === null || !('day' in saved) || !('bytes' in saved)) return;
      if (saved.day === dayNow() && typeof saved.bytes === 'number' && saved.bytes >= 0) bytes += saved.bytes;
    },
    /** Writes the count to disk if a write is due, or if `isLast`. */
    save: (isLast: boolean): void => {
      if (!isLast && clock.monoMs() - savedMono < SAVE_PERIOD_MS) return;
      savedMono = clock.monoMs();
      void store.save(KEY, { day, bytes: bytesToday() });
    },
  };
}
