/**
 * The level of every lamp of the street at one instant.
 *
 * Owns the joining of night, programme, presence, wave, traffic, rules and arbiter. Pure: what it remembers between calls saves work and
 * never changes an answer, so a missed tick, a clock step or a restart cannot leave a lamp in the wrong state. Called by the tick of `control`.
 */
import type { Lamp, Zone } from '../core/cabinet.ts';
import { isTrusted, type WallMs } from '../core/clock.ts';
import type { Decision, LevelPct } from '../core/words.ts';
import { arbitrate, type Light, type Raise, type Say } from './arbiter.ts';
import { intentsFor } from './intents.ts';
import type { LightingResult, LightingSnapshot, Street, ZoneState } from './lighting.ts';
import { createLocalCalendar, type LocalCalendar } from './local-time.ts';
import { createNights, isDarkAt, type Nights } from './night.ts';
import { lampPresence, type SensorReach, type SensorSay, sensorPointOf, sensorReaches, sensorSay, strongestPhase } from './presence.ts';
import { createProgrammeReader, type ProgrammeReader, type ProgrammeState, twoStageOff } from './programme.ts';
import { sentence } from './sentence.ts';
import { sunAltitudeDeg } from './sun.ts';

export interface Decider {
  decide(snapshot: LightingSnapshot): LightingResult;
}

/** What of a zone does not change from call to call. */
interface ZonePlan {
  readonly zone: Zone;
  readonly reaches: readonly SensorReach[];
  readonly nights: Nights;
  readonly programme: ProgrammeReader;
}

/** What of a zone holds for all its lamps at one instant. */
interface ZoneMoment {
  readonly plan: ZonePlan;
  readonly light: Light;
  readonly sensors: readonly SensorSay[];
  readonly state: ProgrammeState | null;
  readonly programme: Say | null;
  readonly dusk: Say;
}

/** Prepares a street. Errors: throws RangeError for an unknown time zone; the config room has checked it. */
export function createDecider(street: Street): Decider {
  const calendar = createLocalCalendar(street.timezone);
  const plans = street.zones.map((zone) => planZone(street, zone, calendar));
  return {
    decide(snapshot) {
      const altitudeDeg = sunAltitudeDeg(street, snapshot.nowMs);
      const moments = new Map(plans.map((plan) => [plan.zone.id, momentOf(plan, snapshot, altitudeDeg)]));
      const byLamp = new Map([...moments.values()].flatMap((moment) => moment.plan.zone.lamps.map((id) => [id, moment] as const)));
      return {
        decisions: street.lamps.map((lamp) => decideLamp(lamp, byLamp.get(lamp.id) ?? null, snapshot)),
        zones: [...moments.values()].map((moment) => zoneState(moment, altitudeDeg)),
      };
    },
  };
}

function planZone(street: Street, zone: Zone, calendar: LocalCalendar): ZonePlan {
  const nights = createNights(street, zone, calendar);
  return { zone, reaches: sensorReaches(street, zone), nights, programme: createProgrammeReader(street, zone, { calendar, nights }) };
}

function momentOf(plan: ZonePlan, snapshot: LightingSnapshot, altitudeDeg: number): ZoneMoment {
  const { zone, reaches } = plan;
  const { presence } = zone;
  const { light, dusk } = skyOf(plan, snapshot, altitudeDeg);
  const speak = ({ sensor }: SensorReach): SensorSay[] =>
    presence === null
      ? []
      : [sensorSay(presence, sensor, { state: snapshot.sensors.get(sensorPointOf(sensor)), nowMono: snapshot.nowMono })];
  const state = light === 'night' ? plan.programme.at(snapshot.nowMs) : null;
  return {
    plan,
    light,
    dusk,
    sensors: light === 'night' ? reaches.flatMap(speak) : [],
    state,
    programme: state === null ? null : programmeSay(plan, state, snapshot.nowMs),
  };
}

