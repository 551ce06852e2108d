/** The state of each lamp for commands and people: its newest decision, its writes and its newest reading. */
import type { Clock } from '../../core/clock.ts';
import type { Field } from '../../core/ports.ts';
import type { Decision, Intent, Reading } from '../../core/words.ts';
import type { LampWork } from '../requests/commands.ts';
import type { StreetIndex } from '../street-knowledge.ts';
import type { Follower } from '../writing/follower.ts';
import { isFollowing, isKnown, type Verification } from '../writing/reconcile.ts';
import type { LampKnowledge } from './views.ts';

/** The dependencies of `LampStatus`. `field` has the newest readings of the lamps, and `follower` the state of their writes. */
export interface LampStatusParts {
  readonly index: StreetIndex;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly field: Pick<Field, 'latest'>;
  readonly follower: Pick<Follower, 'track'>;
  /** Only its `tolerance` is used, by `isElsewhere`. */
  readonly verificationOf: (lampId: string) => Verification;
  /** Receives the first decision of a lamp, and later ones with another level, rank or reason. */
  readonly onDecision: (decision: Decision) => void;
}

/** The newest decision of each lamp, combined with its writes and readings. */
export class LampStatus {
  /** How often presence raised the decided level of a lamp, since this object was created. A lamp's first decision does not count. */
  lampsRaised = 0;
  readonly #parts: LampStatusParts;
  readonly #known = new Map<string, Pick<LampKnowledge, 'decision' | 'sinceMs'>>();

  constructor(parts: LampStatusParts) {
    this.#parts = parts;
  }

  /** Stores the decisions of a tick. A lamp without one keeps its former decision. */
  take(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#takeOne(decision);
  }

  /** The newest decision of each lamp; empty before the first tick. */
  decisions(): readonly Decision[] {
    return [...this.#known.values()].map(({ decision }) => decision);
  }

  /**
   * Returns the state that a command depends on; undefined before the first decision. `intents`: in force for the lamp, strongest first.
   */
  work(lampId: string, intents: readonly Intent[]): LampWork | undefined {
    const decision = this.#known.get(lampId)?.decision;
    return decision && { decision, track: this.#parts.follower.track(lampId), intents };
  }

  /** Returns the known state of a lamp; undefined before its first decision, and for an unknown lamp. */
  knowledge(lampId: string): LampKnowledge | undefined {
    const { index, field, follower } = this.#parts;
    const known = this.#known.get(lampId);
    const pointId = index.pointOf.get(lampId);
    if (known === undefined || pointId === undefined) return undefined;
    const measured = field.latest(pointId);
    return { ...known, measured, following: isFollowing(follower.track(lampId)) && isKnown(measured) };
  }

  /** Whether a good reading differs from the decided level by more than the tolerance of the lamp's profile. */
  isElsewhere({ pointId, value, quality }: Reading): boolean {
    const { index, verificationOf } = this.#parts;
    const lampId = index.lampAt.get(pointId);
    const decidedPct = lampId === undefined ? undefined : this.#known.get(lampId)?.decision.levelPct;
    if (lampId === undefined || decidedPct === undefined || quality !== 'good' || value === null) return false;
    return Math.abs(value - decidedPct) > verificationOf(lampId).tolerance;
  }

  #takeOne(decision: Decision): void {
    const { clock, onDecision } = this.#parts;
    const before = this.#known.get(decision.lampId);
    if (before?.decision === decision) return;
    const changed = before === undefined || !isSameChoice(before.decision, decision);
    this.#known.set(decision.lampId, { decision, sinceMs: changed ? clock.wallMs() : before.sinceMs });
    if (!changed) return;
    if (decision.rank === 'presence' && before !== undefined && decision.levelPct > before.decision.levelPct) this.lampsRaised++;
    onDecision(decision);
  }
}

/** Whether level, rank and reason are unchanged; the wording of the trace does not matter. */
function isSameChoice(a: Decision, b: Decision): boolean {
  return a.levelPct === b.levelPct && a.rank === b.rank && a.reason === b.reason;
}
