/** The views of console and platform: zones with their lamps, sensors and intents, and why each lamp has its level. Pure. */

import type { Lamp, PresenceSensor, Zone } from '../../core/cabinet.ts';
import { isTrusted, type MonoMs, type WallMs } from '../../core/clock.ts';
import type { IntentView, ZoneLightView, ZoneSensorView } from '../../core/light-tools.ts';
import { msg } from '../../core/message.ts';
import type { LampView, WhyLamp, WhyView, ZoneView } from '../../core/views.ts';
import type { Decision, Intent, IntentAuthority, Reading, Target } from '../../core/words.ts';
import { byRank } from '../../lighting/arbiter.ts';
import type { Decider } from '../../lighting/decide.ts';
import { byStrength } from '../../lighting/intents.ts';
import type { LightingSnapshot, LightingStreet, SensorState, ZoneState } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { chosenIn } from '../../lighting/programme.ts';
import { flowPerH, trafficLevel } from '../../lighting/traffic.ts';

/** The known state of one lamp. */
export interface LampKnowledge {
  readonly decision: Decision;
  /** Wall time of the last change of level, rank or reason; without one, of the first decision since the start or a new configuration. */
  readonly sinceMs: WallMs;
  /** The newest reading of its level; undefined if there is none. */
  readonly measured: Reading | undefined;
  /**
   * False after several failed writes or drifts in a row, or if there is a reading (`measured`) and it is not good. True does not prove
   * that the lamp has its level.
   */
  readonly following: boolean;
}

/** Returns the known state of a lamp; undefined before its first decision, and for an unknown lamp. */
export type KnowledgeOf = (lampId: string) => LampKnowledge | undefined;

/** Returns one view for each zone, in the order of the street. Lamps without a decision are left out. */
export function zoneViews(street: LightingStreet, knowledgeOf: KnowledgeOf): readonly ZoneView[] {
  return street.zones.map(({ id, programme, lamps: lampIds }) => {
    const lamps: readonly LampView[] = whyLamps(street, lampIds, knowledgeOf).map(({ sinceMs: _, trace: __, ...lamp }) => lamp);
    const levels = lamps.map(({ wantedPct }) => wantedPct);
    const [leading] = [...lamps].sort(byRank);
    return { id, programme, reason: leading?.reason ?? 'default', minPct: Math.min(...levels, 100), maxPct: Math.max(...levels, 0), lamps };
  });
}

/** Returns why a lamp, or the lamps of a zone, have their level; lamps without a decision are left out. Undefined for an unknown id. */
export function whyView(street: LightingStreet, id: string, knowledgeOf: KnowledgeOf): WhyView | undefined {
  const place = placeOf(street, id);
  return place && { id, kind: place.kind, lamps: whyLamps(street, place.lamps, knowledgeOf) };
}

/** Returns whether an id is a lamp or a zone, and the ids of its lamps. Undefined if it is neither. */
export function placeOf(
  { lamps, zones }: LightingStreet,
  id: string,
): (Pick<WhyView, 'kind'> & { readonly lamps: readonly string[] }) | undefined {
  if (lamps.some((lamp) => lamp.id === id)) return { kind: 'lamp', lamps: [id] };
  const zone = zones.find((each) => each.id === id);
  return zone && { kind: 'zone', lamps: zone.lamps };
}

function whyLamps(street: LightingStreet, lampIds: readonly string[], knowledgeOf: KnowledgeOf): readonly WhyLamp[] {
  return street.lamps
    .filter(({ id }) => lampIds.includes(id))
    .flatMap((lamp) => {
      const known = knowledgeOf(lamp.id);
      return known === undefined ? [] : [whyLamp(lamp, known)];
    });
}

function whyLamp({ id, pole }: Lamp, { decision, sinceMs, measured, following }: LampKnowledge): WhyLamp {
  const { levelPct: wantedPct, rank, reason, trace } = decision;
  const measuredPct = measured?.value == null ? null : Math.round(measured.value);
  return { id, pole, wantedPct, measuredPct, rank, reason, following, faults: [], sinceMs, trace };
}

/** The inputs of `zoneLight`: the newest inputs of decisions, the zone's plan and state, and the views of its lamps. */
export interface ZoneFacts {
  readonly snapshot: LightingSnapshot;
  readonly plan: ReturnType<Decider['plan']>;
  /** Undefined before the first decision; `zoneLight` then does not treat the time as night. */
  readonly state: ZoneState | undefined;
  readonly lamps: readonly LampView[];
}

