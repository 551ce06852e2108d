/**
 * Judges a presence sensor: whether it answers, ever detects a person, and is not stuck. Pure.
 *
 * How long a sensor may be silent depends on the kind of zone.
 */
import type { PresenceSensor, ZoneKind } from '../../core/cabinet.ts';
import type { MonoMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { PointId } from '../../core/words.ts';
import type { SensorState } from '../../lighting/lighting.ts';
import { spell } from '../../lighting/sentence.ts';

export interface SensorCase {
  readonly pointId: PointId;
  readonly kind: PresenceSensor['kind'];
  readonly zoneKind: ZoneKind;
  readonly state: SensorState | undefined;
  /** Start of the observation. */
  readonly startMono: MonoMs;
  readonly nowMono: MonoMs;
}

/** What is wrong, in words for an event; null while nothing is. */
export interface SensorHealth {
  readonly stuck: string | null;
  readonly silent: string | null;
}

/** Without any value for longer, a sensor is silent. Units: s. Source: assumed; a road needs its sensors most, and a unit that was restarted answers again by then. */
const NO_VALUE_S: Readonly<Record<ZoneKind, number>> = { road: 120, street: 300, path: 300, leisure: 900 };
/** A sensor that answers but detects nothing for longer is covered, turned away or defective. Units: days. Source: assumed; by how empty such a place may be. */
const UNDETECTED_DAYS: Readonly<Record<ZoneKind, number>> = { road: 3, street: 7, path: 14, leisure: 30 };

export function sensorHealth(sensor: SensorCase): SensorHealth {
  const { pointId, state, nowMono } = sensor;
  const lasted = spell(nowMono - (state?.sinceMono ?? nowMono));
  const stuck = `${pointId}: someone there for ${lasted} without a pause, so not believed until it has been still; look what it sees`;
  return { stuck: state?.stuck ? stuck : null, silent: silence(sensor) };
}

function silence({ pointId, kind, zoneKind, state, startMono, nowMono }: SensorCase): string | null {
  const noValueMs = nowMono - (state?.valueMono ?? startMono);
  if (noValueMs > NO_VALUE_S[zoneKind] * 1_000)
    return `${pointId}: no value for ${spell(noValueMs)}, the light stays at the programme around it`;
  const undetectedMs = nowMono - (state?.lastPresentMono ?? startMono);
  const days = UNDETECTED_DAYS[zoneKind];
  if (kind === 'button' || state?.stuck || undetectedMs <= days * DAY_MS) return null;
  return `${pointId}: nobody seen for ${days} days; look whether it is covered, turned away or dead`;
}
