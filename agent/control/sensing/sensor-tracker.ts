/** Tracks every presence sensor of the street, using the rules of `lighting/sensor-filter`, and reports stuck and silent ones. */

import type { PresenceSensor, Zone, ZoneKind } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Field } from '../../core/ports.ts';
import type { EventCode, PointId, Reading } from '../../core/words.ts';
import type { Detection, LightingStreet, SensorState } from '../../lighting/lighting.ts';
import { sensorPointOf, sensorReaches } from '../../lighting/presence.ts';
import { afterSensorReading, afterSensorTick, type SensorStep } from '../../lighting/sensor-filter.ts';
import { spell } from '../../lighting/spell.ts';
import { createRecentDetections } from './recent-detections.ts';

/** Dependencies of the trackers of sensors, photocells, traffic, rules and long raises; some use only a part of them. */
export interface TrackerParts {
  readonly street: LightingStreet;
  readonly field: Pick<Field, 'latest'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly events: Pick<EventTracker, 'set'>;
}

/** The dependencies with which `createSensorTracker` is created. */
export interface SensorTrackerParts extends TrackerParts {
  /** Returns when the decided level of this lamp last changed, or was first decided; null if none was decided. */
  readonly ownChangeMono: (lampId: string) => MonoMs | null;
}

/** The states of the presence sensors, and the detections. */
export interface SensorTracker {
  /**
   * Takes readings. Returns true if a sensor that raises light itself detected a person. Also true if such a sensor has a pole and still
   * detects a person, and another person may have come.
   */
  take(readings: readonly Reading[]): boolean;
  /** Updates the states by the newest readings and the time, and reports the events. A detection may begin here too. */
  refresh(): void;
  /** Returns the states by point. A sensor without any reading is absent. */
  states(): ReadonlyMap<PointId, SensorState>;
  /** Returns how many detections were counted since the creation: those of sensors that raise light themselves. */
  detections(): number;
  /**
   * Returns the detections of the last minutes at sensors that raise light themselves and have a pole, oldest first. Other persons who may
   * have come are included; `detections` does not count them.
   */
  recent(): readonly Detection[];
}

/**
 * A lamp farther than this from the sensor's pole does not light the area of the sensor. Units: m. Source: a sensor covers 10 to 20 m
 * across, and a pole lights half a spacing around it.
 */
const OWN_LIGHT_M = 15;
/** Source: half leaves the other half for the person to enter the range. */
const BLANKED_SHARE = 0.5;

/**
 * A sensor without any value for longer is silent. Units: s. Source: assumed; a road needs its sensors most, and a unit that was restarted
 * answers again by then. Confirmed by: lengths of sensor silences in a week of logs.
 */
const NO_VALUE_S: Readonly<Record<ZoneKind, number>> = { road: 120, street: 300, path: 300, leisure: 900 };
/**
 * A sensor that answers but detects nothing for longer is covered, turned away or defective. Units: days. Source: assumed; depends on how
 * empty such a place may be. Confirmed by: the longest times without a detection in a winter of logs, by kind of zone.
 */
const UNDETECTED_DAYS: Readonly<Record<ZoneKind, number>> = { road: 3, street: 7, path: 14, leisure: 30 };

interface Watched {
  readonly pointId: PointId;
  readonly sensor: PresenceSensor;
  /** Lamps whose light may trigger the sensor when their level changes. */
  readonly litBy: readonly string[];
  readonly zoneKind: ZoneKind;
  readonly pole: string | null;
}

/**
 * Creates the tracker of the presence sensors of a street. Raises `sensor-stuck`, `sensor-silent` and `sensor-busy`. `ownChangeMono`: when
 * the decided level of a lamp last changed, because a sensor may detect that light.
 */
export function createSensorTracker({ street, field, clock, events, ownChangeMono }: SensorTrackerParts): SensorTracker {
  const sensors = watchedSensors(street);
  const states = new Map<PointId, SensorState>();
  const startMono = clock.monoMs();
  const recent = createRecentDetections(clock);
  let detections = 0;

  function takeOne(watched: Watched, reading: Reading): boolean {
    const { pointId, sensor, litBy } = watched;
    const changes = litBy.flatMap((lampId) => ownChangeMono(lampId) ?? []);
    const time = { nowMono: clock.monoMs(), ownChangeMono: changes.length === 0 ? null : Math.max(...changes) };
    return keep(watched, afterSensorReading(states.get(pointId), reading, sensor, time));
  }

  function keep({ pointId, sensor, pole }: Watched, { state, detected, returned }: SensorStep): boolean {
    states.set(pointId, state);
    if (sensor.listen === 'group') return false;
    if (!detected) return returned && pole !== null && recent.noteReturn(sensor.device, pole);
    detections++;
    const atMono = (sensor.kind === 'counter' ? state.lastPresentMono : state.sinceMono) ?? clock.monoMs();
    if (pole !== null) recent.note({ source: sensor.device, pole, atMono });
    return true;
  }

  function refreshOne(watched: Watched): void {
    const latest = field.latest(watched.pointId);
    const state = states.get(watched.pointId);
    if (latest !== undefined) takeOne(watched, latest);
    else if (state !== undefined) keep(watched, afterSensorTick(state, watched.sensor, clock.monoMs()));
    reportHealth(watched);
  }

  function reportHealth({ pointId, sensor, zoneKind }: Watched): void {
    const state = states.get(pointId);
    const { stuck, silent, busy } = sensorHealth({ pointId, sensor, zoneKind, state, startMono, nowMono: clock.monoMs() });
    const report = (code: EventCode, trouble: Message | null, isOver: Message): void =>
      events.set(trouble !== null, { code, source: pointId, severity: 'warning', text: trouble ?? isOver });
    report('sensor-stuck', stuck, msg`${pointId}: idle again, back in use`);
    report('sensor-silent', silent, msg`${pointId}: gives values again`);
    report('sensor-busy', busy, msg`${pointId}: detects as often as usual again`);
  }

  return {
    take: (readings) => {
      const detected = readings.map((reading) => {
        const watched = sensors.get(reading.pointId);
        return watched !== undefined && takeOne(watched, reading);
      });
      return detected.includes(true);
    },
    refresh() {
      recent.refresh();
      for (const watched of sensors.values()) refreshOne(watched);
    },
    states: () => states,
    detections: () => detections,
    recent: recent.all,
  };
}

