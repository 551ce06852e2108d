/** Sums the readings of the running night that show wear, by point, and makes the summary of each lamp from them. No clock, no disk. */
import { isRecord } from '../../core/is-record.ts';
import type { LevelPct, PointId, Reading } from '../../core/words.ts';
import { type WearNight, type WearQuantity, wearValues } from './wear-night.ts';
import type { WearPoint, WearRole } from './wear-points.ts';

/** The figures of a lamp that other parts of the agent provide. Units: as in `WearNight`. Null: not known. */
export interface FiguresOfOthers {
  /** Checksum of its device, type and rated power. */
  readonly kind: string;
  /** By how much its power has drifted from its reference; positive if it is more. */
  readonly driftPct: number | null;
  /** All burning hours of the lamp, as the agent counts them. They are used if the lamp reported none in this night. */
  readonly burningH: number | null;
}

interface PointSum {
  readonly point: WearPoint;
  sum: number;
  count: number;
  last: number | null;
}

/** From this level on an output current is compared with the nominal one. Units: %. Source: assumed; full light in most programmes. Confirmed by: programmes in use. */
const FULL_PCT = 95;
/** A driver limits itself below this output. Units: %. */
const FULL_OUTPUT_PCT = 100;
const PERCENT = 100;

/** Which role a quantity is computed from, and how. */
const COUNTERS: Readonly<Partial<Record<WearQuantity, WearRole>>> = {
  starts: 'starts',
  hours: 'hours',
  ratedHours: 'rated-hours',
  ratedStarts: 'rated-starts',
  ratedTemperatureC: 'rated-temperature',
};

/**
 * Sums the readings of one night that show wear, by point, and makes the summary of each lamp from them. `lamp`: index in the cabinet, as
 * in `WearPoint`.
 */
export class WearCounter {
  readonly #byPoint: ReadonlyMap<PointId, PointSum>;
  readonly #byLamp: ReadonlyMap<number, readonly PointSum[]>;

  constructor(points: readonly WearPoint[]) {
    const sums = points.map((point): PointSum => ({ point, sum: 0, count: 0, last: null }));
    this.#byPoint = new Map(sums.map((sum) => [sum.point.pointId, sum]));
    this.#byLamp = Map.groupBy(this.#byPoint.values(), ({ point }) => point.lamp);
  }

  /**
   * Takes readings; one without a good value changes nothing. `levelOf`: the level in force for a lamp; 0 if it is not known. At 0 % only
   * the last value of a point changes; an output current is summed only near full light.
   */
  take(readings: readonly Reading[], levelOf: (lamp: number) => LevelPct): void {
    for (const { pointId, value, quality } of readings) {
      const sum = this.#byPoint.get(pointId);
      if (sum === undefined || value === null || quality !== 'good') continue;
      sum.last = value;
      const levelPct = levelOf(sum.point.lamp);
      if (levelPct <= 0 || (sum.point.role === 'current' && levelPct < FULL_PCT)) continue;
      sum.sum += sampleOf(sum.point, value);
      sum.count++;
    }
  }

  /** Returns the summary of a lamp; undefined if none of its quantities is known. */
  night(lamp: number, { kind, driftPct, burningH }: FiguresOfOthers): WearNight | undefined {
    const sums = this.#byLamp.get(lamp) ?? [];
    const means = (role: WearRole): readonly number[] =>
      sums.flatMap(({ point, sum, count }) => (point.role === role && count > 0 ? [sum / count] : []));
    const last = (role: WearRole | undefined): number | null => sums.find(({ point }) => point.role === role)?.last ?? null;
    const derated = [...means('derating'), ...means('derating-flag')];
    const values = wearValues((quantity) => last(COUNTERS[quantity]));
    const night = {
      ...values,
      driftPct,
      temperatureC: means('temperature')[0] ?? null,
      deratedPct: derated.length === 0 ? null : Math.max(...derated),
      currentPct: means('current')[0] ?? null,
      hours: values.hours ?? burningH,
    };
    return Object.values(night).every((value) => value === null) ? undefined : { ...night, nights: 1, kind };
  }

  /** Begins another night: sets all sums to 0 and forgets the last values. */
  restart(): void {
    for (const sum of this.#byPoint.values()) Object.assign(sum, { sum: 0, count: 0, last: null });
  }

  /** Returns the sums for the store. Shape: by point, sum, count and last value. */
  stored(): unknown {
    return Object.fromEntries(
      [...this.#byPoint].flatMap(([id, { sum, count, last }]) => (last === null ? [] : [[id, [sum, count, last]]])),
    );
  }

  /**
   * Adds the sums that an earlier run stored for the same night. A last value that was read since remains. A value of another shape is left
   * out.
   */
  resume(stored: unknown): void {
    for (const [id, value] of Object.entries(isRecord(stored) ? stored : {})) {
      const sum = this.#byPoint.get(id as PointId);
      if (sum === undefined || !Array.isArray(value)) continue;
      const [total, count, last]: readonly unknown[] = value;
      if (typeof total !== 'number' || typeof count !== 'number' || typeof last !== 'number') continue;
      sum.sum += total;
      sum.count += count;
      sum.last ??= last;
    }
  }
}

/** Units: of derating, % of the time: 0 or 100 for one reading. */
function sampleOf({ role, bits }: WearPoint, value: number): number {
  if (role === 'derating') return value < FULL_OUTPUT_PCT ? PERCENT : 0;
  if (role !== 'derating-flag') return value;
  return bits.some((bit) => (bit === null ? value !== 0 : Math.floor(value / 2 ** bit) % 2 === 1)) ? PERCENT : 0;
}
