/**
 * The increase of a total since local midnight. Pure.
 *
 * The total itself survives restarts of agent and device (`field/counter-registry.ts`); here only its value at midnight is kept.
 */
import { isRecord } from '../core/is-record.ts';

/** The count of one day, as the increase of a total. Shape: `day` is a local date, `2026-06-21`; the count is `last` - `base`. */
export interface DayCount {
  readonly day: string;
  /**
   * The total from which the day is counted: the last one of the day before, or without one the first of this day. It is lowered by as much
   * as the total itself decreases, so it may be negative.
   */
  readonly base: number;
  /** The newest total. */
  readonly last: number;
}

/**
 * Returns the state after a reading of the total. A total that decreases does not reduce the count of a day. What was added since a reading
 * of the day before counts for the new day; what was added since one of any other day counts for no day.
 */
export function afterTotal(before: DayCount | undefined, { day, total }: { readonly day: string; readonly total: number }): DayCount {
  if (before === undefined || (before.day !== day && before.day !== dayBefore(day))) return { day, base: total, last: total };
  const base = before.day === day ? before.base : before.last;
  return total >= before.last ? { day, base, last: total } : { day, base: base - (before.last - total), last: total };
}

function dayBefore(day: string): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, 10);
}

/** Returns the count of this day; null if there is no state, or if it is that of another day. */
export function countOf(state: DayCount | undefined, day: string): number | null {
  return state?.day === day ? state.last - state.base : null;
}

/** Returns the saved states, by the id of the point, without entries of another shape; empty if `stored` is not an object. */
export function readDayCounts(stored: unknown): ReadonlyMap<string, DayCount> {
  if (!isRecord(stored)) return new Map();
  return new Map(
    Object.entries(stored).flatMap(([pointId, value]) => {
      if (!isRecord(value)) return [];
      const { day, base, last } = value;
      if (typeof day !== 'string' || typeof base !== 'number' || typeof last !== 'number') return [];
      return Number.isFinite(base) && Number.isFinite(last) ? [[pointId, { day, base, last }] as const] : [];
    }),
  );
}
