/** Explains a line of a decision's trace on demand: since when it applies, and what would change it. Pure. */

import type { Rule, TrafficConfig, Zone } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { isSameMessage, type Message, msg, NO_TEXT } from '../core/message.ts';
import type { Intent, LevelPct, TraceLine } from '../core/words.ts';
import { WARNING_TEXT } from './arbiter.ts';
import { intentsFor } from './intents.ts';
import type { LightingSnapshot, LightingStreet, SensorState } from './lighting.ts';
import { isDarkAt } from './night.ts';
import { sensorPointOf } from './presence.ts';
import { chosenIn, type ProgrammeState } from './programme.ts';
import type { ZonePlan } from './zone-moment.ts';

/** The explanation of one line of a trace. */
export interface Explained {
  /** Since when the line applies, for a programme as planned; null if that is not known. */
  readonly sinceMs: WallMs | null;
  /** What would change or end it, for people; may be empty. */
  readonly changes: Message;
}

/** The inputs of the decision from whose trace a line is explained. `zone` and `plan` are null for a lamp without a zone. */
export interface ExplainFacts {
  readonly street: Pick<LightingStreet, 'rules'>;
  readonly lampId: string;
  readonly zone: Zone | null;
  readonly plan: ZonePlan | null;
  readonly snapshot: LightingSnapshot;
}

const NOTHING: Explained = { sinceMs: null, changes: NO_TEXT };

/**
 * Explains one line of a decision's trace: since when it applies, and what would change it. `sinceMs` may be null, and `changes` may be
 * empty.
 */
export function explain(line: TraceLine, facts: ExplainFacts): Explained {
  switch (line.rank) {
    case 'maintenance':
    case 'emergency':
    case 'override':
      return ofIntent(intentsOfLamp(facts).find((intent) => isItsLine(intent, line)));
    case 'presence':
      return ofPresence(line, facts);
    case 'traffic':
      return ofTraffic(line, facts);
    case 'programme':
      return ofProgramme(line, facts);
    case 'dusk':
      return ofDusk(line, facts);
    case 'default':
      return NOTHING;
  }
}

function intentsOfLamp({ lampId, zone, snapshot }: ExplainFacts): readonly Intent[] {
  return intentsFor(snapshot.intents, { lampId, zoneId: zone?.id ?? null }, Number.NEGATIVE_INFINITY);
}

function isItsLine({ rank, source, levelPct }: Intent, line: TraceLine): boolean {
  return rank === line.rank && source === line.source && levelPct === line.levelPct;
}

/** A limit has the rank of the intent that it limits, but is not an intent. */
function ofIntent(intent: Intent | undefined): Explained {
  if (intent === undefined) return NOTHING;
  const { target, goesByItself, sinceMs } = intent;
  const isReleasable = goesByItself !== true && target.kind !== 'cabinet';
  return { sinceMs, changes: isReleasable ? msg`luciole release ${target.id}` : NO_TEXT };
}

function wallOf(mono: MonoMs, { nowMs, nowMono }: LightingSnapshot): WallMs {
  return Math.round(nowMs - (nowMono - mono));
}

function ofPresence({ source, levelPct, text }: TraceLine, { zone, plan, snapshot }: ExplainFacts): Explained {
  const presence = zone?.presence ?? null;
  const sensor = presence?.sensors.find(({ device }) => device === source);
  if (presence === null || sensor === undefined) return NOTHING;
  if (isSameMessage(text, WARNING_TEXT)) return { sinceMs: null, changes: msg`then 0 %` };
  const state = snapshot.sensors.get(sensorPointOf(sensor));
  if (levelPct === null && zone !== null && snapshot.overRaised?.has(zone.id) === true)
    return { sinceMs: null, changes: msg`raises again once all sensors of the zone are clear` };
  if (levelPct === null) {
    const boostPct = programmeNow(plan, snapshot)?.stretch?.boostPct ?? presence.boostPct;
    return { sinceMs: null, changes: raisedBy(sensor.listen, state, boostPct) };
  }
  const sinceMs = state?.sinceMono == null ? null : wallOf(state.sinceMono, snapshot);
  const holdS = Math.max(0, presence.holdS - sensor.ownHoldS);
  return {
    sinceMs,
    changes: state?.present === true ? msg`falls ${holdS} s after its last detection` : msg`a new detection restarts the hold time`,
  };
}

