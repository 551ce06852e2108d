/**
 * The level of every lamp of the street at one instant.
 *
 * Owns the joining of night, programme, presence, wave, traffic, rules and arbiter. Pure: what it remembers between calls saves work and never
 * changes an answer, so a missed tick, a clock step or a restart cannot leave a lamp in the wrong state.
 */
import type { Lamp, Zone } from '../core/cabinet.ts';
import { isTrusted, type MonoMs, type WallMs } from '../core/clock.ts';
import { type Decision, type LevelPct, RANKS, type TraceLine } from '../core/words.ts';
import { arbitrate, type LampCase, type Light, type Raise, type Say, WARNING_TEXT } from './arbiter.ts';
import { createDecisionMemory } from './decision-memory.ts';
import { intentsFor } from './intents.ts';
import type { LightingResult, LightingSnapshot, LightingStreet, LitLamps, ProgrammeChoice, ZoneState } from './lighting.ts';
import { createLocalCalendar, type LocalCalendar } from './local-time.ts';
import { createNights, isDarkAt, type Nights } from './night.ts';
import { photocellNight, photocellSay } from './photocell.ts';
import { lampPresence, type SensorReach, type SensorSay, sensorPointOf, sensorReaches, sensorSay, strongestPhase } from './presence.ts';
import { chosenIn, createProgrammeReader, type ProgrammeReader, type ProgrammeState, twoStageOff } from './programme.ts';
import { rulesRaise } from './rule.ts';
import { sentence } from './sentence.ts';
import { sunAltitudeDeg } from './sun.ts';
import { trafficLevel } from './traffic.ts';
import { type WaveSay, waveFor } from './wave.ts';

export interface Decider {
  decide(snapshot: LightingSnapshot): LightingResult;
  /** The nights and the programme of a zone, for who looks ahead; undefined for one that is not there. */
  plan(zoneId: string): { readonly nights: Nights; readonly programme: ProgrammeReader } | undefined;
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
  /** Of all its lamps alike. */
  readonly raises: readonly Raise[];
}

/** Prepares a street. Errors: throws RangeError for an unknown time zone; the config room has checked it. */
export function createDecider(street: LightingStreet): Decider {
  const calendar = createLocalCalendar(street.timezone);
  const plans = street.zones.map((zone) => planZone(street, zone, calendar));
  const wave = waveFor(street);
  const remembered = createDecisionMemory();
  return {
    plan: (zoneId) => plans.find(({ zone }) => zone.id === zoneId),
    decide(snapshot) {
      const { otherMs = null, clockQuality } = snapshot;
      const one = decideAt(snapshot);
      const both = otherMs === null || !isTrusted(clockQuality) ? one : brighter(one, decideAt({ ...snapshot, nowMs: otherMs }));
      return { ...both, decisions: both.decisions.map(remembered) };
    },
  };

  function decideAt(snapshot: LightingSnapshot): LightingResult {
    const altitudeDeg = sunAltitudeDeg(street, snapshot.nowMs);
    const waves = wave(snapshot.detections ?? [], snapshot.nowMono, deafSensors(street, snapshot));
    const moments = new Map(plans.map((plan) => [plan.zone.id, momentOf(plan, street, { snapshot, altitudeDeg })]));
    const byLamp = new Map([...moments.values()].flatMap((moment) => moment.plan.zone.lamps.map((id) => [id, moment] as const)));
    const lit = new Map<string, MonoMs | null>();
    return {
      decisions: street.lamps.map((lamp) => {
        const moment = byLamp.get(lamp.id) ?? null;
        return withWarning(lampCase(lamp, moment, { snapshot, wave: waves.get(lamp.id) ?? null }), snapshot.lit, lit);
      }),
      zones: [...moments.values()].map((moment) => zoneState(moment, altitudeDeg, snapshot)),
      lit,
    };
  }
}

