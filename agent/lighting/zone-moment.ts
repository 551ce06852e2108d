/** The state of a zone at one instant, common to all its lamps: night or day, the step of its programme, its sensors and its traffic. Pure. */

import type { PresenceConfig, Zone } from '../core/cabinet.ts';
import { isTrusted, type WallMs } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import type { LevelPct } from '../core/words.ts';
import type { Light, LowerLine, Raise, RuleLine } from './arbiter.ts';
import type { LightingSnapshot, LightingStreet, ProgrammeChoice, ZoneState } from './lighting.ts';
import type { LocalCalendar } from './local-time.ts';
import { createNights, isDarkAt, type Nights } from './night.ts';
import { photocellNight, photocellVerdict } from './photocell.ts';
import { type SensorPhase, type SensorReach, sensorPhase, sensorPointOf, sensorReaches, strongestPhase } from './presence.ts';
import { chosenIn, createProgrammeReader, type ProgrammeReader, type ProgrammeState, twoStageOff } from './programme.ts';
import { rulesLower, rulesRaise } from './rule.ts';
import { trafficLevel } from './traffic.ts';

/**
 * The data of a zone that stay constant while the configuration does. `reaches`: the sensors of its presence, each with the lamps
 * within its reach; empty without presence.
 */
export interface ZonePlan {
  readonly zone: Zone;
  readonly reaches: readonly SensorReach[];
  readonly nights: Nights;
  readonly programme: ProgrammeReader;
}

/**
 * The state of a zone at one instant, common to its lamps. `programme` and `state` are null unless `light` is `night` and the time is
 * trusted.
 */
export interface ZoneMoment {
  readonly plan: ZonePlan;
  readonly light: Light;
  /** In the order of `plan.reaches`; empty unless `light` is `night`. */
  readonly sensors: readonly SensorPhase[];
  /** The part of the programme in force, and the next. */
  readonly state: ProgrammeState | null;
  /** The trace line of `state`. */
  readonly programme: RuleLine | null;
  /** The trace line of the evidence for night or day. */
  readonly dusk: RuleLine;
  /** Raises that apply to all its lamps: by traffic and rules. Empty unless `light` is `night`. */
  readonly raises: readonly Raise[];
  /** The lowest limit by an active rule; null unless `light` is `night` and an active rule lowers the zone. */
  readonly lower: LowerLine | null;
}

/** Returns the constant data of a zone. `calendar` must be that of the street's time zone. */
export function planZone(street: LightingStreet, zone: Zone, calendar: LocalCalendar): ZonePlan {
  const nights = createNights(street, zone, calendar);
  return { zone, reaches: sensorReaches(street, zone), nights, programme: createProgrammeReader(street, zone, { calendar, nights }) };
}

/** Returns the state of a zone at the instant of the snapshot. `altitudeDeg`: the altitude of the sun then. Units: degrees. */
export function zoneMomentOf(plan: ZonePlan, street: LightingStreet, snapshot: LightingSnapshot, altitudeDeg: number): ZoneMoment {
  const { zone, reaches } = plan;
  const { nowMs, nowMono, clockQuality } = snapshot;
  const { light, dusk } = skyOf(plan, snapshot, altitudeDeg);
  const isOverRaised = snapshot.overRaised?.has(zone.id) === true;
  const phasesOf = (presence: PresenceConfig): readonly SensorPhase[] =>
    reaches.map(({ sensor }) =>
      sensorPhase(presence, sensor, { state: snapshot.sensors.get(sensorPointOf(sensor)), nowMono, isOverRaised }),
    );
  // A photocell detects the night without a clock, but not which step of the programme applies.
  const choice = chosenIn(snapshot, zone.id);
  const state = light === 'night' && isTrusted(clockQuality) ? plan.programme.at(nowMs, choice?.programme) : null;
  return {
    plan,
    light,
    dusk,
    sensors: light === 'night' && zone.presence !== null ? phasesOf(zone.presence) : [],
    state,
    programme: state === null ? null : programmeLine(plan, state, choice, { nowMs, isAhead: snapshot.lit === undefined }),
    raises: light === 'night' ? zoneRaises(zone, street, snapshot) : [],
    lower: light === 'night' ? zoneLower(zone, street, snapshot) : null,
  };
}

/** Returns the state of a zone as part of a `LightingResult`. `altitudeDeg`: the altitude of the sun. Units: degrees. */
export function zoneStateOf(moment: ZoneMoment, { clockQuality }: LightingSnapshot, altitudeDeg: number): ZoneState {
  const { plan, light, sensors, programme } = moment;
  const isWatched = plan.zone.presence !== null && light === 'night';
  return {
    id: plan.zone.id,
    night: light !== 'day',
    ...(isTrusted(clockQuality) ? {} : { isNightDoubted: true as const }),
    sunAltitudeDeg: altitudeDeg,
    presence: isWatched ? strongestPhase(sensors) : 'off',
    programmePct: programme?.levelPct ?? null,
  };
}

