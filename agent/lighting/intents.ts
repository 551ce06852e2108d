/** Selects the intents on a lamp and orders them by strength. Pure. */
import type { MonoMs } from '../core/clock.ts';
import type { Intent } from '../core/words.ts';
import { byRank } from './arbiter.ts';

/** A lamp and its zone; `zoneId` is null for a lamp without a zone. */
export interface LampPlace {
  readonly lampId: string;
  readonly zoneId: string | null;
}

/** Whether the target of an intent is this lamp, its zone or the whole cabinet. */
function concerns({ target }: Intent, { lampId, zoneId }: LampPlace): boolean {
  if (target.kind === 'cabinet') return true;
  return target.kind === 'lamp' ? target.id === lampId : target.id === zoneId;
}

/**
 * Returns the intents for a lamp that have not expired; empty if there are none. The first one applies. Order: by rank; of equal ranks
 * those that a later intent of their source replaces come last; then the brighter first. None replaces one with a narrower target.
 * `intents` must not contain any that have not begun.
 */
export function intentsFor(intents: readonly Intent[], place: LampPlace, nowMono: MonoMs): readonly Intent[] {
  const inForce = intents.filter((intent) => nowMono < intent.untilMono && concerns(intent, place));
  if (inForce.length < 2) return inForce;
  const replaced = new Set(inForce.filter((intent, at) => inForce.some((other, otherAt) => replaces(other, intent, otherAt > at))));
  return inForce.toSorted((a, b) => byRank(a, b) || Number(replaced.has(a)) - Number(replaced.has(b)) || b.levelPct - a.levelPct);
}

/**
 * Compares two intents for a sort: the higher rank first, of equal ranks the brighter; 0 if rank and level are equal. Which one applies to
 * a lamp: see `intentsFor`.
 */
export function byStrength(a: Intent, b: Intent): number {
  return byRank(a, b) || b.levelPct - a.levelPct;
}

/** Places from wide to narrow. */
const NARROWNESS: Readonly<Record<Intent['target']['kind'], number>> = { cabinet: 0, zone: 1, lamp: 2 };

/**
 * A later intent of the same source replaces one with an equally wide or wider target. If the later one has the wider target, the brighter of both
 * applies.
 */
function replaces(other: Intent, intent: Intent, isListedLater: boolean): boolean {
  if (other === intent || other.source !== intent.source || other.rank !== intent.rank) return false;
  if (NARROWNESS[other.target.kind] < NARROWNESS[intent.target.kind]) return false;
  const laterMs = beganMono(other) - beganMono(intent);
  return laterMs > 0 || (laterMs === 0 && isListedLater);
}

/** In monotonic time, so that a step of the wall clock changes no order. */
function beganMono({ sinceMs, untilMs, untilMono }: Intent): MonoMs {
  return untilMono - (untilMs - sinceMs);
}
