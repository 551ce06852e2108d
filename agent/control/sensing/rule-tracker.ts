/**
 * Which rules of the cabinet hold.
 *
 * Owns their states while the agent runs. When a rule holds is decided in `lighting/rule`.
 */
import type { Rule } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import type { Field } from '../../core/ports.ts';
import type { PointId, Reading } from '../../core/words.ts';
import type { LightingStreet, RuleState, SensorState, TrafficState } from '../../lighting/lighting.ts';
import { afterRuleInput, isSomeoneIn, type RuleFacts } from '../../lighting/rule.ts';

/** What rules see besides readings. */
export interface RuleInputs {
  /** By point. */
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  /** By zone. */
  readonly traffic: ReadonlyMap<string, TrafficState>;
}

export interface RuleTracker {
  /** Takes readings that a rule looks at; true when one begins or ends for it. */
  take(readings: readonly Reading[]): boolean;
  /** Looks at presence, traffic, and at what passes by time alone. */
  refresh(inputs: RuleInputs): void;
  /** By rule. */
  states(): ReadonlyMap<string, RuleState>;
}

export function createRuleTracker({
  street: { rules, zones },
  field,
  clock,
}: {
  readonly street: Pick<LightingStreet, 'rules' | 'zones'>;
  readonly field: Pick<Field, 'latest'>;
  readonly clock: Pick<Clock, 'monoMs'>;
}): RuleTracker {
  const states = new Map<string, RuleState>();
  const take = (rule: Rule, sight: RuleFacts): boolean => {
    const before = states.get(rule.id);
    const after = afterRuleInput(before, sight, rule, clock.monoMs());
    states.set(rule.id, after);
    return after.holds !== (before?.holds ?? false);
  };
  const sightOf = ({ when }: Rule, { sensors, traffic }: RuleInputs): RuleFacts => {
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
      readings
        .flatMap((reading) =>
          rules
            .filter(({ when }) => 'point' in when && when.point === reading.pointId)
            .map((rule) => take(rule, { kind: 'reading', reading })),
        )
        .includes(true),
    refresh(inputs) {
      for (const rule of rules) take(rule, sightOf(rule, inputs));
    },
    states: () => states,
  };
}
