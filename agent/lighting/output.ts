/**
 * The value of an output other than a lamp: a contactor, an info panel, a sound level.
 *
 * Pure: the lit zones, the active rules and the former value in, the value out.
 *
 * The first active rule has precedence over `litWith`, and that over `idle`. A value stays for its minimum time, whatever is decided. Three
 * exceptions protect the light:
 * - a circuit is never set to idle while one of its zones is lit, not even by a rule;
 * - a circuit whose zone is to be lit rests for `LIT_REST_S` at most;
 * - in an emergency of the whole cabinet or of one of its zones it is switched on immediately.
 */

import type { Output } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import { outputNumber } from '../core/output-values.ts';
import type { PointProfile } from '../core/profile.ts';
import type { Decision, Intent, LevelPct, PointId } from '../core/words.ts';
import type { LightingStreet, RuleState } from './lighting.ts';
import { spell } from './spell.ts';

/**
 * An output with its values as numbers, and how a written value is read back; the rest as in `Output`. Units: values and `tolerance` in the
 * point's own; `settleMs` in ms.
 */
export interface ResolvedOutput extends Omit<Output, 'idle' | 'litWith' | 'rules'> {
  readonly pointId: PointId;
  /** The point that proves the written value: the point itself, or another. */
  readonly proofId: PointId;
  /** A value read up to this long after the end of a write is no evidence about it. */
  readonly settleMs: number;
  /** The largest difference between the decided and the read value that agrees. */
  readonly tolerance: number;
  readonly idle: number;
  /** The value while one of these zones is lit, unless a rule decides; null: none. */
  readonly litWith: { readonly zones: readonly string[]; readonly value: number } | null;
  /** The value of the first active rule counts. */
  readonly rules: readonly { readonly rule: string; readonly value: number }[];
}

/** The value that the agent has decided for an output, since when, and why. */
export interface OutputState {
  readonly value: number;
  /** When the agent changed to this value, or decided the first value after a start or a new configuration of the light. */
  readonly sinceMono: MonoMs;
  /** The reason, as text for people. */
  readonly text: Message;
}

/** The inputs from which the value of an output is decided, besides its configuration. */
export interface OutputFacts {
  /** As the function `litZones` returns them. */
  readonly litZones: ReadonlySet<string>;
  /** By id of the rule; one that is absent counts as not active. */
  readonly ruleStates: ReadonlyMap<string, RuleState>;
  /** The state so far; undefined while there is none after a start or a new configuration of the light. */
  readonly before: OutputState | undefined;
  /** The value read at the device; null without a good one. */
  readonly found: number | null;
  /** An emergency intent lights the cabinet or one of the output's zones. */
  readonly isEmergency: boolean;
  readonly nowMono: MonoMs;
}

/**
 * Longest rest of a circuit before it lights its zone again. Units: s.
 * Source: contactors for lamps are built for 300 to 1,200 operations an hour; a few at this distance, then `minOnS`, stay far below.
 */
const LIT_REST_S = 2;

type Wanted = Pick<OutputState, 'value' | 'text'>;

/**
 * Returns the value of an output from now on, with its start and reason, decided by its rules and lit zones. A value usually stays for a
 * minimum time before it changes.
 */
export function outputValue(output: ResolvedOutput, facts: OutputFacts): OutputState {
  const { before, nowMono } = facts;
  const wanted = wantedOf(output, facts);
  if (before === undefined) return { ...firstValue(output, wanted, facts), sinceMono: nowMono };
  if (wanted.value === before.value) return { ...before, text: wanted.text };
  const isLight = isLit(output, facts) && before.value === output.idle;
  const restS = isLight ? Math.min(output.minOffS, LIT_REST_S) : output.minOffS;
  const untilMono = before.sinceMono + (before.value === output.idle ? restS : output.minOnS) * 1_000;
  if (nowMono >= untilMono || (facts.isEmergency && isLight)) return { ...wanted, sinceMono: nowMono };
  return { ...before, text: msg`stays ${spell(untilMono - nowMono)} more, then ${wanted.value}: ${wanted.text}` };
}

