/**
 * The level of every lamp of the street at one instant.
 *
 * Owns the joining of sun, programme, presence and arbiter. Pure: what it remembers between calls saves work and never changes an answer,
 * so a missed tick, a clock step or a restart cannot leave a lamp in the wrong state. Called by the tick of `control`.
 */
import type { Lamp, Zone } from '../core/cabinet.ts';
import { isTrusted, type WallMs } from '../core/clock.ts';
import type { Decision } from '../core/words.ts';
import { arbitrate, type Light, type Say } from './arbiter.ts';
import { intentsFor } from './intents.ts';
import type { LightingResult, LightingSnapshot, Street, ZoneState } from './lighting.ts';
import { createLocalCalendar } from './local-time.ts';
import { lampPresence, type SensorReach, type SensorSay, sensorPointOf, sensorReaches, sensorSay, strongestPhase } from './presence.ts';
import { createProgrammeReader, formatStepTime, type ProgrammeState } from './programme.ts';
import { sentence } from './sentence.ts';
import { createSunChanges, isNight, sunAltitudeDeg } from './sun.ts';

export interface Decider {
  decide(snapshot: LightingSnapshot): LightingResult;
}

/** What of a zone does not change from call to call. */
interface ZonePlan {
  readonly zone: Zone;
  readonly reaches: readonly SensorReach[];
  readonly programmeAt: ((nowMs: WallMs) => ProgrammeState) | null;
  readonly sunChangeAfter: (atMs: WallMs) => WallMs | null;
}

/** What of a zone holds for all its lamps at one instant. */
interface ZoneMoment {
  readonly plan: ZonePlan;
  readonly light: Light;
  readonly sensors: readonly SensorSay[];
  readonly programme: Say | null;
  readonly dusk: Say;
}

/** Prepares a street. Errors: throws RangeError for an unknown time zone; the config room has checked it. */
export function createDecider(street: Street): Decider {
  const plans = street.zones.map((zone) => planZone(street, zone));
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

function planZone(street: Street, zone: Zone): ZonePlan {
  const programme = street.programmes.find(({ id }) => id === zone.programme);
  return {
    zone,
    reaches: sensorReaches(street, zone),
    programmeAt: programme === undefined ? null : createProgrammeReader(programme, createLocalCalendar(street.timezone)),
    sunChangeAfter: createSunChanges(street, zone.sunBelowDeg),
  };
}

function momentOf(plan: ZonePlan, snapshot: LightingSnapshot, altitudeDeg: number): ZoneMoment {
  const { zone, reaches } = plan;
  const { presence } = zone;
  const light = lightOf(zone, snapshot, altitudeDeg);
  const speak = ({ sensor }: SensorReach): SensorSay[] =>
    presence === null
      ? []
      : [sensorSay(presence, sensor, { state: snapshot.sensors.get(sensorPointOf(sensor)), nowMono: snapshot.nowMono })];
  return {
    plan,
    light,
    sensors: light === 'night' ? reaches.flatMap(speak) : [],
    programme: light === 'night' ? programmeSay(plan, snapshot.nowMs) : null,
    dusk: duskSay(plan, snapshot, altitudeDeg),
  };
}

function lightOf(zone: Zone, { clockQuality }: LightingSnapshot, altitudeDeg: number): Light {
  if (!isTrusted(clockQuality)) return 'time-not-trusted';
  return isNight(altitudeDeg, zone.sunBelowDeg) ? 'night' : 'day';
}

function decideLamp(lamp: Lamp, moment: ZoneMoment | null, { nowMs, nowMono, intents }: LightingSnapshot): Decision {
  const zone = moment?.plan.zone ?? null;
  return arbitrate({
    lamp,
    zone,
    nowMs,
    nowMono,
    light: moment?.light ?? 'night',
    intents: intentsFor(intents, { lampId: lamp.id, zoneId: zone?.id ?? null }, nowMono),
    presence: moment === null ? null : lampPresence(lamp.id, moment.plan.reaches, moment.sensors),
    programme: moment?.programme ?? null,
    dusk: moment?.dusk ?? null,
  });
}

function zoneState({ plan, light, sensors }: ZoneMoment, altitudeDeg: number): ZoneState {
  const watches = plan.zone.presence !== null && light === 'night';
  return { id: plan.zone.id, night: light !== 'day', sunAltitudeDeg: altitudeDeg, presence: watches ? strongestPhase(sensors) : 'off' };
}

/** The programme's line; it ends with its step or with the night, whichever comes first. */
function programmeSay({ zone, programmeAt, sunChangeAfter }: ZonePlan, nowMs: WallMs): Say | null {
  if (programmeAt === null) return null;
  const { step, next } = programmeAt(nowMs);
  const untilMs = earlier(next?.atMs ?? null, sunChangeAfter(nowMs));
  if (step !== null) {
    const text = sentence(`${formatStepTime(step)} step of ${zone.programme}: ${step.levelPct} %`);
    return { rank: 'programme', source: zone.programme, levelPct: step.levelPct, text, untilMs };
  }
  const text = sentence(next === null ? `${zone.programme} has no step` : `${zone.programme} begins at ${formatStepTime(next.step)}`);
  return { rank: 'programme', source: zone.programme, levelPct: null, text, untilMs };
}

function duskSay({ zone, sunChangeAfter }: ZonePlan, { nowMs, clockQuality }: LightingSnapshot, altitudeDeg: number): Say {
  if (!isTrusted(clockQuality)) {
    const text = `time not trusted (${clockQuality}): lit until it is known`;
    return { rank: 'dusk', source: 'clock', levelPct: 100, text, untilMs: null };
  }
  const side = altitudeDeg < 0 ? 'below' : 'above';
  const text = `sun ${Math.abs(altitudeDeg).toFixed(1)}° ${side} the horizon, lit below ${zone.sunBelowDeg}°`;
  const levelPct = isNight(altitudeDeg, zone.sunBelowDeg) ? null : 0;
  return { rank: 'dusk', source: 'sun', levelPct, text: sentence(text), untilMs: sunChangeAfter(nowMs) };
}

function earlier(aMs: WallMs | null, bMs: WallMs | null): WallMs | null {
  return aMs === null ? bMs : bMs === null ? aMs : Math.min(aMs, bMs);
}