/** Returns what controls the light of a zone at the time of `facts.snapshot`, for display. */
export function zoneLight(street: LightingStreet, zone: Zone, facts: ZoneFacts): ZoneLightView {
  const { snapshot, plan, state, lamps } = facts;
  const isKnown = isTrusted(snapshot.clockQuality) && state?.night === true;
  const choice = chosenIn(snapshot, zone.id);
  const programme = isKnown ? plan?.programme.at(snapshot.nowMs, choice?.programme) : undefined;
  const ends = [choice?.untilMs, programme?.next?.atMs, plan?.nights.changeAfter(snapshot.nowMs)].filter(
    (atMs) => typeof atMs === 'number',
  );
  const levels = lamps.map(({ wantedPct }) => wantedPct);
  return {
    id: zone.id,
    kind: zone.kind,
    light: !isTrusted(snapshot.clockQuality) && zone.photocell === null ? 'time-not-trusted' : state?.night === true ? 'night' : 'day',
    programme: programme?.stretch?.source ?? choice?.programme ?? zone.programme,
    step: programme?.stretch?.name ?? null,
    programmePct: state?.programmePct ?? null,
    untilMs: isTrusted(snapshot.clockQuality) && ends.length > 0 ? Math.min(...ends) : null,
    presence: state?.presence ?? 'off',
    lamps: {
      count: lamps.length,
      lit: levels.filter((pct) => pct > 0).length,
      minPct: Math.min(...levels, 100),
      maxPct: Math.max(...levels, 0),
      notFollowing: lamps.filter(({ following }) => !following).map(({ id }) => id),
    },
    intents: intentsOn(zone, snapshot),
    sensors: (zone.presence?.sensors ?? []).map((sensor) => sensorView(street, sensor, snapshot)),
    photocell: photocellView(zone, snapshot),
    traffic: trafficView(zone, snapshot),
    rules: street.rules
      .filter(({ raise, lower }) => raise?.zones.includes(zone.id) === true || lower?.zones.includes(zone.id) === true)
      .flatMap(({ id }) => (snapshot.rules?.get(id)?.holds === true ? [id] : [])),
  };
}

/** Returns the intents of these authorities that have not ended: higher ranks first, of equal ranks brighter ones first. */
export function intentsOf(by: readonly IntentAuthority[], { intents, nowMono }: LightingSnapshot): readonly IntentView[] {
  return inViews(intents.filter(({ untilMono, authority }) => nowMono < untilMono && by.includes(authority)));
}

/** The intents on a zone, its lamps or the whole cabinet that have not ended, in the same order. */
function intentsOn({ id, lamps }: Zone, { intents, nowMono }: LightingSnapshot): readonly IntentView[] {
  const isOurs = ({ kind, id: own }: Target): boolean => kind === 'cabinet' || (kind === 'zone' ? own === id : lamps.includes(own));
  return inViews(intents.filter(({ target, untilMono }) => nowMono < untilMono && isOurs(target)));
}

function inViews(intents: readonly Intent[]): readonly IntentView[] {
  return [...intents].sort(byStrength).map(({ untilMono: _, authority: __, ...intent }) => intent);
}

function sensorView({ lines = [] }: LightingStreet, sensor: PresenceSensor, snapshot: LightingSnapshot): ZoneSensorView {
  const pointId = sensorPointOf(sensor);
  const state = snapshot.sensors.get(pointId);
  const device = lines.flatMap(({ devices }) => devices).find(({ id }) => id === sensor.device);
  const lastMono = state?.lastPresentMono ?? null;
  return {
    pointId,
    pole: device?.pole ?? null,
    kind: sensor.kind,
    state: sensor.listen === 'group' ? 'group' : sensorState(state),
    lastPresentMs: lastMono === null ? null : wallOf(lastMono, snapshot),
  };
}

function sensorState(state: SensorState | undefined): ZoneSensorView['state'] {
  if (state === undefined || state.quality === 'missing' || state.quality === 'bad') return 'silent';
  if (state.stuck === true) return 'stuck';
  return state.present ? 'present' : 'still';
}

function wallOf(mono: MonoMs, { nowMs, nowMono }: LightingSnapshot): number {
  return Math.round(nowMs - (nowMono - mono));
}

function photocellView({ photocell }: Zone, { photocells, nowMono }: LightingSnapshot): ZoneLightView['photocell'] {
  if (photocell === null) return null;
  const pointId = `${photocell.device}.${photocell.point}` as const;
  const state = photocells?.get(pointId);
  const isStale = state === undefined || state.lux === null || nowMono - state.atMono > photocell.staleS * 1_000;
  const says = isStale ? msg`no value` : state.says === null ? msg`no value yet` : state.says === 'dark' ? msg`dark` : msg`bright`;
  return {
    pointId,
    lux: state?.lux ?? null,
    says: state?.isDoubtful === true ? msg`a value that contradicts the sun` : says,
    ok: !isStale && state.isDoubtful !== true,
  };
}

function trafficView(zone: Zone, { traffic }: LightingSnapshot): ZoneLightView['traffic'] {
  if (zone.traffic === null) return null;
  const state = traffic?.get(zone.id);
  const flow = state === undefined ? null : flowPerH(state);
  const { text } = trafficLevel(state, zone.traffic, zone);
  const sharePct = flow === null ? null : Math.round((100 * flow) / zone.traffic.designFlowPerH);
  return { flowPerH: flow === null ? null : Math.round(flow), sharePct, text, ok: state !== undefined && state.fault == null };
}