/** Two clocks disagree: per lamp the higher level, per zone night where either says so. */
function brighter(one: LightingResult, other: LightingResult): LightingResult {
  return {
    decisions: one.decisions.map((decision, at) => {
      const second = other.decisions[at];
      const chosen = second !== undefined && second.levelPct > decision.levelPct ? second : decision;
      const text = 'two clocks disagree: the brighter of both decisions';
      const line: TraceLine = { rank: 'dusk', source: 'clock', levelPct: null, applied: false, text, untilMs: null };
      return { ...chosen, trace: [...chosen.trace, line].sort(byRank) };
    }),
    zones: one.zones.map((zone, at) => {
      const second = other.zones[at];
      if (second === undefined || second.night === zone.night) return zone;
      return { ...(zone.night ? zone : second), isNightDoubted: true };
    }),
    lit: new Map([...other.lit, ...one.lit].map(([lampId]) => [lampId, litSince(lampId, one.lit, other.lit)])),
  };
}

/** What one of them lights is lit; else its warning began when it was last shown. */
function litSince(lampId: string, one: LitLamps, other: LitLamps): MonoMs | null {
  const [first, second] = [one.get(lampId), other.get(lampId)];
  if (first === null || second === null) return null;
  return Math.max(first ?? Number.NEGATIVE_INFINITY, second ?? Number.NEGATIVE_INFINITY);
}

function byRank(a: TraceLine, b: TraceLine): number {
  return RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank);
}

function planZone(street: LightingStreet, zone: Zone, calendar: LocalCalendar): ZonePlan {
  const nights = createNights(street, zone, calendar);
  return { zone, reaches: sensorReaches(street, zone), nights, programme: createProgrammeReader(street, zone, { calendar, nights }) };
}

/** Devices of sensors that would see nobody now: stuck, silent, or badly placed. */
function deafSensors({ zones }: LightingStreet, { sensors }: LightingSnapshot): ReadonlySet<string> {
  const all = zones.flatMap(({ presence }) => presence?.sensors ?? []);
  const isDeaf = (sensor: (typeof all)[number]): boolean => {
    const state = sensors.get(sensorPointOf(sensor));
    return (
      sensor.listen === 'group' || (state !== undefined && (state.stuck === true || state.quality === 'bad' || state.quality === 'missing'))
    );
  };
  return new Set(all.filter(isDeaf).map(({ device }) => device));
}

interface Sight {
  readonly snapshot: LightingSnapshot;
  readonly altitudeDeg: number;
}

function momentOf(plan: ZonePlan, street: LightingStreet, sight: Sight): ZoneMoment {
  const { zone, reaches } = plan;
  const { presence } = zone;
  const { snapshot } = sight;
  const { light, dusk } = skyOf(plan, sight);
  const speak = ({ sensor }: SensorReach): SensorSay[] =>
    presence === null
      ? []
      : [sensorSay(presence, sensor, { state: snapshot.sensors.get(sensorPointOf(sensor)), nowMono: snapshot.nowMono })];
  // A photocell can tell the night without a clock; which step of it this is it cannot.
  const choice = chosenIn(snapshot, zone.id);
  const state = light === 'night' && isTrusted(snapshot.clockQuality) ? plan.programme.at(snapshot.nowMs, choice?.programme) : null;
  return {
    plan,
    light,
    dusk,
    sensors: light === 'night' ? reaches.flatMap(speak) : [],
    state,
    programme: state === null ? null : programmeSay(plan, state, { nowMs: snapshot.nowMs, choice, isAhead: snapshot.lit === undefined }),
    raises: light === 'night' ? zoneRaises(zone, street, snapshot) : [],
  };
}

