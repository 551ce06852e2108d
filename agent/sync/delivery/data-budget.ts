/**
 * What the uplink has sent today, and whether the backlog may cost more.
 *
 * Owns the count of a UTC day, over restarts to within an hour.
 */
import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../core/ports.ts';

export interface DataBudget {
  add(bytes: number): void;
  /** Units: bytes of MQTT packets, without TCP and TLS. */
  today(): number;
  /** The backlog is within its budget. */
  mayDrain(): boolean;
  /** Takes up what an earlier run counted today. */
  restore(): Promise<void>;
  /** Writes the count down where an hour has passed or `isLast`. */
  keep(isLast: boolean): void;
}

const KEY = 'sync.bytesToday';
const DAY_MS = 86_400_000;
const MEGABYTE = 1_000_000;
/** Units: ms. Source: assumed; each writing costs a flash page, an hour lost is little of a day. */
const KEEP_MS = 3_600_000;

/** `dailyMegabytes` null: no bound. */
export function createDataBudget(parts: {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly dailyMegabytes: number | null;
}): DataBudget {
  const { clock, store, dailyMegabytes } = parts;
  const dayNow = (): number => Math.floor(clock.wallMs() / DAY_MS);
  let day = dayNow();
  let bytes = 0;
  let keptMono = clock.monoMs();
  const turn = (): void => {
    if (dayNow() === day) return;
    day = dayNow();
    bytes = 0;
  };
  const today = (): number => {
    turn();
    return bytes;
  };
  return {
    add: (added) => {
      turn();
      bytes += added;
    },
    today,
    mayDrain: () => dailyMegabytes === null || today() < dailyMegabytes * MEGABYTE,
    restore: async () => {
      const kept = await store.load(KEY);
      if (typeof kept !== 'object' || kept === null || !('day' in kept) || !('bytes' in kept)) return;
      if (kept.day === dayNow() && typeof kept.bytes === 'number' && kept.bytes >= 0) bytes += kept.bytes;
    },
    keep: (isLast) => {
      if (!isLast && clock.monoMs() - keptMono < KEEP_MS) return;
      keptMono = clock.monoMs();
      void store.save(KEY, { day, bytes: today() });
    },
  };
}
