/**
 * Decides which levels are sent now on a line with a limited rate. A level that one write sets on all lamps of a group counts once: if it
 * were held back for some of them, the group would be written lamp by lamp.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LevelWrite } from '../../core/ports.ts';
import type { LevelPct } from '../../core/words.ts';

/** The lamps that one write sets together. */
export interface LampGroup {
  readonly lampIds: readonly string[];
  /** Returns true if one write can set this level on all of them. */
  canSet(levelPct: LevelPct): boolean;
}

/** The limits on how many levels are sent. */
export interface PaceParts {
  /** Larger groups first. A lamp is counted with the first group that can be written as a whole. */
  readonly groups: readonly LampGroup[];
  /** Takes one level from the rate of this lamp's line and returns true, also for a line without a limit. Returns false if none is left. */
  readonly mayWrite: (lampId: string, nowMono: MonoMs) => boolean;
}

/** A level to be sent to a lamp. The rate of the line limits it only in the lane `command`, not if it is `urgent`. */
export type PacedWrite = Pick<LevelWrite, 'lampId' | 'levelPct' | 'lane'>;

/**
 * Returns the lamps whose level is sent now: the urgent ones, and others as far as the rates of their lines allow. A group that can be
 * written as a whole counts as one level.
 */
export function lampsToWrite(writes: readonly PacedWrite[], { groups, mayWrite }: PaceParts, nowMono: MonoMs): ReadonlySet<string> {
  const waiting = new Map(writes.map((write) => [write.lampId, write]));
  const leaving = new Set(writes.filter(({ lane }) => lane === 'urgent').map(({ lampId }) => lampId));
  const isPaced = ({ lampId, lane }: PacedWrite): boolean => lane === 'command' && waiting.has(lampId);
  for (const group of groups) {
    const whole = wholeGroup(group, waiting);
    if (whole === undefined || !whole.some(isPaced)) continue;
    const [lead] = whole;
    const mayLeave = lead !== undefined && mayWrite(lead.lampId, nowMono);
    for (const { lampId } of whole) {
      if (mayLeave) leaving.add(lampId);
      waiting.delete(lampId);
    }
  }
  for (const { lampId } of [...waiting.values()].filter(isPaced)) if (mayWrite(lampId, nowMono)) leaving.add(lampId);
  return leaving;
}

/** The writes of all lamps of a group, if all wait for one level that one write can set. */
function wholeGroup({ lampIds, canSet }: LampGroup, waiting: ReadonlyMap<string, PacedWrite>): readonly PacedWrite[] | undefined {
  const writes = lampIds.flatMap((lampId) => waiting.get(lampId) ?? []);
  const [first] = writes;
  if (first === undefined || writes.length < lampIds.length || writes.some(({ levelPct }) => levelPct !== first.levelPct)) return undefined;
  return canSet(first.levelPct) ? writes : undefined;
}
