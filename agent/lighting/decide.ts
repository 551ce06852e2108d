/**
 * Decides the level of every lamp of the street at one instant.
 *
 * Combines night, programme, presence, wave, traffic, rules and arbiter. Pure: caches between calls save work and never change a result, so a missed
 * tick, a clock step or a restart cannot leave a lamp in the wrong state.
 */

import { isTrusted, type MonoMs } from '../core/clock.ts';
import { isSameMessage, msg } from '../core/message.ts';
import type { Decision, TraceLine } from '../core/words.ts';
import { arbitrate, byRank, type LampCase } from './arbiter.ts';
import { lampCaseOf } from './lamp-case.ts';
import type { LightingResult, LightingSnapshot, LightingStreet, LitLamps } from './lighting.ts';
import { createLocalCalendar } from './local-time.ts';
import { sensorPointOf } from './presence.ts';
import { sharedDecisions } from './shared-decisions.ts';
import { sunAltitudeDeg } from './sun.ts';
import { waveFor } from './wave.ts';
import { planZone, type ZoneMoment, type ZonePlan, zoneMomentOf, zoneStateOf } from './zone-moment.ts';

/** Decides the levels of the lamps of one street. */
export interface Decider {
  /** Returns the decisions for the lamps in the order of the cabinet, the state of the zones, and `lit`, an input of the next snapshot. */
  decide(snapshot: LightingSnapshot): LightingResult;
  /** Returns the nights and the programme of a zone, for a look ahead; undefined for an unknown zone. */
  plan(zoneId: string): ZonePlan | undefined;
}

/** `onlyLevels`: the trace and the distance of a decision may be those of another lamp of its zone, which is faster for many lamps. */
export interface DeciderOptions {
  readonly onlyLevels?: true;
}

/**
 * Creates the decider of a street. `onlyLevels`: faster for many lamps, but trace and distance may be those of another lamp of the zone.
 * Errors: may throw RangeError for an unknown time zone.
 */
export function createDecider(street: LightingStreet, { onlyLevels }: DeciderOptions = {}): Decider {
  const calendar = createLocalCalendar(street.timezone);
  const plans = street.zones.map((zone) => planZone(street, zone, calendar));
  const wave = waveFor(street);
  const remembered = createDecisionMemory();

  function decideAt(snapshot: LightingSnapshot): LightingResult {
    const altitudeDeg = sunAltitudeDeg(street, snapshot.nowMs);
    const waves = wave(snapshot.detections ?? [], snapshot.nowMono, deafSensors(street, snapshot));
    const moments = plans.map((plan) => zoneMomentOf(plan, street, snapshot, altitudeDeg));
    const byLamp = momentsByLamp(moments);
    const lit = new Map<string, MonoMs | null>();
    const shared = onlyLevels === true ? sharedDecisions(snapshot) : null;
    return {
      decisions: street.lamps.map((lamp) => {
        const [own, raise] = [byLamp.get(lamp.id) ?? [], waves.get(lamp.id) ?? null];
        const decide = (): Decision => withWarning(lampCaseOf(lamp, own, snapshot, raise), snapshot.lit, lit);
        return shared === null ? decide() : shared({ lamp, moments: own, hasWave: raise !== null }, decide);
      }),
      zones: moments.map((moment) => zoneStateOf(moment, snapshot, altitudeDeg)),
      lit,
    };
  }

  return {
    plan: (zoneId) => plans.find(({ zone }) => zone.id === zoneId),
    decide(snapshot) {
      const { otherMs = null, clockQuality } = snapshot;
      const one = decideAt(snapshot);
      const both = otherMs === null || !isTrusted(clockQuality) ? one : brighterOf(one, decideAt({ ...snapshot, nowMs: otherMs }));
      return onlyLevels === true ? both : { ...both, decisions: both.decisions.map(remembered) };
    },
  };
}

/** For each lamp its own zone, then the zones whose presence raises it too. */
function momentsByLamp(moments: readonly ZoneMoment[]): ReadonlyMap<string, readonly ZoneMoment[]> {
  const byLamp = new Map(moments.flatMap((moment) => moment.plan.zone.lamps.map((id): [string, ZoneMoment[]] => [id, [moment]])));
  for (const moment of moments) for (const id of moment.plan.zone.presence?.alsoLamps ?? []) byLamp.get(id)?.push(moment);
  return byLamp;
}

/** Devices of sensors that cannot detect a person now: stuck, silent, or badly placed. */
function deafSensors({ zones }: LightingStreet, { sensors }: LightingSnapshot): ReadonlySet<string> {
  const all = zones.flatMap(({ presence }) => presence?.sensors ?? []);
  const isDeaf = (sensor: (typeof all)[number]): boolean => {
    const state = sensors.get(sensorPointOf(sensor));
    return sensor.listen === 'group' || state?.stuck === true || state?.quality === 'bad' || state?.quality === 'missing';
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
  // By day a lamp is switched off immediately, and a technician may always switch it off immediately.
  if (warnedMono === undefined || light !== 'night' || plain.rank === 'maintenance') return plain;
  // Counted from when it is shown, so that a missed tick does not shorten the warning.
  const sinceMono = warnedMono ?? nowMono;
  const restMs = sinceMono + dark.warnS * 1_000 - nowMono;
  if (restMs <= 0) return plain;
  lit.set(lamp.id, sinceMono);
  return arbitrate({ ...lampCase, warning: { levelPct: dark.warnPct, untilMs: Math.round(nowMs + restMs) } });
}

/** Combines the decisions for two times of which either may be correct: the higher level of each lamp, and night if either result has it. */
function brighterOf(one: LightingResult, other: LightingResult): LightingResult {
  return {
    decisions: one.decisions.map((decision, at) => {
      const second = other.decisions[at];
      const chosen = second !== undefined && second.levelPct > decision.levelPct ? second : decision;
      const text = msg`two clocks disagree: the brighter of both decisions`;
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

/** A lamp that either result lights is lit; otherwise its warning began when it was last shown. */
function litSince(lampId: string, one: LitLamps, other: LitLamps): MonoMs | null {
  const [first, second] = [one.get(lampId), other.get(lampId)];
  if (first === null || second === null) return null;
  return Math.max(first ?? Number.NEGATIVE_INFINITY, second ?? Number.NEGATIVE_INFINITY);
}

/**
 * Returns a function that returns the lamp's former decision as long as a new one is equal.
 *
 * Copies that live until the next tick become long-lived garbage; they were a quarter of it.
 */
function createDecisionMemory(): (fresh: Decision) => Decision {
  const known = new Map<string, Decision>();
  return (fresh) => {
    const before = known.get(fresh.lampId);
    if (before !== undefined && isSame(before, fresh)) return before;
    known.set(fresh.lampId, fresh);
    return fresh;
  };
}

function isSame(a: Decision, b: Decision): boolean {
  return (
    a.levelPct === b.levelPct &&
    a.rank === b.rank &&
    a.reason === b.reason &&
    a.distanceM === b.distanceM &&
    a.trace.length === b.trace.length &&
    a.trace.every((line, at) => isSameLine(line, b.trace[at]))
  );
}

function isSameLine(a: TraceLine, b: TraceLine | undefined): boolean {
  return (
    b !== undefined &&
    a.rank === b.rank &&
    a.source === b.source &&
    a.levelPct === b.levelPct &&
    a.applied === b.applied &&
    isSameMessage(a.text, b.text) &&
    a.untilMs === b.untilMs
  );
}
