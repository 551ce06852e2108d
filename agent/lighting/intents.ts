/** Selects the intents on a lamp and orders them by strength. Pure. */
import type { MonoMs } from '../core/clock.ts';
import type { Intent } from '../core/words.ts';
import { byRank } from './arbiter.ts';

/** The place of a lamp: what an intent may be aimed at to reach it. */
export interface LampPlace {
  readonly lampId: string;
  readonly zoneId: string | null;
}

/** Whether an intent is aimed at this lamp, at its zone or at the whole cabinet. */
function concerns({ target }: Intent, { lampId, zoneId }: LampPlace): boolean {
  if (target.kind === 'cabinet') return true;
  return target.kind === 'lamp' ? target.id === lampId : target.id === zoneId;
}

/** Returns the intents in force for a lamp, strongest first: the higher rank, within a rank the higher level, then the older one. */
export function intentsFor(intents: readonly Intent[], place: LampPlace, nowMono: MonoMs): readonly Intent[] {
  return intents.filter((intent) => nowMono < intent.untilMono && concerns(intent, place)).sort(byStrength);
}

/** The order among intents on one lamp: the higher rank, within a rank the higher level. */
export function byStrength(a: Intent, b: Intent): number {
  return byRank(a, b) || b.levelPct - a.levelPct;
}
