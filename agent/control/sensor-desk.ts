/**
 * What every presence sensor of the street has said.
 *
 * Owns the sensors' states while the agent runs and the count of detections. The rules are in `sensors`. Called by `control`.
 */
import type { PresenceSensor } from '../core/cabinet.ts';
import type { Field } from '../core/ports.ts';
import type { PointId, Reading } from '../core/words.ts';
import type { SensorState, Street } from '../lighting/lighting.ts';
import { sensorPointOf } from '../lighting/presence.ts';
import { afterReading } from './sensors.ts';

export interface SensorDesk {
  /** Takes what concerns a sensor; true when someone was detected. */
  take(readings: readonly Reading[]): boolean;
  /** Notices readings that have become stale or missing by their age. */
  refresh(): void;
  /** By point: two contacts of one box are two sensors. */
  states(): ReadonlyMap<PointId, SensorState>;
  detections(): number;
}

/** A sensor that several zones share counts once, by the threshold of the first. */
export function createSensorDesk(street: Street, field: Pick<Field, 'latest'>): SensorDesk {
  const sensors = new Map<PointId, PresenceSensor>();
  for (const sensor of street.zones.flatMap(({ presence }) => presence?.sensors ?? [])) {
    const pointId = sensorPointOf(sensor);
    if (!sensors.has(pointId)) sensors.set(pointId, sensor);
  }
  const states = new Map<PointId, SensorState>();
  let detections = 0;
  const takeOne = (reading: Reading): boolean => {
    const { pointId } = reading;
    const sensor = sensors.get(pointId);
    if (sensor === undefined) return false;
    const { state, detected } = afterReading(states.get(pointId), reading, sensor);
    states.set(pointId, state);
    if (detected) detections++;
    return detected;
  };
  return {
    take: (readings) => readings.map(takeOne).includes(true),
    refresh() {
      for (const pointId of sensors.keys()) {
        const latest = field.latest(pointId);
        if (latest !== undefined) takeOne(latest);
      }
    },
    states: () => states,
    detections: () => detections,
  };
}
