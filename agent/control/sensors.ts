/**
 * From readings of a presence sensor to what it has said.
 *
 * Owns threshold and edge. Pure: state and reading in, state out. Called by `control` for each reading of a sensor and at each tick.
 */
import type { PresenceSensor } from '../core/cabinet.ts';
import type { Reading } from '../core/words.ts';
import type { SensorState } from '../lighting/lighting.ts';

export interface SensorStep {
  readonly state: SensorState;
  /** Someone came: it said present after it had said nobody, or for the first time. */
  readonly detected: boolean;
}

/**
 * The state after one more reading; the same reading twice changes nothing.
 *
 * A reading without a value changes the quality alone: what was last seen stays known, so a lost reply is no second detection.
 * Units: the threshold is in the point's own.
 */
export function afterReading(before: SensorState | undefined, reading: Reading, { threshold }: PresenceSensor): SensorStep {
  const was = before ?? { present: false, sinceMono: null, lastPresentMono: null, quality: reading.quality };
  const { value, quality, atMono } = reading;
  if (value === null) return { state: { ...was, quality }, detected: false };
  if (value < threshold) return { state: { ...was, present: false, quality }, detected: false };
  const lastPresentMono = Math.max(was.lastPresentMono ?? atMono, atMono);
  if (was.present) return { state: { ...was, lastPresentMono, quality }, detected: false };
  return { state: { present: true, sinceMono: atMono, lastPresentMono, quality }, detected: true };
}