/** Night or day, and who says so. */
function skyOf({ zone, nights }: ZonePlan, { snapshot, altitudeDeg }: Sight): { light: Light; dusk: Say } {
  const { nowMs, nowMono, clockQuality, photocells } = snapshot;
  const base = { rank: 'dusk', untilMs: null } as const;
  const { photocell } = zone;
  const say = photocell === null ? null : photocellSay(photocells?.get(`${photocell.device}.${photocell.point}`), photocell, nowMono);
  if (!isTrusted(clockQuality)) {
    if (photocell !== null && say !== null) {
      const text = sentence(`time not trusted (${clockQuality}), photocell says ${say}`);
      const light = say === 'dark' ? 'night' : 'day';
      return { light, dusk: { ...base, source: photocell.device, levelPct: light === 'night' ? null : 0, text } };
    }
    const text = `time not trusted (${clockQuality}): lit until it is known`;
    return { light: 'time-not-trusted', dusk: { ...base, source: 'clock', levelPct: 100, text } };
  }
  const night = nights.at(nowMs);
  const isNight = isDarkAt(night, nowMs);
  const side = altitudeDeg < 0 ? 'below' : 'above';
  const untilMs = nights.changeAfter(nowMs);
  const bySun = {
    night: isNight,
    by: 'sun' as const,
    text: sentence(`sun ${Math.abs(altitudeDeg).toFixed(1)}° ${side} the horizon, lit below ${zone.sunBelowDeg}°`),
  };
  const sun = { nowMs, duskMs: night.duskMs, dawnMs: night.dawnMs, isNight, altitudeDeg };
  const byCell = photocell === null ? null : photocellNight({ say, sun, config: photocell });
  const found = byCell?.by === 'photocell' ? byCell : bySun;
  const source = found.by === 'sun' ? 'sun' : (photocell?.device ?? 'sun');
  return { light: found.night ? 'night' : 'day', dusk: { ...base, source, levelPct: found.night ? null : 0, text: found.text, untilMs } };
}

/** What raises all lamps of a zone alike: its traffic, and rules. */
function zoneRaises(zone: Zone, street: LightingStreet, { traffic, rules }: LightingSnapshot): readonly Raise[] {
  const raises: Raise[] = [];
  if (zone.traffic !== null) {
    const { levelPct, text } = trafficLevel(traffic?.get(zone.id), zone.traffic, zone);
    raises.push({ say: { rank: 'traffic', source: zone.id, levelPct, text, untilMs: null }, distanceM: null });
  }
  const rule = rulesRaise(street.rules, rules ?? new Map(), zone.id);
  if (rule !== null)
    raises.push({ say: { rank: 'traffic', source: rule.rule, levelPct: rule.levelPct, text: rule.text, untilMs: null }, distanceM: null });
  return raises;
}

interface LampSight {
  readonly snapshot: LightingSnapshot;
  readonly wave: WaveSay | null;
}

/** The decision, with the warning where the lamp would fall to 0 % from a light that it still has; `lit` is filled for the next call. */
function withWarning(lampCase: LampCase, litBefore: LitLamps | undefined, lit: Map<string, MonoMs | null>): Decision {
  const { lamp, zone, light, nowMs, nowMono } = lampCase;
  const plain = arbitrate(lampCase);
  const dark = zone?.dark ?? null;
  if (dark === null) return plain;
  if (plain.levelPct > 0) {
    lit.set(lamp.id, null);
    return plain;
  }
  const warnedMono = litBefore?.get(lamp.id);
  // By day a lamp goes out at once, and a technician may put it out at once.
  if (warnedMono === undefined || light !== 'night' || plain.rank === 'maintenance') return plain;
  // Counted from when it is shown, so that a missed tick shortens no warning.
  const sinceMono = warnedMono ?? nowMono;
  const restMs = sinceMono + dark.warnS * 1_000 - nowMono;
  if (restMs <= 0) return plain;
  lit.set(lamp.id, sinceMono);
  return arbitrate({ ...lampCase, warning: { levelPct: dark.warnPct, untilMs: Math.round(nowMs + restMs) } });
}

function lampCase(lamp: Lamp, moment: ZoneMoment | null, { snapshot, wave }: LampSight): LampCase {
  const { nowMs, nowMono, intents, burningH, holds } = snapshot;
  const zone = moment?.plan.zone ?? null;
  const hold = holds?.get(lamp.id);
  const held: Raise[] =
    hold === undefined || nowMono >= hold.untilMono
      ? []
      : [
          {
            say: {
              rank: 'presence',
              source: 'start',
              levelPct: hold.levelPct,
              text: 'as found at the start',
              untilMs: Math.round(nowMs + hold.untilMono - nowMono),
            },
            distanceM: null,
          },
        ];
  const raises =
    moment === null || moment.light !== 'night'
      ? []
      : [...presenceRaises(lamp, moment, snapshot), ...waveRaises(moment, wave, snapshot), ...held, ...moment.raises];
  return {
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
  };
}

