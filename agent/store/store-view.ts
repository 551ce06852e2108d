/**
 * The status of the store for people, and the rates calculated from it.
 */
import type { Cabinet } from '../core/cabinet.ts';
import { DAY_MS, HOUR_MS } from '../core/durations.ts';
import type { Store, StoreStatus } from '../core/ports.ts';
import type { ChoreView, StoreView } from '../core/views.ts';

/** Shortest age of a run before rates are calculated. Units: ms. Source: assumed; ten heartbeats of every point. Confirmed by: the rates of a cabinet in its first day. */
const MIN_RUN_MS = 600_000;

/**
 * Resolves with the status of the store for people, with its settings and rates. If the facts of the telemetry file cannot be read, they
 * are those of the last read; before the first, counts and sizes are 0.
 */
export async function storeView({
  cabinet,
  store,
  chores,
  upMs,
}: {
  readonly cabinet: Pick<Cabinet, 'store'>;
  readonly store: Pick<Store, 'status'>;
  readonly chores: () => readonly ChoreView[];
  /** Age of this run of the agent. Units: ms. */
  readonly upMs: () => number;
}): Promise<StoreView> {
  const status = await store.status();
  const { dir, commitSeconds, maxDays } = cabinet.store;
  return {
    ...status,
    dir,
    commitSeconds,
    maxDays,
    hoursLeft: hoursLeft(status, upMs()),
    writtenBytesPerDay: writtenBytesPerDay(status.written),
    chores: chores(),
  };
}

/**
 * Time until the byte cap is reached at the rate of this run. Old readings are thinned or removed a little earlier, so a full store may
 * stay above 0. Units: hours, 0 if the cap is reached; `upMs` in ms. Null in the first ten minutes of a run, and while it has stored no
 * readings or the file has none.
 */
export function hoursLeft(
  status: Pick<StoreStatus, 'bytes' | 'maxBytes' | 'journal' | 'segments' | 'readingsStored'>,
  upMs: number,
): number | null {
  const { bytes, maxBytes, journal, segments, readingsStored } = status;
  const readings = journal.readings + segments.readings;
  if (upMs < MIN_RUN_MS || readings === 0 || readingsStored === 0) return null;
  const bytesAReading = (journal.bytes + segments.bytes) / readings;
  const readingsAnHour = readingsStored / (upMs / HOUR_MS);
  return Math.max(0, maxBytes - bytes) / (bytesAReading * readingsAnHour);
}

/**
 * Returns the bytes that the storage thread writes in a day at its average rate; null without a measurement or in its first ten minutes.
 */
export function writtenBytesPerDay(written: StoreStatus['written']): number | null {
  if (written === null || written.overMs < MIN_RUN_MS) return null;
  return (written.bytes / written.overMs) * DAY_MS;
}
