/**
 * Decoded values → readings with quality.
 *
 * Pure.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { DecodedValue } from '../core/driver.ts';
import type { Profile } from '../core/profile.ts';
import type { PointId, Reading } from '../core/words.ts';

export interface Stamp {
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
}

function pointId(deviceId: string, quantity: string): PointId {
  return `${deviceId}.${quantity}`;
}

/** A device without a value, or with an impossible one, yields quality `bad`, never a number. */
export function readingsOf(deviceId: string, values: readonly DecodedValue[], stamp: Stamp): Reading[] {
  return values.map(({ quantity, value, plausible }) =>
    plausible
      ? { pointId: pointId(deviceId, quantity), value, quality: 'good', ...stamp }
      : { pointId: pointId(deviceId, quantity), value: null, quality: 'bad', ...stamp },
  );
}

/** Readings without value, for a device that does not answer and for quantities that it refuses. */
export function absentReadings(deviceId: string, quantities: readonly string[], quality: 'missing' | 'bad', stamp: Stamp): Reading[] {
  return quantities.map((quantity) => ({ pointId: pointId(deviceId, quantity), value: null, quality, ...stamp }));
}

export function quantitiesOf({ points }: Profile): string[] {
  return points.filter(({ poll }) => poll !== 'never').map(({ id }) => id);
}
