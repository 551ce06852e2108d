/**
 * One zone as the console's list of zones shows it: light, step, lamps, intents and the states of its sensors.
 *
 * Derived from the newest decision and its inputs.
 */
import type { Zone } from '../../core/cabinet.ts';
import { isTrusted, type MonoMs } from '../../core/clock.ts';
import type { IntentView, ZoneLightView, ZoneSensorView } from '../../core/light-tools.ts';
import type { LampView } from '../../core/views.ts';
import type { IntentAuthority } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import { byStrength } from '../../lighting/intents.ts';
import type { LightingSnapshot, LightingStreet, SensorState, ZoneState } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { chosenIn } from '../../lighting/programme.ts';
import { flowPerH, trafficLevel } from '../../lighting/traffic.ts';

/** What a zone's view is made from. */
export interface ZoneFacts {
  readonly snapshot: LightingSnapshot;
  readonly plan: ReturnType<Decider['plan']>;
  /** Undefined before the first decision. */
  readonly state: ZoneState | undefined;
  readonly lamps: readonly LampView[];
}

/** Returns the view of one zone. */
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
    rules: street.rules.filter(({ id, raise }) => raise?.zones.includes(zone.id) && snapshot.rules?.get(id)?.holds).map(({ id }) => id),
  };
}

/** Returns the intents in force on a zone or its lamps, of one authority or of any; strongest first. */
export function intentsOn({ id, lamps }: Zone, { intents, nowMono }: LightingSnapshot, by?: IntentAuthority): readonly IntentView[] {
  const ours = intents.filter(
    ({ target, untilMono, authority }) =>
      nowMono < untilMono &&
      (by === undefined || by === authority) &&
      (target.kind === 'cabinet' || (target.kind === 'zone' ? target.id === id : lamps.includes(target.id))),
  );
  return [...ours].sort(byStrength).map(({ untilMono: _, authority: __, ...intent }) => intent);
}

type Sensor = NonNullable<Zone['presence']>['sensors'][number];

function sensorView({ lines = [] }: LightingStreet, sensor: Sensor, snapshot: LightingSnapshot): ZoneSensorView {
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
  const says = isStale ? 'nothing' : (state.says ?? 'nothing yet');
  return {
    pointId,
    lux: state?.lux ?? null,
    says: state?.isDoubtful === true ? 'what the sun contradicts' : says,
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