/**
 * Returns the ids of the zones with a lamp that is to be lit, or still is. `measuredPct`: the measured level of a lamp, or null if unknown.
 */
export function litZones(
  { zones }: Pick<LightingStreet, 'zones'>,
  decisions: readonly Pick<Decision, 'lampId' | 'levelPct'>[],
  measuredPct: (lampId: string) => LevelPct | null,
): ReadonlySet<string> {
  const wanted = new Set(decisions.filter(({ levelPct }) => levelPct > 0).map(({ lampId }) => lampId));
  const isLampLit = (lampId: string): boolean => wanted.has(lampId) || (measuredPct(lampId) ?? 0) > 0;
  return new Set(zones.filter(({ lamps }) => lamps.some(isLampLit)).map(({ id }) => id));
}

/** Whether an intent of rank `emergency` above 0 % is in force for the whole cabinet or one of these zones. */
export function isEmergency(intents: readonly Intent[], nowMono: MonoMs, zones: readonly string[] = []): boolean {
  const isMeant = ({ kind, id }: Intent['target']): boolean => kind === 'cabinet' || (kind === 'zone' && zones.includes(id));
  return intents.some(
    ({ rank, target, levelPct, untilMono }) => rank === 'emergency' && isMeant(target) && levelPct > 0 && nowMono < untilMono,
  );
}

/**
 * Returns the outputs of a street that the agent may write, with their values as numbers. An output with an unknown value is left out.
 * `pointOf` returns the profile of a point, or undefined.
 */
export function resolveOutputs(
  { outputs }: Pick<LightingStreet, 'outputs'>,
  pointOf: (id: PointId) => PointProfile | undefined,
): ResolvedOutput[] {
  return outputs.flatMap((output) => {
    const pointId: PointId = `${output.device}.${output.point}`;
    const point = pointOf(pointId);
    if (point === undefined || point.write === null || point.write.dangerous) return [];
    const { verify, settleMs, tolerance } = point.write;
    const idle = outputNumber(output.idle, point);
    const lit = output.litWith === null ? undefined : outputNumber(output.litWith.value, point);
    const rules = output.rules.flatMap(({ rule, value }) => {
      const number = outputNumber(value, point);
      return number === undefined ? [] : [{ rule, value: number }];
    });
    if (idle === undefined || rules.length < output.rules.length || (output.litWith !== null && lit === undefined)) return [];
    const litWith = output.litWith === null || lit === undefined ? null : { zones: output.litWith.zones, value: lit };
    return [{ ...output, pointId, proofId: `${output.device}.${verify ?? output.point}`, settleMs, tolerance, idle, litWith, rules }];
  });
}

function isLit({ litWith }: ResolvedOutput, { litZones: lit }: OutputFacts): boolean {
  return litWith?.zones.some((zone) => lit.has(zone)) === true;
}

function wantedOf(output: ResolvedOutput, facts: OutputFacts): Wanted {
  const { idle, litWith, rules } = output;
  const lit = isLit(output, facts);
  const holding = rules.find(({ rule, value }) => facts.ruleStates.get(rule)?.holds === true && !(lit && value === idle));
  if (holding !== undefined) return { value: holding.value, text: msg`rule ${holding.rule} holds` };
  if (litWith === null || !lit) return { value: idle, text: msg`nothing else is requested` };
  return { value: litWith.value, text: msg`zone ${litWith.zones.find((zone) => facts.litZones.has(zone)) ?? ''} is lit` };
}

/**
 * After a start, light is not delayed. Any other value that the device still has stays for its minimum time, because the rule behind it needs as long
 * to become active again.
 */
function firstValue({ idle, litWith, rules, minOnS }: ResolvedOutput, wanted: Wanted, { found }: OutputFacts): Wanted {
  const own = [...(litWith === null ? [] : [litWith.value]), ...rules.map(({ value }) => value)];
  if (wanted.value !== idle || found === null || found === idle || !own.includes(found) || minOnS === 0) return wanted;
  return { value: found, text: msg`as found at the start` };
}
