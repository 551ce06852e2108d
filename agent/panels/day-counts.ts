/** Keeps the counts of the day: in memory for the texts, on disk for the next start. */
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import type { PointId, Reading } from '../core/words.ts';
import type { LocalCalendar } from '../lighting/local-time.ts';
import { afterTotal, countOf, type DayCount, readDayCounts } from './day-count.ts';

/** The dependencies with which `DayCounts` is created. */
export interface DayCountsParts {
  /** The totals that are counted by day. */
  readonly points: readonly PointId[];
  readonly clock: Clock;
  /** Gives the local date, which is the day of a count. */
  readonly calendar: LocalCalendar;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
}

const KEY = 'panels.days';
/**
 * Shortest time between two saves within a day. Units: ms. Source: assumed; flash wears, and only the count of an outage over midnight depends on
 * it. Confirmed by: the outages of a year of logs.
 */
const SAVE_MS = 600_000;

/**
 * Counts by how much the given points increase in a local day, from readings while the clock is trusted. An increase since a reading of the
 * day before counts for the new day. Without such a reading, the day is counted from its own first one. Call `restore` first, and `tend`
 * regularly: it saves the counts.
 */
export class DayCounts {
  readonly #parts: DayCountsParts;
  #states: Map<string, DayCount> = new Map();
  /** False until the saved counts are read: counting before that would begin the day again. */
  #isRead = false;
  #isChanged = false;
  #savedMono: MonoMs | null = null;

  constructor(parts: DayCountsParts) {
    this.#parts = parts;
  }

  /** Reads the saved counts. After a failure the counts begin again. */
  async restore(): Promise<void> {
    const { store, log } = this.#parts;
    try {
      this.#states = new Map(readDayCounts(await store.load(KEY)));
    } catch (cause) {
      log.event('day-counts-not-restored', { cause: String(cause) }, 'warning');
    }
    this.#isRead = true;
  }

  take(readings: readonly Reading[]): void {
    const day = this.#today();
    if (!this.#isRead || day === null) return;
    for (const { pointId, value, quality } of readings) {
      if (value === null || quality !== 'good' || !this.#parts.points.includes(pointId)) continue;
      const before = this.#states.get(pointId);
      const after = afterTotal(before, { day, total: value });
      this.#states.set(pointId, after);
      if (after.last !== before?.last || after.day !== before.day) this.#isChanged = true;
      if (after.day !== before?.day) this.#savedMono = null;
    }
  }

  /** The count of the day; null if it is not known. */
  today(pointId: PointId): number | null {
    const day = this.#today();
    return day === null ? null : countOf(this.#states.get(pointId), day);
  }

  /** Saves the counts if they changed, at intervals; with `isLast` now. */
  tend(isLast = false): void {
    const { clock, store } = this.#parts;
    const nowMono = clock.monoMs();
    if (!this.#isChanged || (!isLast && this.#savedMono !== null && nowMono < this.#savedMono + SAVE_MS)) return;
    this.#savedMono = nowMono;
    this.#isChanged = false;
    void store.save(KEY, Object.fromEntries(this.#states)).then((isSaved) => {
      if (!isSaved) this.#isChanged = true;
    });
  }

  #today(): string | null {
    const { clock, calendar } = this.#parts;
    if (!isTrusted(clock.quality())) return null;
    const { year, month, day } = calendar.localAt(clock.wallMs());
    return [String(year), ...[month, day].map((each) => String(each).padStart(2, '0'))].join('-');
  }
}
