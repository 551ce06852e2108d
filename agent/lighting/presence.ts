/**
 * Presence at a lamp: whether a person is near it, or was until a moment ago.
 *
 * Applies the hold and fall times of a zone's sensors and the reach of each. Pure: sensor states and the time in, a phase for each lamp out. A sensor
 * that does not answer neither raises nor darkens: its last hold ends, then the programme applies.
 */

import type { PresenceConfig, PresenceSensor, Zone } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { PointId } from '../core/words.ts';
import type { LightingStreet, SensorState } from './lighting.ts';
import { spell } from './spell.ts';

/**
 * A sensor, and those lamps of its zone and its `alsoLamps` that are within `reachM`; all of them if that is null. `distanceM`: by lamp id,
 * the difference between the `atM` of both poles, whatever their branch; 0 if a pole is unknown. Units: m.
 */
export interface SensorReach {
  readonly sensor: PresenceSensor;
  readonly distanceM: ReadonlyMap<string, number>;
}

/**
 * State of one sensor, or of the sensors of a lamp or zone, whatever decides the level. `boost`: presence, or its hold. `down`: the hold
 * has ended and the light is falling. `base`: neither, or the sensors are ignored; a wave may still raise lamps.
 */
export type PresencePhase = 'base' | 'boost' | 'down';

const STRENGTH: Readonly<Record<PresencePhase, number>> = { base: 0, down: 1, boost: 2 };

/** The phase of one sensor at one instant, for the lamps that it reaches. */
export interface SensorPhase {
  /** Its device: two contacts of one device have the same. */
  readonly sensorId: string;
  readonly phase: PresencePhase;
  /** End of hold or fall; null during presence and at the base level. */
  readonly untilMono: MonoMs | null;
  /** End of the last hold, once it is over; null during presence or a hold, before the first, and if the sensor is ignored. */
  readonly endedMono: MonoMs | null;
  /** What the sensor reports, for the trace. */
  readonly text: Message;
}

/**
 * The phase of one lamp: that of the strongest sensor that reaches it. `endedMono` is the latest of all these sensors, also while another
 * one holds.
 */
export interface LampPresence extends SensorPhase {
  /** Distance to the nearest sensor that raises it, 0 if a pole is unknown; null unless `boost`. Units: m. */
  readonly distanceM: number | null;
}

/** Returns the point that identifies a sensor: `device.point`. */
export function sensorPointOf({ device, point }: PresenceSensor): PointId {
  return `${device}.${point}`;
}

/**
 * Returns the sensors of a zone, in their order, each with the lamps within its reach, of the zone or its `alsoLamps`; with all of them if
 * `reachM` is null. Empty for a zone without presence.
 */
export function sensorReaches(street: LightingStreet, zone: Zone): readonly SensorReach[] {
  if (zone.presence === null) return [];
  const { sensors, reachM, alsoLamps = [] } = zone.presence;
  const own = new Set([...zone.lamps, ...alsoLamps]);
  const atM = new Map(street.poles.map((pole) => [pole.id, pole.atM]));
  const devices = (street.lines ?? []).flatMap((line) => line.devices);
  const lamps = street.lamps.filter(({ id }) => own.has(id));
  return sensors.map((sensor) => {
    const pole = devices.find((device) => device.id === sensor.device)?.pole ?? null;
    const sensorAtM = pole === null ? undefined : atM.get(pole);
    const distances = lamps.map((lamp): [string, number] => [lamp.id, apartM(sensorAtM, atM.get(lamp.pole))]);
    return { sensor, distanceM: new Map(distances.filter(([, distanceM]) => reachM === null || distanceM <= reachM)) };
  });
}

/** A sensor at one instant. */
interface SensorMoment {
  readonly state: SensorState | undefined;
  readonly nowMono: MonoMs;
  /** Presence has raised its zone for too long. */
  readonly isOverRaised?: boolean;
}

/**
 * Returns the present phase of a sensor, with its text. `base` for a sensor that is ignored: it is stuck, its `listen` is `group`, or its
 * zone is raised for too long.
 */
