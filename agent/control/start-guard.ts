/**
 * A start of the agent must not darken a street: somebody may be walking where the agent before had raised the light.
 *
 * Owns what each lamp was found at, for the time of a hold after the start. What has forgotten who was there keeps the light that it finds.
 * Called by `control`.
 */
import type { MonoMs } from '../core/clock.ts';
import type { Reading } from '../core/words.ts';
import type { LampHold } from '../lighting/lighting.ts';

export interface StartGuard {
  /** Returns the level at which a lamp was found, once: with its first reading since the start. Units: percent; null from then on. */
  take(lampId: string, reading: Reading): number | null;
  /** By lamp; ends by itself. */
  holds(nowMono: MonoMs): ReadonlyMap<string, LampHold>;
  /** Before a lamp has been read once nothing that lowers it is decided: nobody knows what it would lower. Ends by itself. */
  isWaiting(lampId: string, nowMono: MonoMs): boolean;
}

/** Longest wait for the first reading of a lamp. Units: ms. Source: assumed; a round of a full line at 19200 baud, and a driver holds its level by itself meanwhile. */
const FIRST_READ_MS = 2_000;

/** `holdS` by lamp: of zones where presence raises, 0 of those that may go dark without; others need no guard. */
export function createStartGuard(holdS: ReadonlyMap<string, number>, startMono: MonoMs): StartGuard {
  const found = new Map<string, LampHold>();
  const seen = new Set<string>();
  return {
    take(lampId, { value, quality, atMono }) {
      if (seen.has(lampId) || quality !== 'good' || value === null || atMono < startMono) return null;
      seen.add(lampId);
      const holdMs = (holdS.get(lampId) ?? 0) * 1_000;
      if (holdMs > 0) found.set(lampId, { levelPct: Math.round(value), untilMono: startMono + holdMs });
      return value;
    },
    holds(nowMono) {
      for (const [lampId, { untilMono }] of found) if (nowMono >= untilMono) found.delete(lampId);
      return found;
    },
    isWaiting: (lampId, nowMono) => holdS.has(lampId) && !seen.has(lampId) && nowMono < startMono + FIRST_READ_MS,
  };
}
