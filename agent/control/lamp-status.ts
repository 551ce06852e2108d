/** The state of each lamp as commands and people see it: its decision, its writes and its newest reading. */
import type { Field } from '../core/ports.ts';
import type { Intent, Reading } from '../core/words.ts';
import type { LampWork } from './requests/commands.ts';
import type { StreetIndex } from './street-index.ts';
import type { DecisionTracker } from './views/decision-tracker.ts';
import type { LampKnowledge } from './views/views.ts';
import type { Follower } from './writing/follower.ts';
import { isKnown, type Verification } from './writing/reconcile.ts';

export interface LampStatusParts {
  readonly index: StreetIndex;
  readonly field: Pick<Field, 'latest'>;
  readonly decisions: DecisionTracker;
  readonly follower: Follower;
  readonly verificationOf: (lampId: string) => Verification;
}

export class LampStatus {
  readonly #parts: LampStatusParts;

  constructor(parts: LampStatusParts) {
    this.#parts = parts;
  }

  /** Returns what a command depends on; undefined before the first decision. `intents`: in force for the lamp, strongest first. */
  work(lampId: string, intents: readonly Intent[]): LampWork | undefined {
    const decision = this.#parts.decisions.of(lampId)?.decision;
    return decision === undefined ? undefined : { decision, track: this.#parts.follower.track(lampId), intents };
  }

  /** Returns what is known of a lamp; undefined before the first decision. */
  knowledge(lampId: string): LampKnowledge | undefined {
    const { index, field, decisions, follower } = this.#parts;
    const known = decisions.of(lampId);
    const pointId = index.pointOf.get(lampId);
    if (known === undefined || pointId === undefined) return undefined;
    const measured = field.latest(pointId);
    return { ...known, measured, following: follower.isFollowing(lampId) && isKnown(measured) };
  }

  /** Whether a reading shows a lamp at another level than was decided. */
  isElsewhere({ pointId, value, quality }: Reading): boolean {
    const { index, decisions, verificationOf } = this.#parts;
    const lampId = index.lampAt.get(pointId);
    const decidedPct = lampId === undefined ? undefined : decisions.of(lampId)?.decision.levelPct;
    if (lampId === undefined || decidedPct === undefined || quality !== 'good' || value === null) return false;
    return Math.abs(value - decidedPct) > verificationOf(lampId).tolerance;
  }
}
