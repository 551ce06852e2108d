/**
 * What the lighting logic sees and says. Pure: the same snapshot always gives the same decisions.
 *
 * Owns the shapes between `control` and `decide`. Never reads a clock, a line or a disk.
 */
import type { Cabinet, DeviceConfig } from '../core/cabinet.ts';
import type { ClockQuality, MonoMs, WallMs } from '../core/clock.ts';
import type { Decision, Intent, PointId, Quality } from '../core/words.ts';

/** The part of the cabinet that decides about light. */
export type Street = Pick<Cabinet, 'latitudeDeg' | 'longitudeDeg' | 'timezone' | 'poles' | 'lamps' | 'zones' | 'programmes'> & {
  /** Tells at which pole a sensor stands; a sensor without a pole raises its whole zone. */
  readonly lines?: readonly { readonly devices: readonly Pick<DeviceConfig, 'id' | 'pole'>[] }[];
};

/** What one presence sensor has said. */
export interface SensorState {
  /** At or above its threshold in its newest reading. */
  readonly present: boolean;
  /** Start of the present spell, or of the last one. */
  readonly sinceMono: MonoMs | null;
  /** Newest reading that said present. */
  readonly lastPresentMono: MonoMs | null;
  readonly quality: Quality;
}

/** All that a decision may depend on. */
export interface LightingSnapshot {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly clockQuality: ClockQuality;
  /** By the point that says someone is there: two contacts of one box are two sensors. A sensor that never spoke is absent. */
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  /** Those in force; expired ones may still be among them and are ignored. */
  readonly intents: readonly Intent[];
}

export interface ZoneState {
  readonly id: string;
  readonly night: boolean;
  /** Units: degrees above the horizon. */
  readonly sunAltitudeDeg: number;
  /** `down`: the hold is over, the drivers are falling; a new detection returns to boost at once. */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
}

export interface LightingResult {
  /** One per lamp, in the order of the cabinet. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
}
