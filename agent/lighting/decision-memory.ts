/**
 * The same decision twice is one object.
 *
 * Owns the newest decision of each lamp. A street decides each lamp every second and mostly the same: copies that live until the next tick are
 * long-lived garbage to the engine, of which they were a quarter.
 */
import type { Decision, TraceLine } from '../core/words.ts';

/** Answers with the lamp's former decision as long as a fresh one says nothing else. */
export function createDecisionMemory(): (fresh: Decision) => Decision {
  const known = new Map<string, Decision>();
  return (fresh) => {
    const before = known.get(fresh.lampId);
    if (before !== undefined && isSame(before, fresh)) return before;
    known.set(fresh.lampId, fresh);
    return fresh;
  };
}

function isSame(a: Decision, b: Decision): boolean {
  return (
    a.levelPct === b.levelPct &&
    a.rank === b.rank &&
    a.reason === b.reason &&
    a.distanceM === b.distanceM &&
    a.trace.length === b.trace.length &&
    a.trace.every((line, at) => isSameLine(line, b.trace[at]))
  );
}

function isSameLine(a: TraceLine, b: TraceLine | undefined): boolean {
  return (
    b !== undefined &&
    a.rank === b.rank &&
    a.source === b.source &&
    a.levelPct === b.levelPct &&
    a.applied === b.applied &&
    a.text === b.text &&
    a.untilMs === b.untilMs
  );
}