/** Night or day, and the evidence for it. */
function skyOf({ zone, nights }: ZonePlan, snapshot: LightingSnapshot, altitudeDeg: number): Pick<ZoneMoment, 'light' | 'dusk'> {
  const { nowMs, nowMono, clockQuality, photocells } = snapshot;
  const base = { rank: 'dusk', untilMs: null } as const;
  const { photocell } = zone;
  const verdict =
    photocell === null ? null : photocellVerdict(photocells?.get(`${photocell.device}.${photocell.point}`), photocell, nowMono);
  if (!isTrusted(clockQuality)) {
    if (photocell !== null && verdict !== null) {
      const light = verdict === 'dark' ? 'night' : 'day';
      const text =
        light === 'night'
          ? msg`time not trusted (${clockQuality}), photocell reports dark`
          : msg`time not trusted (${clockQuality}), photocell reports bright`;
      return { light, dusk: { ...base, source: photocell.device, levelPct: light === 'night' ? null : 0, text } };
    }
    const text = msg`time not trusted (${clockQuality}): lit until it is known`;
    return { light: 'time-not-trusted', dusk: { ...base, source: 'clock', levelPct: 100, text } };
  }
  const night = nights.at(nowMs);
  const isNight = isDarkAt(night, nowMs);
  const untilMs = nights.changeAfter(nowMs);
  const away = Math.abs(altitudeDeg).toFixed(1);
  const text =
    altitudeDeg < 0
      ? msg`sun ${away} deg below the horizon, lit below ${zone.sunBelowDeg} deg`
      : msg`sun ${away} deg above the horizon, lit below ${zone.sunBelowDeg} deg`;
  const sun = { nowMs, duskMs: night.duskMs, dawnMs: night.dawnMs, isNight, altitudeDeg };
  const byCell = photocell === null ? null : photocellNight({ verdict, sun, config: photocell });
  const found = byCell?.by === 'photocell' ? byCell : { night: isNight, by: 'sun', text };
  const source = found.by === 'sun' ? 'sun' : (photocell?.device ?? 'sun');
  return { light: found.night ? 'night' : 'day', dusk: { ...base, source, levelPct: found.night ? null : 0, text: found.text, untilMs } };
}

/** The raises that apply to all lamps of a zone: its traffic and its rules. */
function zoneRaises(zone: Zone, street: LightingStreet, { traffic, rules }: LightingSnapshot): readonly Raise[] {
  const byTraffic = zone.traffic === null ? [] : [{ source: zone.id, ...trafficLevel(traffic?.get(zone.id), zone.traffic, zone) }];
  const byRule = rulesRaise(street.rules, rules ?? new Map(), zone.id);
  const found = byRule === null ? byTraffic : [...byTraffic, { ...byRule, source: byRule.rule }];
  return found.map(({ source, levelPct, text }) => ({
    line: { rank: 'traffic', source, levelPct, text, untilMs: null },
    distanceM: null,
  }));
}

function zoneLower({ id }: Zone, street: LightingStreet, { rules }: LightingSnapshot): LowerLine | null {
  const found = rulesLower(street.rules, rules ?? new Map(), id);
  return found && { rank: 'programme', source: found.rule, levelPct: found.levelPct, text: found.text, untilMs: null };
}

/** The trace line of the programme; it ends with its step or with the night, whichever comes first. */
function programmeLine(
  { zone, nights }: ZonePlan,
  { stretch, next }: ProgrammeState,
  choice: ProgrammeChoice | undefined,
  { nowMs, isAhead }: { readonly nowMs: WallMs; readonly isAhead: boolean },
): RuleLine {
  const untilMs = earlier(earlier(next?.atMs ?? null, nights.changeAfter(nowMs)), choice?.untilMs ?? null);
  const usual = choice?.programme ?? zone.programme;
  if (stretch === null) {
    const text = next === null ? msg`${usual} has no step` : msg`${next.source} begins at ${next.name}`;
    return { rank: 'programme', source: usual, levelPct: null, text, untilMs };
  }
  const levelPct: LevelPct = isAhead ? twoStageOff(stretch.levelPct, zone, stretch.atMs, nowMs) : stretch.levelPct;
  const text =
    levelPct === stretch.levelPct
      ? msg`${stretch.name} step of ${stretch.source}: ${levelPct} %`
      : msg`${stretch.name} step of ${stretch.source}: ${stretch.levelPct} %, ${levelPct} % first as a warning`;
  return { rank: 'programme', source: stretch.source, levelPct, text, untilMs };
}

function earlier(aMs: WallMs | null, bMs: WallMs | null): WallMs | null {
  return aMs === null ? bMs : bMs === null ? aMs : Math.min(aMs, bMs);
}
