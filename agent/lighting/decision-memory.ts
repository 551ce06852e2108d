/**
 * Returns the same object for the same decision.
 *
 * A street decides each lamp every second, mostly with the same result. Copies that live until the next tick are long-lived garbage to the engine;
 * they were a quarter of it.
 */
import type { Decision, TraceLine } from '../core/words.ts';

/** Returns a function that returns the lamp's former decision as long as a new one is equal. */
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
