/**
 * What does an output beyond the lamps show now: a contactor, an info panel, a sound level?
 *
 * Owns which value goes before which, and how long one stays. Pure: what is lit, which rules hold and what the output was in, its value out.
 *
 * The first rule that holds goes before `litWith`, and that before `idle`. A value stays for its shortest time, whatever is wanted
 * meanwhile. Two things go before that, for the sake of light: a circuit is never put to idle while one of its zones is lit, not even
 * by a rule; and in an emergency of the whole cabinet it is switched on at once.
 */
import type { Output } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { outputNumber } from '../core/output-values.ts';
import type { PointProfile } from '../core/profile.ts';
import type { Decision, Intent, LevelPct, PointId } from '../core/words.ts';
import type { LightingStreet, RuleState } from './lighting.ts';
import { sentence, spell } from './sentence.ts';

/** An output with its values as numbers, and what its profile says of its point. Units: the point's own. */
export interface ResolvedOutput extends Omit<Output, 'idle' | 'litWith' | 'rules'> {
  readonly pointId: PointId;
  /** The point that proves what was written: itself, or another. */
  readonly proofId: PointId;
  readonly settleMs: number;
  readonly tolerance: number;
  readonly idle: number;
  readonly litWith: { readonly zones: readonly string[]; readonly value: number } | null;
  readonly rules: readonly { readonly rule: string; readonly value: number }[];
}

/** What an output shows by our own word. */
export interface OutputState {
  readonly value: number;
  /** Since when this value. */
  readonly sinceMono: MonoMs;
  /** Why, for people. */
  readonly text: string;
}

/** All that the value of an output may depend on. */
export interface OutputFacts {
  readonly litZones: ReadonlySet<string>;
  readonly ruleStates: ReadonlyMap<string, RuleState>;
  /** Undefined after a start. */
  readonly before: OutputState | undefined;
  /** What was read at the device; null where nothing good was. */
  readonly found: number | null;
  /** All is to be lit, by rank `emergency` on the cabinet. */
  readonly isEmergency: boolean;
  readonly nowMono: MonoMs;
}

type Wish = Pick<OutputState, 'value' | 'text'>;

/** What an output shows from now on; the state before where nothing changes. */
export function outputValue(output: ResolvedOutput, sight: OutputFacts): OutputState {
  const { before, nowMono } = sight;
  const wish = wishOf(output, sight);
  if (before === undefined) return { ...firstValue(output, wish, sight), sinceMono: nowMono };
  if (wish.value === before.value) return { ...before, text: wish.text };
  const isLight = isLit(output, sight) && before.value === output.idle;
  const untilMono = before.sinceMono + (before.value === output.idle ? output.minOffS : output.minOnS) * 1_000;
  if (nowMono >= untilMono || (sight.isEmergency && isLight)) return { ...wish, sinceMono: nowMono };
  return { ...before, text: sentence(`stays ${spell(untilMono - nowMono)} more, then ${wish.value}: ${wish.text}`) };
}

/** The zones with a lamp that is to be lit, or still is: a driver falls for seconds after it was told to be dark. */
export function litZones(
  { zones }: Pick<LightingStreet, 'zones'>,
  decisions: readonly Pick<Decision, 'lampId' | 'levelPct'>[],
  measuredPct: (lampId: string) => LevelPct | null,
): ReadonlySet<string> {
  const wanted = new Set(decisions.filter(({ levelPct }) => levelPct > 0).map(({ lampId }) => lampId));
  const isLampLit = (lampId: string): boolean => wanted.has(lampId) || (measuredPct(lampId) ?? 0) > 0;
  return new Set(zones.filter(({ lamps }) => lamps.some(isLampLit)).map(({ id }) => id));
}

/** Whether a wish in force puts the whole cabinet alight. */
export function isEmergency(intents: readonly Intent[], nowMono: MonoMs): boolean {
  return intents.some(
    ({ rank, target, levelPct, untilMono }) => rank === 'emergency' && target.kind === 'cabinet' && levelPct > 0 && nowMono < untilMono,
  );
}

/**
 * The outputs of a street as numbers.
 *
 * Shape: `pointOf` is the profile of a point. An output whose point cannot be written, or one of whose values has no number, is left
 * out; the config room has told so (`outputProblems`).
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

function wishOf(output: ResolvedOutput, sight: OutputFacts): Wish {
  const { idle, litWith, rules } = output;
  const lit = isLit(output, sight);
  const holding = rules.find(({ rule, value }) => sight.ruleStates.get(rule)?.holds === true && !(lit && value === idle));
  if (holding !== undefined) return { value: holding.value, text: sentence(`rule ${holding.rule} holds`) };
  if (litWith === null || !lit) return { value: idle, text: 'nothing else is wanted' };
  return { value: litWith.value, text: sentence(`zone ${litWith.zones.find((zone) => sight.litZones.has(zone))} is lit`) };
}

/**
 * After a start light does not wait, but what the device still shows stays for its shortest time: the rule behind it needs as long
 * to be known again.
 */
function firstValue({ idle, litWith, rules, minOnS }: ResolvedOutput, wish: Wish, { found }: OutputFacts): Wish {
  const own = [...(litWith === null ? [] : [litWith.value]), ...rules.map(({ value }) => value)];
  if (wish.value !== idle || found === null || found === idle || !own.includes(found) || minOnS === 0) return wish;
  return { value: found, text: 'as found at the start' };
}