function waveRaises({ plan, state }: ZoneMoment, wave: WaveSay | null, { nowMs, nowMono }: Instant): readonly Raise[] {
  const { presence } = plan.zone;
  if (wave === null || presence === null) return [];
  const boostPct = state?.stretch?.boostPct ?? presence.boostPct;
  const levelPct = wave.level === 'boost' ? boostPct : presence.relayedPct;
  const untilMs = Math.round(nowMs + wave.untilMono - nowMono);
  return [{ say: { rank: 'presence', source: 'wave', levelPct, text: wave.text, untilMs }, distanceM: wave.distanceM }];
}

interface Instant {
  readonly nowMs: WallMs;
  readonly nowMono: number;
}

/** The sensors around the lamp; in a zone that may go dark also the warning after the last of them. */
function presenceRaises(
  lamp: Lamp,
  { plan, sensors, state, light }: ZoneMoment,
  { nowMs, nowMono, lit }: Pick<LightingSnapshot, 'nowMs' | 'nowMono' | 'lit'>,
): readonly Raise[] {
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
  // What was lit before is known: the warning then follows from that, whatever has ended.
  const isWarned = phase !== 'boost' && lit === undefined;
  const warnPct = !isWarned || endedMono === null ? 0 : twoStageOff(0, zone, endedMono, nowMono);
  if (warnPct === 0 || endedMono === null) return says;
  const endMs = Math.round(nowMs + endedMono + (zone.dark?.warnS ?? 0) * 1_000 - nowMono);
  return [...says, { say: { rank, source, levelPct: warnPct, text: WARNING_TEXT, untilMs: endMs }, distanceM: null }];
}

function zoneState({ plan, light, sensors, programme }: ZoneMoment, altitudeDeg: number, { clockQuality }: LightingSnapshot): ZoneState {
  const watches = plan.zone.presence !== null && light === 'night';
  return {
    id: plan.zone.id,
    night: light !== 'day',
    ...(isTrusted(clockQuality) ? {} : { isNightDoubted: true as const }),
    sunAltitudeDeg: altitudeDeg,
    presence: watches ? strongestPhase(sensors) : 'off',
    programmePct: programme?.levelPct ?? null,
  };
}

/** The programme's line; it ends with its step or with the night, whichever comes first. */
function programmeSay(
  { zone, nights }: ZonePlan,
  { stretch, next }: ProgrammeState,
  { nowMs, choice, isAhead }: { readonly nowMs: WallMs; readonly choice: ProgrammeChoice | undefined; readonly isAhead: boolean },
): Say {
  const untilMs = earlier(earlier(next?.atMs ?? null, nights.changeAfter(nowMs)), choice?.untilMs ?? null);
  const usual = choice?.programme ?? zone.programme;
  if (stretch === null) {
    const text = sentence(next === null ? `${usual} has no step` : `${next.source} begins at ${next.name}`);
    return { rank: 'programme', source: usual, levelPct: null, text, untilMs };
  }
  const levelPct: LevelPct = isAhead ? twoStageOff(stretch.levelPct, zone, stretch.atMs, nowMs) : stretch.levelPct;
  const warning = levelPct === stretch.levelPct ? '' : `, ${levelPct} % first as a warning`;
  const text = sentence(`${stretch.name} step of ${stretch.source}: ${stretch.levelPct} %${warning}`);
  return { rank: 'programme', source: stretch.source, levelPct, text, untilMs };
}

function earlier(aMs: WallMs | null, bMs: WallMs | null): WallMs | null {
  return aMs === null ? bMs : bMs === null ? aMs : Math.min(aMs, bMs);
}
