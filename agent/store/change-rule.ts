/**
 * Decides whether a reading is a change: report by exception. Pure.
 */
import type { MonoMs } from '../core/clock.ts';
import type { Reading } from '../core/words.ts';

/** What counts as a change of a point. Units: `deadband` in the point's own. */
export interface ChangeRule {
  readonly decimals: number;
  /** A smaller change is not reported. */
  readonly deadband: number;
}

/** What was kept last of a point. */
export interface Kept {
  readonly value: number | null;
  readonly quality: Reading['quality'];
  readonly atMono: MonoMs;
}

/** A first reading, another quality, a change of at least the deadband, and a due heartbeat are changes. Units: `heartbeatMs` in ms. */
export function isChange(
  kept: Kept | undefined,
  reading: Reading,
  { deadband, decimals, heartbeatMs }: ChangeRule & { heartbeatMs: number },
): boolean {
  if (kept === undefined || kept.quality !== reading.quality) return true;
  if (reading.atMono - kept.atMono >= heartbeatMs) return true;
  if (kept.value === null || reading.value === null) return kept.value !== reading.value;
  const change = Math.abs(reading.value - kept.value);
  // A tolerance of half a last digit: 0.3 − 0.2 is a little less than a deadband of 0.1.
  return change > 0 && change >= deadband - 0.5 * 10 ** -decimals;
}
