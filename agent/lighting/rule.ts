/**
 * Decides whether a rule of the cabinet is active, and which zones it raises.
 *
 * Applies threshold, hysteresis and delay. Pure: a state, the facts and the time in, a state out. The result depends on when values were read, not on
 * how often they are evaluated.
 *
 * A rule without a good value ends: a failed sensor must not leave a warning on the panel for ever.
 */

import type { PresenceConfig, Rule, RuleInput, TrafficConfig } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Argument, type Message, msg } from '../core/message.ts';
import type { LevelPct, PointId, Reading } from '../core/words.ts';
import type { RuleState, SensorState, TrafficState } from './lighting.ts';
import { flowPerH } from './traffic.ts';

/**
 * How much longer than `forS` a rule stays active after its last good value. Units: ms. Source: assumed; a unit that restarts is back within a
 * minute. Confirmed by: restart times of units in a week of logs.
 */
const LOST_MS = 60_000;

/** The facts that the condition of a rule names: the reading of a point, presence in a zone (also during the hold), or its traffic. */
export type RuleFacts =
  | { readonly kind: 'reading'; readonly reading: Reading | undefined }
  | { readonly kind: 'presence'; readonly present: boolean }
  | { readonly kind: 'traffic'; readonly traffic: TrafficState | undefined; readonly config: Pick<TrafficConfig, 'designFlowPerH'> };

/** The facts as compared with the rule's thresholds. */
interface MeasuredInput {
  /** Beyond the threshold, back at `clearsAt`, in the band between them, or without a good value. */
  readonly side: 'beyond' | 'clear' | 'between' | 'lost';
  readonly value: number | null;
  readonly atMono: MonoMs;
}

/** The state in full. */
type Watched = Required<RuleState>;

/**
 * Returns the state of a rule after one more evaluation. `before`: undefined at the first one. `facts`: those that `when` names. A reading
 * that is not `good` counts as lost. An active rule whose value is lost ends at most `forS` and a minute later.
 */
export function afterRuleInput(before: RuleState | undefined, facts: RuleFacts, { when }: Pick<Rule, 'when'>, nowMono: MonoMs): RuleState {
  const forMs = 'forS' in when ? when.forS * 1_000 : 0;
  const input = inputOf(facts, when, nowMono);
  if (input === null) return settled(watched(before, nowMono), forMs, nowMono);
  // A change that was due before this value was read counts, even if it was not evaluated then.
  const state = settled(watched(before, nowMono), forMs, input.atMono);
  return settled(seen(state, input), forMs, nowMono);
}

/**
 * Whether a sensor of a zone detects a person or vehicle, or did within its hold: `holdS` less its `ownHoldS`. Sensors that are stuck, or
 * whose `listen` is `group`, do not count. A sensor without a usable value counts only within its hold.
 */
export function isSomeoneIn(
  { sensors, holdS }: Pick<PresenceConfig, 'sensors' | 'holdS'>,
  states: ReadonlyMap<PointId, SensorState>,
  nowMono: MonoMs,
): boolean {
  return sensors.some(({ device, point, listen, ownHoldS }) => {
    const state = states.get(`${device}.${point}`);
    if (state === undefined || state.stuck === true || listen === 'group') return false;
    if (state.present && (state.quality === 'good' || state.quality === 'stale')) return true;
    const holdMs = Math.max(0, holdS - ownHoldS) * 1_000;
    return state.lastPresentMono !== null && nowMono < state.lastPresentMono + holdMs;
  });
}

/** Returns the raise of a zone by the active rule with the highest raise level; null if no active rule raises the zone. */
export function rulesRaise(
  rules: readonly Rule[],
  states: ReadonlyMap<string, RuleState>,
  zoneId: string,
): { readonly levelPct: LevelPct; readonly rule: string; readonly text: Message } | null {
  let best: { levelPct: LevelPct; rule: Rule; state: RuleState } | null = null;
  for (const rule of rules) {
    const state = states.get(rule.id);
    if (state?.holds !== true || rule.raise?.zones.includes(zoneId) !== true) continue;
    if (best === null || rule.raise.levelPct > best.levelPct) best = { levelPct: rule.raise.levelPct, rule, state };
  }
  return best === null ? null : { levelPct: best.levelPct, rule: best.rule.id, text: ruleText(best.rule, best.state) };
}

