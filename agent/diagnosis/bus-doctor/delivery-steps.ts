/**
 * Whether bytes arrive only at fixed steps of time, as from an adapter with a latency timer.
 *
 * Pure. Source: Mardia and Jupp, Directional Statistics §2: the mean resultant length of the times folded to one step is 1 if all are at the step
 * and near 0 if they are spread evenly. FTDI AN232B-04: the latency timer of an FT232 is 16 ms by default, 1 to 255.
 */
import type { WindowFacts } from './window-facts.ts';

/** Steps that are tried. Units: ms. Source: shorter ones cost little; the pauses of the examination are even over 32. */
const STEPS_MS = Array.from({ length: 29 }, (_, i) => 4 + i);
/** Replies needed. Source: with 24 evenly spread times the largest resultant length of 29 steps stays below 0.55 in 99.9 % of cases. */
const LEAST_REPLIES = 24;

/**
 * A step of time, in ms, at whose multiples bytes may be delivered, and how well it fits the deliveries. `fit`: from 0 to 1; 1 if all are
 * at multiples of the step.
 */
export interface DeliverySteps {
  readonly stepMs: number;
  readonly fit: number;
}

/**
 * Returns the longest tried step of time that fits the deliveries about as well as the best one, which may fit badly: see `fit`. Null with
 * too few usable test reads.
 */
export function deliverySteps(windows: readonly WindowFacts[]): DeliverySteps | null {
  const gapsMs = windows.flatMap(({ isTest, arrivalMono }, i) => {
    const before = windows[i - 1]?.deliveriesMono.at(-1);
    return isTest && arrivalMono !== null && before !== undefined ? [arrivalMono - before] : [];
  });
  if (gapsMs.length < LEAST_REPLIES) return null;
  const fits = STEPS_MS.map((stepMs) => ({ stepMs, fit: resultantLength(gapsMs, stepMs) }));
  const best = Math.max(...fits.map(({ fit }) => fit));
  // Parts of the step fit as well; the step itself is the longest.
  return fits.findLast(({ fit }) => fit >= 0.95 * best) ?? null;
}

/** Length of the mean of the times on a circle whose circumference is one step, around time zero: 1 if all are multiples of it. */
function resultantLength(timesMs: readonly number[], stepMs: number): number {
  const turn = (2 * Math.PI) / stepMs;
  const x = timesMs.reduce((sum, ms) => sum + Math.cos(ms * turn), 0) / timesMs.length;
  return Math.max(0, x);
}