/** A sensor that several zones share counts once, with the settings of the first zone where it raises light. */
function watchedSensors(street: LightingStreet): ReadonlyMap<PointId, Watched> {
  const { zones, lines = [] } = street;
  const poles = new Map(lines.flatMap(({ devices }) => devices).map(({ id, pole }) => [id, pole]));
  const uses = zones.flatMap((zone) => (zone.presence?.sensors ?? []).map((sensor) => ({ zone, sensor, pointId: sensorPointOf(sensor) })));
  const ownFirst = [...uses.filter(raisesLight), ...uses.filter((use) => !raisesLight(use))];
  const watched = new Map<PointId, Watched>();
  for (const { zone, sensor, pointId } of ownFirst) {
    if (watched.has(pointId)) continue;
    const litBy = uses.filter((use) => use.pointId === pointId).flatMap((use) => lampsSeenBy(street, use));
    watched.set(pointId, { pointId, sensor: blanked(sensor, zone), litBy, zoneKind: zone.kind, pole: poles.get(sensor.device) ?? null });
  }
  return watched;
}

/** Lamps of the zone whose light reaches the area of the sensor; all of them if a distance is not known. */
function lampsSeenBy(
  street: LightingStreet,
  { zone, sensor }: { readonly zone: Zone; readonly sensor: PresenceSensor },
): readonly string[] {
  const reach = sensorReaches(street, zone).find((each) => each.sensor === sensor);
  return [...(reach?.distanceM ?? [])].filter(([, distanceM]) => distanceM <= OWN_LIGHT_M).map(([lampId]) => lampId);
}

/** With a wave, the light around a sensor rises `lookAheadS` before the person arrives: the sensor must be evaluated again by then. */
function blanked(sensor: PresenceSensor, { presence }: Zone): PresenceSensor {
  const lookAheadS = presence?.wave?.lookAheadS;
  return lookAheadS === undefined ? sensor : { ...sensor, blankS: Math.min(sensor.blankS, lookAheadS * BLANKED_SHARE) };
}

function raisesLight({ sensor }: { readonly zone: Zone; readonly sensor: PresenceSensor }): boolean {
  return sensor.listen !== 'group';
}

/** What is known about one sensor. `state`: undefined before its first reading. */
export interface SensorCase {
  readonly pointId: PointId;
  readonly sensor: Pick<PresenceSensor, 'kind' | 'maxPerH'>;
  /** The kind of its zone: it determines how long a sensor may be silent. */
  readonly zoneKind: ZoneKind;
  readonly state: SensorState | undefined;
  /** Start of the observation. Before the first value or detection, silence counts from here. */
  readonly startMono: MonoMs;
  readonly nowMono: MonoMs;
}

/** The faults of a sensor, each as text for its event; null for each that was not found. */
export interface SensorHealth {
  /** Presence without a pause for too long, so that it is ignored. Always null for a counter. */
  readonly stuck: Message | null;
  /** No value, or no detection, for too long. */
  readonly silent: Message | null;
  /** More detections in an hour than its `maxPerH`; it stays until they are at most half as many. */
  readonly busy: Message | null;
}

/**
 * Returns the faults of a sensor. `stuck`: present for too long. `silent`: no value or no detection for too long. `busy`: too many
 * detections. Which of them apply depends on the kind of the sensor.
 */
export function sensorHealth(sensorCase: SensorCase): SensorHealth {
  const { pointId, sensor, state, nowMono } = sensorCase;
  const lasted = spell(nowMono - (state?.sinceMono ?? nowMono));
  const stuck = msg`${pointId}: presence for ${lasted} without a pause; it is ignored until it clears; check what it detects`;
  const isCounter = sensor.kind === 'counter';
  const busy = isCounter
    ? msg`${pointId}: more than ${sensor.maxPerH} detections an hour; it is ignored until it counts less; check whether it chatters, or what it detects`
    : msg`${pointId}: more than ${sensor.maxPerH} detections an hour; the light follows it all the same; check whether it chatters, or what it detects`;
  return {
    stuck: state?.stuck && !isCounter ? stuck : null,
    silent: silence(sensorCase),
    busy: state?.isBusy ? busy : null,
  };
}

function silence({ pointId, sensor: { kind }, zoneKind, state, startMono, nowMono }: SensorCase): Message | null {
  const noValueMs = nowMono - (state?.valueMono ?? startMono);
  if (noValueMs > NO_VALUE_S[zoneKind] * 1_000) return msg`${pointId}: no value for ${spell(noValueMs)}; nearby lamps follow the programme`;
  const undetectedMs = nowMono - (state?.lastPresentMono ?? startMono);
  const days = UNDETECTED_DAYS[zoneKind];
  if (kind === 'button' || state?.stuck || undetectedMs <= days * DAY_MS) return null;
  return msg`${pointId}: no detection for ${days} days; check whether it is covered, turned away or defective`;
}