/** Returns the limit of a zone by the active rule with the lowest limit; null if no active rule lowers the zone. */
export function rulesLower(
  rules: readonly Rule[],
  states: ReadonlyMap<string, RuleState>,
  zoneId: string,
): { readonly levelPct: LevelPct; readonly rule: string; readonly text: Message } | null {
  let best: { levelPct: LevelPct; rule: Rule; state: RuleState } | null = null;
  for (const rule of rules) {
    const state = states.get(rule.id);
    if (state?.holds !== true || rule.lower?.zones.includes(zoneId) !== true) continue;
    if (best === null || rule.lower.levelPct < best.levelPct) best = { levelPct: rule.lower.levelPct, rule, state };
  }
  return best === null ? null : { levelPct: best.levelPct, rule: best.rule.id, text: ruleText(best.rule, best.state) };
}

/**
 * Returns the text of a rule for the trace: what it compares, the newest value, and the value at which it begins or ends. For presence:
 * whether someone is in the zone.
 */
export function ruleText({ id, when }: Pick<Rule, 'id' | 'when'>, { holds, value = null }: RuleState): Message {
  if (when.kind === 'presence') return holds ? msg`${id}: someone in ${when.zone}` : msg`${id}: no one in ${when.zone}`;
  const isTraffic = when.kind === 'traffic';
  const what = isTraffic ? msg`traffic in ${when.zone}` : when.point;
  const inUnit = (number: number): Argument => (isTraffic ? msg`${number} %` : number);
  const next = holds
    ? msg`until ${inUnit(when.clearsAt)}`
    : when.kind === 'below'
      ? msg`holds below ${when.value}`
      : msg`holds above ${inUnit(isTraffic ? when.flowPct : when.value)}`;
  if (value === null) return msg`${id}: ${what} without a value, ${next}`;
  return msg`${id}: ${what} at ${inUnit(Math.round(value * 100) / 100)}, ${next}`;
}

function watched(before: RuleState | undefined, nowMono: MonoMs): Watched {
  return { holds: false, sinceMono: nowMono, value: null, beyondMono: null, clearMono: null, lostMono: null, ...before };
}

/** Null before the first reading. */
function inputOf(facts: RuleFacts, when: RuleInput, nowMono: MonoMs): MeasuredInput | null {
  if (facts.kind === 'presence') return { side: facts.present ? 'beyond' : 'clear', value: null, atMono: nowMono };
  if (facts.kind === 'traffic') {
    const flow = facts.traffic === undefined ? null : flowPerH(facts.traffic);
    const value = flow === null ? null : (100 * flow) / facts.config.designFlowPerH;
    return { side: sideOf(value, when), value, atMono: nowMono };
  }
  if (facts.reading === undefined) return null;
  const { value, quality, atMono } = facts.reading;
  const good = quality === 'good' ? value : null;
  return { side: sideOf(good, when), value: good, atMono };
}

function sideOf(value: number | null, when: RuleInput): MeasuredInput['side'] {
  if (value === null || when.kind === 'presence') return 'lost';
  const sign = when.kind === 'below' ? -1 : 1;
  const limit = when.kind === 'traffic' ? when.flowPct : when.value;
  if (sign * value > sign * limit) return 'beyond';
  return sign * value <= sign * when.clearsAt ? 'clear' : 'between';
}

function seen(state: Watched, { side, value, atMono }: MeasuredInput): Watched {
  return {
    ...state,
    value,
    beyondMono: side === 'beyond' ? (state.beyondMono ?? atMono) : null,
    // A value that is lost while it returns to normal does not delay the end.
    clearMono: side === 'clear' ? (state.clearMono ?? atMono) : side === 'lost' ? state.clearMono : null,
    lostMono: side === 'lost' ? (state.lostMono ?? atMono) : null,
  };
}

/** The state after changes caused by time alone. */
function settled(state: Watched, forMs: number, nowMono: MonoMs): Watched {
  const { holds, sinceMono, beyondMono, clearMono, lostMono } = state;
  if (!holds)
    return beyondMono !== null && nowMono >= beyondMono + forMs ? { ...state, holds: true, sinceMono: beyondMono + forMs } : state;
  const ends = [clearMono === null ? null : clearMono + forMs, lostMono === null ? null : lostMono + forMs + LOST_MS];
  const endMono = Math.min(...ends.filter((mono) => mono !== null));
  return nowMono >= endMono ? { ...state, holds: false, sinceMono: Math.max(endMono, sinceMono) } : state;
}
