/** Converts decoded values into readings with quality; keeps the newest reading of each point and marks stale ones. */
import type { Clock, MonoMs, WallMs } from '../core/clock.ts';
import type { DecodedValue } from '../core/driver.ts';
import type { Profile } from '../core/profile.ts';
import type { PointId, Reading } from '../core/words.ts';

/**
 * The time of a reading, on the monotonic clock and on the wall clock. For a value read from a register it is when the request left;
 * otherwise when the value was received or found missing.
 */
export interface Stamp {
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
}

function pointId(deviceId: string, quantity: string): PointId {
  return `${deviceId}.${quantity}`;
}

/** Returns one reading for each value: of quality `good` if the value is plausible, else of quality `bad` with value null. */
export function readingsOf(deviceId: string, values: readonly DecodedValue[], stamp: Stamp): Reading[] {
  return values.map(({ quantity, value, plausible }) =>
    plausible
      ? { pointId: pointId(deviceId, quantity), value, quality: 'good', ...stamp }
      : { pointId: pointId(deviceId, quantity), value: null, quality: 'bad', ...stamp },
  );
}

/** Returns one reading for each quantity, with value null, the given quality and the times of `stamp`. */
export function absentReadings(deviceId: string, quantities: readonly string[], quality: 'missing' | 'bad', stamp: Stamp): Reading[] {
  return quantities.map((quantity) => ({ pointId: pointId(deviceId, quantity), value: null, quality, ...stamp }));
}

/** Returns the ids of the points of a profile whose `poll` is not `never`. */
export function quantitiesOf({ points }: Profile): string[] {
  return points.filter(({ poll }) => poll !== 'never').map(({ id }) => id);
}

/**
 * Stores the last added reading of each point, and passes added readings to `onReadings`. A good reading that is too old is returned as
 * `stale`, with its value.
 */
export class LatestReadings {
  readonly #clock: Clock;
  readonly #onReadings: (readings: readonly Reading[]) => void;
  readonly #latest = new Map<PointId, Reading>();
  readonly #staleMs = new Map<PointId, number>();

  constructor(clock: Clock, onReadings: (readings: readonly Reading[]) => void) {
    this.#clock = clock;
    this.#onReadings = onReadings;
  }

  /** Sets the age above which a good reading of this point is stale; without a limit it never is. Units: ms. */
  setLimit(pointId: PointId, staleMs: number): void {
    this.#staleMs.set(pointId, staleMs);
  }

  /** Stores readings as the newest of their points, and passes them to `onReadings`. */
  add(readings: readonly Reading[]): void {
    for (const reading of readings) this.#latest.set(reading.pointId, reading);
    this.#onReadings(readings);
  }

  /** Discards the stored readings of points that are not in `points`. */
  keepOnly(points: ReadonlySet<PointId>): void {
    for (const pointId of this.#latest.keys()) if (!points.has(pointId)) this.#latest.delete(pointId);
  }

  get(pointId: PointId): Reading | undefined {
    const reading = this.#latest.get(pointId);
    return reading === undefined ? undefined : this.#aged(reading);
  }

  all(): readonly Reading[] {
    return [...this.#latest.values()].map((reading) => this.#aged(reading));
  }

  /**
   * Stores and passes on the good readings that have become stale, with quality `stale` and their old value. `atMs` is when they became
   * stale, not the time of this call, because the platform identifies a value by its point and time.
   */
  reportStale(): void {
    const nowMs = this.#clock.wallMs();
    const old = [...this.#latest.values()].flatMap((reading): Reading[] => {
      const lateMs = this.#lateMs(reading);
      // `atMono` stays that of the reading.
      return lateMs > 0 ? [{ ...reading, quality: 'stale', atMs: nowMs - Math.ceil(lateMs) }] : [];
    });
    if (old.length > 0) this.add(old);
  }

  #aged(reading: Reading): Reading {
    return this.#lateMs(reading) > 0 ? { ...reading, quality: 'stale' } : reading;
  }

  /** Time since a good reading has become stale; zero or negative before, and for any other. Units: ms. */
  #lateMs({ pointId, quality, atMono }: Reading): number {
    return quality === 'good' ? this.#clock.monoMs() - atMono - (this.#staleMs.get(pointId) ?? Number.POSITIVE_INFINITY) : 0;
  }
}
