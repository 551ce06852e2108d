/** Collects what affects one lamp at one instant: its intents, what raises it, and the state of its zone. Pure. */

import type { Lamp } from '../core/cabinet.ts';
import { msg } from '../core/message.ts';
import { type FoundLevel, type LampCase, type Raise, WARNING_TEXT } from './arbiter.ts';
import { intentsFor } from './intents.ts';
import type { LightingSnapshot } from './lighting.ts';
import { lampPresence } from './presence.ts';
import { twoStageOff } from './programme.ts';
import type { WaveRaise } from './wave.ts';
import type { ZoneMoment } from './zone-moment.ts';

const NO_SENSOR_TEXT = msg`no sensor reaches this lamp`;

/**
 * Returns the input of `arbitrate` for a lamp, without `warning`. `wave`: the raise by a moving person, or null.
 *
 * Shape: `moments` begins with that of the lamp's own zone; those of other zones whose presence raises the lamp follow. It is empty for a
 * lamp without a zone.
 */
export function lampCaseOf(lamp: Lamp, moments: readonly ZoneMoment[], snapshot: LightingSnapshot, wave: WaveRaise | null): LampCase {
  const { nowMs, nowMono, intents, burningH } = snapshot;
  const moment = moments[0] ?? null;
  const others = moments.slice(1);
  const zone = moment?.plan.zone ?? null;
  return {
    lamp,
    zone,
    nowMs,
    nowMono,
    light: moment?.light ?? 'night',
    intents: intentsFor(intents, { lampId: lamp.id, zoneId: zone?.id ?? null }, nowMono),
    raises: moment?.light === 'night' ? [...raisesOf(lamp, moment, snapshot, wave), ...raisesBy(others, lamp, snapshot, wave)] : [],
    found: foundLevel(lamp, snapshot),
    programme: moment?.programme ?? null,
    lower: moment?.lower ?? null,
    dusk: moment?.dusk ?? null,
    burningH: burningH?.get(lamp.id) ?? null,
  };
}

function raisesOf(lamp: Lamp, moment: ZoneMoment, snapshot: LightingSnapshot, wave: WaveRaise | null): readonly Raise[] {
  return [...presenceRaises(lamp, moment, snapshot), ...waveRaises(moment, wave, snapshot), ...moment.raises];
}

/** The raises by sensors and waves of other zones; traces of sensors that raise nothing appear only in their own zone. */
function raisesBy(others: readonly ZoneMoment[], lamp: Lamp, snapshot: LightingSnapshot, wave: WaveRaise | null): readonly Raise[] {
  const all = others.flatMap((other) => [...presenceRaises(lamp, other, snapshot), ...waveRaises(other, wave, snapshot)]);
  return all.filter(({ line }) => line.levelPct !== null);
}

/** The level that a lamp had when the agent started; it applies for a while. */
function foundLevel({ id }: Lamp, { nowMs, nowMono, holds }: LightingSnapshot): FoundLevel | null {
  const hold = holds?.get(id);
  if (hold === undefined || nowMono >= hold.untilMono) return null;
  return { levelPct: hold.levelPct, untilMs: Math.round(nowMs + hold.untilMono - nowMono) };
}

function waveRaises(
  { plan, state }: ZoneMoment,
  wave: WaveRaise | null,
  { nowMs, nowMono, overRaised }: LightingSnapshot,
): readonly Raise[] {
  const { id, presence } = plan.zone;
  if (wave === null || presence === null || overRaised?.has(id) === true) return [];
  const boostPct = state?.stretch?.boostPct ?? presence.boostPct;
  const levelPct = wave.level === 'boost' ? boostPct : presence.relayedPct;
  const untilMs = Math.round(nowMs + wave.untilMono - nowMono);
  return [{ line: { rank: 'presence', source: 'wave', levelPct, text: wave.text, untilMs }, distanceM: wave.distanceM }];
}

/** The raises by the sensors around the lamp; in a zone that may be dark also the warning after the last of them. */
function presenceRaises(
  lamp: Lamp,
  { plan, sensors, state }: ZoneMoment,
  { nowMs, nowMono, lit }: Pick<LightingSnapshot, 'nowMs' | 'nowMono' | 'lit'>,
): readonly Raise[] {
  const { zone, reaches } = plan;
  if (zone.presence === null) return [];
  const presence = lampPresence(lamp.id, reaches, sensors);
  const rank = 'presence' as const;
  if (presence === null) {
    return [{ line: { rank, source: zone.id, levelPct: null, text: NO_SENSOR_TEXT, untilMs: null }, distanceM: null }];
  }
  const { phase, untilMono, endedMono, text, sensorId: source, distanceM } = presence;
  const untilMs = untilMono === null ? null : Math.round(nowMs + untilMono - nowMono);
  const boostPct = phase === 'boost' ? (state?.stretch?.boostPct ?? zone.presence.boostPct) : null;
  const raises: Raise[] = [{ line: { rank, source, levelPct: boostPct, text, untilMs }, distanceM }];
  // If the lit lamps are known, the warning follows from them instead.
  const isWarned = phase !== 'boost' && lit === undefined;
  const warnPct = !isWarned || endedMono === null ? 0 : twoStageOff(0, zone, endedMono, nowMono);
  if (warnPct === 0 || endedMono === null) return raises;
  const endMs = Math.round(nowMs + endedMono + (zone.dark?.warnS ?? 0) * 1_000 - nowMono);
  return [...raises, { line: { rank, source, levelPct: warnPct, text: WARNING_TEXT, untilMs: endMs }, distanceM: null }];
}