/** Night or day, and who says so. */
function skyOf({ zone, nights }: ZonePlan, { nowMs, clockQuality }: LightingSnapshot, altitudeDeg: number): { light: Light; dusk: Say } {
  const base = { rank: 'dusk', untilMs: null } as const;
  if (!isTrusted(clockQuality)) {
    const text = `time not trusted (${clockQuality}): lit until it is known`;
    return { light: 'time-not-trusted', dusk: { ...base, source: 'clock', levelPct: 100, text } };
  }
  const isNight = isDarkAt(nights.at(nowMs), nowMs);
  const side = altitudeDeg < 0 ? 'below' : 'above';
  const text = sentence(`sun ${Math.abs(altitudeDeg).toFixed(1)}° ${side} the horizon, lit below ${zone.sunBelowDeg}°`);
  return {
    light: isNight ? 'night' : 'day',
    dusk: { ...base, source: 'sun', levelPct: isNight ? null : 0, text, untilMs: nights.changeAfter(nowMs) },
  };
}

function decideLamp(lamp: Lamp, moment: ZoneMoment | null, { nowMs, nowMono, intents, burningH }: LightingSnapshot): Decision {
  const zone = moment?.plan.zone ?? null;
  const raises = moment === null ? [] : [...presenceRaises(lamp, moment, { nowMs, nowMono })];
  return arbitrate({
    lamp,
    zone,
    nowMs,
    nowMono,
    light: moment?.light ?? 'night',
    intents: intentsFor(intents, { lampId: lamp.id, zoneId: zone?.id ?? null }, nowMono),
    raises,
    programme: moment?.programme ?? null,
    dusk: moment?.dusk ?? null,
    burningH: burningH?.get(lamp.id) ?? null,
  });
}

interface Instant {
  readonly nowMs: WallMs;
  readonly nowMono: number;
}

/** The sensors around the lamp; in a zone that may go dark also the warning after the last of them. */
function presenceRaises(lamp: Lamp, { plan, sensors, state, light }: ZoneMoment, { nowMs, nowMono }: Instant): readonly Raise[] {
  const { zone, reaches } = plan;
  if (zone.presence === null || light !== 'night') return [];
  const presence = lampPresence(lamp.id, reaches, sensors);
  const rank = 'presence' as const;
  if (presence === null) {
    return [{ say: { rank, source: zone.id, levelPct: null, text: 'no sensor reaches this lamp', untilMs: null }, distanceM: null }];
  }
  const { phase, untilMono, endedMono, text, sensorId: source, distanceM } = presence;
  const untilMs = untilMono === null ? null : Math.round(nowMs + untilMono - nowMono);
  const boostPct = phase === 'boost' ? (state?.stretch?.boostPct ?? zone.presence.boostPct) : null;
  const says: Raise[] = [{ say: { rank, source, levelPct: boostPct, text, untilMs }, distanceM }];
  const warnPct = phase === 'boost' || endedMono === null ? 0 : twoStageOff(0, zone, endedMono, nowMono);
  if (warnPct === 0 || endedMono === null) return says;
  const endMs = Math.round(nowMs + endedMono + (zone.dark?.warnS ?? 0) * 1_000 - nowMono);
  return [...says, { say: { rank, source, levelPct: warnPct, text: 'warning before the dark', untilMs: endMs }, distanceM: null }];
}

function zoneState({ plan, light, sensors, programme }: ZoneMoment, altitudeDeg: number): ZoneState {
  const watches = plan.zone.presence !== null && light === 'night';
  return {
    id: plan.zone.id,
    night: light !== 'day',
    sunAltitudeDeg: altitudeDeg,
    presence: watches ? strongestPhase(sensors) : 'off',
    programmePct: programme?.levelPct ?? null,
  };
}

/** The programme's line; it ends with its step or with the night, whichever comes first. */
function programmeSay({ zone, nights }: ZonePlan, { stretch, next }: ProgrammeState, nowMs: WallMs): Say {
  const untilMs = earlier(next?.atMs ?? null, nights.changeAfter(nowMs));
  if (stretch === null) {
    const text = sentence(next === null ? `${zone.programme} has no step` : `${next.source} begins at ${next.name}`);
    return { rank: 'programme', source: zone.programme, levelPct: null, text, untilMs };
  }
  const levelPct: LevelPct = twoStageOff(stretch.levelPct, zone, stretch.atMs, nowMs);
  const warning = levelPct === stretch.levelPct ? '' : `, ${levelPct} % first as a warning`;
  const text = sentence(`${stretch.name} step of ${stretch.source}: ${stretch.levelPct} %${warning}`);
  return { rank: 'programme', source: stretch.source, levelPct, text, untilMs };
}

function earlier(aMs: WallMs | null, bMs: WallMs | null): WallMs | null {
  return aMs === null ? bMs : bMs === null ? aMs : Math.min(aMs, bMs);
}
