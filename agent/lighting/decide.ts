/**
 * Decides the level of every lamp of the street at one instant.
 *
 * Joins night, programme, presence, wave, traffic, rules and arbiter. Pure: what it remembers between calls saves work and never changes an answer,
 * so a missed tick, a clock step or a restart cannot leave a lamp in the wrong state.
 */
import { isTrusted, type MonoMs } from '../core/clock.ts';
import type { Decision } from '../core/words.ts';
import { arbitrate, type LampCase } from './arbiter.ts';
import { createDecisionMemory } from './decision-memory.ts';
import { lampCaseOf } from './lamp-case.ts';
import type { LightingResult, LightingSnapshot, LightingStreet, LitLamps } from './lighting.ts';
import { createLocalCalendar } from './local-time.ts';
import type { Nights } from './night.ts';
import { sensorPointOf } from './presence.ts';
import type { ProgrammeReader } from './programme.ts';
import { sunAltitudeDeg } from './sun.ts';
import { brighterOf } from './two-clocks.ts';
import { waveFor } from './wave.ts';
import { planZone, zoneMomentOf, zoneStateOf } from './zone-moment.ts';

export interface Decider {
  decide(snapshot: LightingSnapshot): LightingResult;
  /** Returns the nights and the programme of a zone, for a look ahead; undefined for an unknown zone. */
  plan(zoneId: string): { readonly nights: Nights; readonly programme: ProgrammeReader } | undefined;
}

/** Prepares a street. Errors: throws RangeError for an unknown time zone; the configuration check has excluded it. */
export function createDecider(street: LightingStreet): Decider {
  const calendar = createLocalCalendar(street.timezone);
  const plans = street.zones.map((zone) => planZone(street, zone, calendar));
  const wave = waveFor(street);
  const remembered = createDecisionMemory();

  function decideAt(snapshot: LightingSnapshot): LightingResult {
    const altitudeDeg = sunAltitudeDeg(street, snapshot.nowMs);
    const waves = wave(snapshot.detections ?? [], snapshot.nowMono, deafSensors(street, snapshot));
    const moments = plans.map((plan) => zoneMomentOf(plan, street, { snapshot, altitudeDeg }));
    const byLamp = new Map(moments.flatMap((moment) => moment.plan.zone.lamps.map((id) => [id, moment] as const)));
    const lit = new Map<string, MonoMs | null>();
    return {
      decisions: street.lamps.map((lamp) => {
        const lampCase = lampCaseOf(lamp, byLamp.get(lamp.id) ?? null, { snapshot, wave: waves.get(lamp.id) ?? null });
        return withWarning(lampCase, snapshot.lit, lit);
      }),
      zones: moments.map((moment) => zoneStateOf(moment, altitudeDeg, snapshot)),
      lit,
    };
  }

  return {
    plan: (zoneId) => plans.find(({ zone }) => zone.id === zoneId),
    decide(snapshot) {
      const { otherMs = null, clockQuality } = snapshot;
      const one = decideAt(snapshot);
      const both = otherMs === null || !isTrusted(clockQuality) ? one : brighterOf(one, decideAt({ ...snapshot, nowMs: otherMs }));
      return { ...both, decisions: both.decisions.map(remembered) };
    },
  };
}

/** Devices of sensors that detect no person now: stuck, silent, or badly placed. */
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

/** Decides a lamp, with the warning where it would fall from light to 0 %. Fills `lit` for the next call. */
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
