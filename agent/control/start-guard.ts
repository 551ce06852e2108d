/**
 * A start of the agent must not darken a street: someone may be walking where the previous run had raised the light, or an emergency key
 * may be closed that has not been read yet.
 *
 * Owns the level each lamp was found at and which points have not been read. Ends by itself.
 */
import type { MonoMs } from '../core/clock.ts';
import type { LevelPct, PointId, Reading } from '../core/words.ts';
import type { LampHold } from '../lighting/lighting.ts';
import { KEY_HOLD_MS } from './sensing/contact-desk.ts';

export interface StartGuard {
  /** Returns the level at which a lamp was found, once: with its first reading since the start. Units: percent; null from then on. */
  take(lampId: string, reading: Reading): number | null;
  /** A point was read that decides about light; any good value counts, also one from before the start. */
  takePoint(reading: Reading): void;
  /** By lamp; ends by itself. */
  holds(nowMono: MonoMs): ReadonlyMap<string, LampHold>;
  /** Before a lamp has been read once nothing that lowers it is decided: what it would lower is not known. Ends by itself. */
  isWaiting(lampId: string, nowMono: MonoMs): boolean;
  /** The level below which the lamp is not set yet, since a point has not been read: the level it was found at, 100 % while that is not known. */
  floorPct(lampId: string, nowMono: MonoMs): LevelPct;
}

/** Longest wait for the first reading of a lamp. Units: ms. Source: assumed; a round of a full line at 19200 baud, and a driver holds its level by itself meanwhile. */
const FIRST_READ_MS = 2_000;
/** Longest wait for a point that may raise the light, and for the emergency key: as long as a closed key counts when its box falls silent. Units: ms. Source: assumed; six polls of the class `normal`. */
export const POINT_WAIT_MS = { raises: 30_000, emergency: KEY_HOLD_MS };

/** `holdS` by lamp: of zones where presence raises, 0 of those that may go dark without. `waitMs` by point: how long its first reading is waited for. */
export function createStartGuard(
  holdS: ReadonlyMap<string, number>,
  startMono: MonoMs,
  waitMs: ReadonlyMap<PointId, number> = new Map(),
): StartGuard {
  const found = new Map<string, LampHold>();
  const levels = new Map<string, LevelPct>();
  const unread = new Map(waitMs);
  const isPending = (nowMono: MonoMs): boolean => {
    for (const [pointId, ms] of unread) if (nowMono >= startMono + ms) unread.delete(pointId);
    return unread.size > 0;
  };
  return {
    take(lampId, { value, quality, atMono }) {
      if (levels.has(lampId) || quality !== 'good' || value === null || atMono < startMono) return null;
      const levelPct = Math.round(value);
      levels.set(lampId, levelPct);
      const holdMs = (holdS.get(lampId) ?? 0) * 1_000;
      if (holdMs > 0) found.set(lampId, { levelPct, untilMono: startMono + holdMs });
      return value;
    },
    takePoint({ pointId, value, quality }) {
      if (quality === 'good' && value !== null) unread.delete(pointId);
    },
    holds(nowMono) {
      for (const [lampId, { untilMono }] of found) if (nowMono >= untilMono) found.delete(lampId);
      return found;
    },
    isWaiting: (lampId, nowMono) => (holdS.has(lampId) || isPending(nowMono)) && !levels.has(lampId) && nowMono < startMono + FIRST_READ_MS,
    floorPct: (lampId, nowMono) => (isPending(nowMono) ? (levels.get(lampId) ?? 100) : 0),
  };
}
