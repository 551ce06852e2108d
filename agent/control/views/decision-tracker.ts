/**
 * Tracks the newest decision of every lamp and since when it holds.
 *
 * A change is one of level, rank or reason, not of the wording of the trace.
 */
import type { Clock, WallMs } from '../../core/clock.ts';
import type { Decision } from '../../core/words.ts';

interface KnownDecision {
  readonly decision: Decision;
  /** Wall time of the last change. */
  readonly sinceMs: WallMs;
}

export interface DecisionTracker {
  /** Takes the decisions of a tick and publishes those that changed. */
  take(decisions: readonly Decision[]): void;
  of(lampId: string): KnownDecision | undefined;
  all(): readonly Decision[];
  /** How often presence raised a lamp. */
  lampsRaised(): number;
}

export function createDecisionTracker({
  clock,
  onDecision,
}: {
  readonly clock: Clock;
  readonly onDecision: (decision: Decision) => void;
}): DecisionTracker {
  const known = new Map<string, KnownDecision>();
  let lampsRaised = 0;
  const takeOne = (decision: Decision): void => {
    const before = known.get(decision.lampId);
    if (before?.decision === decision) return;
    const changed = before === undefined || !sameChoice(before.decision, decision);
    known.set(decision.lampId, { decision, sinceMs: changed ? clock.wallMs() : before.sinceMs });
    if (!changed) return;
    if (decision.rank === 'presence' && before !== undefined && decision.levelPct > before.decision.levelPct) lampsRaised++;
    onDecision(decision);
  };
  return {
    take: (decisions) => decisions.forEach(takeOne),
    of: (lampId) => known.get(lampId),
    all: () => [...known.values()].map(({ decision }) => decision),
    lampsRaised: () => lampsRaised,
  };
}

function sameChoice(a: Decision, b: Decision): boolean {
  return a.levelPct === b.levelPct && a.rank === b.rank && a.reason === b.reason;
}