export function sensorPhase(
  config: PresenceConfig,
  sensor: PresenceSensor,
  { state, nowMono, isOverRaised = false }: SensorMoment,
): SensorPhase {
  const id = sensor.device;
  const result = (
    phase: PresencePhase,
    text: Message,
    { untilMono = null, endedMono = null }: Partial<Pick<SensorPhase, 'untilMono' | 'endedMono'>> = {},
  ): SensorPhase => ({ sensorId: id, phase, untilMono, endedMono, text });
  if (sensor.listen === 'group') return result('base', msg`${id} follows the others`);
  if (isOverRaised) return result('base', msg`${id} is ignored: presence has raised the zone for ${spell(config.maxBoostS * 1_000)}`);
  if (state?.stuck === true)
    return result('base', sensor.kind === 'counter' ? msg`${id} counts too fast, programme stays` : msg`${id} is stuck, programme stays`);
  const answers = state !== undefined && (state.quality === 'good' || state.quality === 'stale');
  if (answers && state.present) return result('boost', msg`${id} detects someone now`);
  const last = state?.lastPresentMono ?? null;
  if (last === null) return result('base', answers ? msg`${id} has not detected anyone yet` : msg`${id} does not answer, programme stays`);
  const holdEnd = last + Math.max(0, config.holdS - sensor.ownHoldS) * 1_000;
  const ago = spell(nowMono - last);
  if (nowMono < holdEnd)
    return result('boost', msg`${id} detected someone ${ago} ago, holds ${spell(holdEnd - nowMono)} more`, { untilMono: holdEnd });
  const fallEnd = holdEnd + config.rampDownS * 1_000;
  if (nowMono < fallEnd)
    return result('down', msg`${id} detected someone ${ago} ago, light is falling`, { untilMono: fallEnd, endedMono: holdEnd });
  const text = answers ? msg`${id} detected someone ${ago} ago` : msg`${id} does not answer, programme stays`;
  return result('base', text, { endedMono: holdEnd });
}

/**
 * Returns the phase of a lamp from the sensors that reach it; null if none does. `phases` has one entry for each of `reaches`, in that
 * order.
 */
export function lampPresence(lampId: string, reaches: readonly SensorReach[], phases: readonly SensorPhase[]): LampPresence | null {
  let best: SensorPhase | null = null;
  let nearestM: number | null = null;
  let endedMono: MonoMs | null = null;
  reaches.forEach(({ distanceM }, index) => {
    const [sensor, apart] = [phases[index], distanceM.get(lampId)];
    if (sensor === undefined || apart === undefined) return;
    if (sensor.endedMono !== null) endedMono = Math.max(endedMono ?? sensor.endedMono, sensor.endedMono);
    if (sensor.phase === 'boost') nearestM = Math.min(nearestM ?? apart, apart);
    if (best === null || outlasts(sensor, best)) best = sensor;
  });
  return best === null ? null : { ...(best as SensorPhase), distanceM: nearestM, endedMono };
}

/** Returns the phase of a whole zone: the strongest of its sensors, `boost` before `down` before `base`. `base` without a sensor. */
export function strongestPhase(phases: readonly SensorPhase[]): PresencePhase {
  return phases.reduce<PresencePhase>((phase, sensor) => (STRENGTH[sensor.phase] > STRENGTH[phase] ? sensor.phase : phase), 'base');
}

function outlasts(a: SensorPhase, b: SensorPhase): boolean {
  if (a.phase !== b.phase) return STRENGTH[a.phase] > STRENGTH[b.phase];
  if (a.phase === 'base') return false;
  return (a.untilMono ?? Number.POSITIVE_INFINITY) > (b.untilMono ?? Number.POSITIVE_INFINITY);
}

/** Units: m. Zero if a pole is unknown, so that the lamp is raised rather than left dark. */
function apartM(aM: number | undefined, bM: number | undefined): number {
  return aM === undefined || bM === undefined ? 0 : Math.abs(aM - bM);
}
