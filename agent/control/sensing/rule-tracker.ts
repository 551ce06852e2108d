/** Tracks which rules of the cabinet are active. `lighting/rule` decides when a rule is active. */
import type { Rule } from '../../core/cabinet.ts';
import type { PointId, Reading } from '../../core/words.ts';
import type { RuleState, SensorState, TrafficState } from '../../lighting/lighting.ts';
import { afterRuleInput, isSomeoneIn, type RuleFacts } from '../../lighting/rule.ts';
import type { TrackerParts } from './sensor-tracker.ts';

/** Inputs of rules besides readings: the states of sensors and of traffic. */
export interface RuleInputs {
  /** By point. */
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  /** By zone. */
  readonly traffic: ReadonlyMap<string, TrafficState>;
}

/** The states of the rules of the cabinet. */
export interface RuleTracker {
  /** Processes the readings that rules depend on. Returns true when a rule becomes active or ends. */
  take(readings: readonly Reading[]): boolean;
  /** Updates the rules with these inputs, the newest readings and the time. */
  refresh(inputs: RuleInputs): void;
  /** Returns the states by rule; a rule may be absent until its first reading or the first `refresh`. */
  states(): ReadonlyMap<string, RuleState>;
}

/** Creates the tracker of the rules of a street. No rule is active before the first reading or `refresh`. */
export function createRuleTracker({ street: { rules, zones }, field, clock }: Omit<TrackerParts, 'events'>): RuleTracker {
  const states = new Map<string, RuleState>();
  const take = (rule: Rule, facts: RuleFacts): boolean => {
    const before = states.get(rule.id);
    const after = afterRuleInput(before, facts, rule, clock.monoMs());
    states.set(rule.id, after);
    return after.holds !== (before?.holds ?? false);
  };
  const rulesOn = ({ pointId }: Reading): readonly Rule[] => rules.filter(({ when }) => 'point' in when && when.point === pointId);
  const factsOf = ({ when }: Rule, { sensors, traffic }: RuleInputs): RuleFacts => {
    if ('point' in when) return { kind: 'reading', reading: field.latest(when.point) };
    const zone = zones.find(({ id }) => id === when.zone);
    if (when.kind === 'presence') {
      const presence = zone?.presence ?? null;
      return { kind: 'presence', present: presence !== null && isSomeoneIn(presence, sensors, clock.monoMs()) };
    }
    const config = zone?.traffic ?? { designFlowPerH: 1 };
    return { kind: 'traffic', traffic: zone?.traffic ? traffic.get(when.zone) : undefined, config };
  };
  return {
    take: (readings) =>
      readings.flatMap((reading) => rulesOn(reading).map((rule) => take(rule, { kind: 'reading', reading }))).includes(true),
    refresh(inputs) {
      for (const rule of rules) take(rule, factsOf(rule, inputs));
    },
    states: () => states,
  };
}
