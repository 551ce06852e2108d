/** Converts a decision into the terms of the energy figures. Pure. */
import type { Lamp, Zone } from '../core/cabinet.ts';
import type { Decision, LevelPct } from '../core/words.ts';
import { DESIGN_LEVEL_PCT, limitedPct } from './arbiter.ts';

/** The level decided for a lamp and its cause, for the energy figures. */
export interface LampUse {
  readonly levelPct: LevelPct;
  /** The level of the lamp by its programme, within its limits, if presence, traffic and rules did not raise it; `levelPct` while none of them does. */
  readonly quietPct: LevelPct;
  /** What decides the level above the programme, also if a limit hides it. `traffic`: traffic or a rule. */
  readonly raisedBy: 'presence' | 'traffic' | null;
  /** An intent of rank maintenance, emergency or override sets the level: dark on command is not a saving. */
  readonly byPerson: boolean;
}

/** Returns what the energy figures need of a decision: its level, the level without raises, the cause. `zone` must be the lamp's zone. */
export function lampUse({ levelPct, rank, trace }: Decision, lamp: Lamp, zone: Zone): LampUse {
  const byPerson = rank === 'maintenance' || rank === 'emergency' || rank === 'override';
  if (rank !== 'presence' && rank !== 'traffic') return { levelPct, quietPct: levelPct, raisedBy: null, byPerson };
  // A rule may lower the programme.
  const programmePct = Math.min(DESIGN_LEVEL_PCT, ...trace.flatMap((line) => (line.rank === 'programme' ? (line.levelPct ?? []) : [])));
  const raisedPct = trace.find((line) => line.rank === rank && line.applied)?.levelPct ?? levelPct;
  const limitedOf = (pct: LevelPct): LevelPct => limitedPct(pct, { lamp, zone, isFree: pct === 0 && zone.dark !== null });
  // Constant light dims all levels alike.
  const share = zone.constantLight === null ? 1 : levelPct / Math.max(1, limitedOf(raisedPct));
  return { levelPct, quietPct: Math.min(levelPct, Math.round(limitedOf(programmePct) * share)), raisedBy: rank, byPerson };
}