function raisedBy(listen: 'own' | 'group', state: SensorState | undefined, boostPct: LevelPct): Message {
  if (listen === 'group') return NO_TEXT;
  if (state?.stuck === true) return msg`used again once it clears`;
  if (state === undefined || state.quality === 'bad' || state.quality === 'missing') return msg`used again once it answers`;
  return msg`someone there raises to ${boostPct} %`;
}

function ofTraffic({ source, levelPct }: TraceLine, { street, zone, snapshot }: ExplainFacts): Explained {
  const rule = street.rules.find(({ id }) => id === source);
  const state = rule === undefined ? undefined : snapshot.rules?.get(rule.id);
  if (rule !== undefined && state !== undefined && rule.raise?.levelPct === levelPct) {
    return { sinceMs: wallOf(state.sinceMono, snapshot), changes: ruleEnd(rule) };
  }
  const traffic = zone === null || source !== zone.id ? undefined : snapshot.traffic?.get(zone.id);
  if (zone?.traffic == null || traffic === undefined) return NOTHING;
  const changes = traffic.fault == null ? nextStep(zone.traffic, traffic.step) : msg`over with the next count`;
  return { sinceMs: wallOf(traffic.sinceMono, snapshot), changes };
}

function ruleEnd({ when }: Rule): Message {
  if (when.kind === 'presence') return msg`over once no one is present`;
  return when.kind === 'traffic' ? msg`over at ${when.clearsAt} % of the design flow` : msg`over at ${when.clearsAt}`;
}

/** More light is applied immediately; less only after two low counts of ten minutes. */
function nextStep({ steps, designFlowPerH }: TrafficConfig, step: number | null): Message {
  const perH = (belowPct: number): number => Math.round((belowPct / 100) * designFlowPerH);
  const [own, highest] = [step === null ? undefined : steps[step], steps.at(-1)];
  if (own !== undefined) return msg`more light from ${perH(own.belowPct)}/h on`;
  return highest === undefined ? NO_TEXT : msg`less after two counts below ${perH(highest.belowPct)}/h`;
}

function programmeNow(plan: ZonePlan | null, snapshot: LightingSnapshot): ProgrammeState | null {
  return plan === null ? null : plan.programme.at(snapshot.nowMs, chosenIn(snapshot, plan.zone.id)?.programme);
}

function ofProgramme(line: TraceLine, { street, zone, plan, snapshot }: ExplainFacts): Explained {
  const { nowMs } = snapshot;
  const lowering = street.rules.find(({ id, lower }) => id === line.source && lower?.levelPct === line.levelPct);
  const loweringState = lowering === undefined ? undefined : snapshot.rules?.get(lowering.id);
  if (lowering !== undefined && loweringState !== undefined) {
    return { sinceMs: wallOf(loweringState.sinceMono, snapshot), changes: ruleEnd(lowering) };
  }
  const state = programmeNow(plan, snapshot);
  // A limit has this rank too.
  if (plan === null || state === null || state.stretch?.source !== line.source) return NOTHING;
  const { stretch, next } = state;
  const night = plan.nights.at(nowMs);
  const duskMs = night.dark.find(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs)?.fromMs ?? null;
  const sinceMs = duskMs === null ? stretch.atMs : Math.max(stretch.atMs, duskMs);
  if (next === null || !isDarkAt(night, next.atMs)) return { sinceMs, changes: NO_TEXT };
  if (next.levelPct > 0 || zone?.dark == null) return { sinceMs, changes: msg`then ${next.levelPct} %` };
  return { sinceMs, changes: msg`then ${next.levelPct} %, after ${zone.dark.warnS} s at ${zone.dark.warnPct} %` };
}

function ofDusk({ source, levelPct }: TraceLine, { plan, snapshot: { nowMs } }: ExplainFacts): Explained {
  if (source === 'clock') return { sinceMs: null, changes: msg`over once the time is known` };
  // The last change of a photocell is not recorded.
  if (source !== 'sun' || plan === null) return NOTHING;
  const night = plan.nights.at(nowMs);
  if (levelPct === null) {
    return {
      sinceMs: night.dark.find(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs)?.fromMs ?? null,
      changes: msg`then off, by day`,
    };
  }
  const over = night.dark.findLast(({ toMs }) => toMs <= nowMs) ?? plan.nights.at(night.startMs - 1).dark.at(-1);
  return { sinceMs: over?.toMs ?? null, changes: msg`then lit` };
}
