/**
 * What the lighting logic sees and says. Pure: the same snapshot always gives the same decisions.
 *
 * Owns the shapes between `control` and `decide`. Never reads a clock, a line or a disk.
 */
import type { Cabinet, DeviceConfig } from '../core/cabinet.ts';
import type { ClockQuality, MonoMs, WallMs } from '../core/clock.ts';
import type { Decision, Intent, LevelPct, PointId, Quality } from '../core/words.ts';

/** The part of the cabinet that decides about light. */
export type Street = Pick<
  Cabinet,
  | 'latitudeDeg'
  | 'longitudeDeg'
  | 'timezone'
  | 'poles'
  | 'branches'
  | 'lamps'
  | 'zones'
  | 'programmes'
  | 'calendars'
  | 'eventNights'
  | 'rules'
  | 'outputs'
  | 'neighbours'
> & {
  /** Tells at which pole a sensor stands; a sensor without a pole raises its whole zone. */
  readonly lines?: readonly { readonly devices: readonly Pick<DeviceConfig, 'id' | 'pole'>[] }[];
};

/** What one presence sensor has said, after its filters. */
export interface SensorState {
  /** Someone is there: at or above its threshold for long enough, or counted just now. */
  readonly present: boolean;
  /** Start of the present spell, or of the last one. */
  readonly sinceMono: MonoMs | null;
  /** Newest reading that said present. */
  readonly lastPresentMono: MonoMs | null;
  readonly quality: Quality;
  /** What the bare readings say, before the filters: since when above the threshold, since when below; null while not so. */
  readonly rawUpMono?: MonoMs | null;
  readonly rawDownMono?: MonoMs | null;
  /** Newest value of a counter; null for others. */
  readonly count?: number | null;
  /** It has said present without a pause for longer than anyone stays. */
  readonly stuck?: boolean;
}

/** What one photocell has said. */
export interface PhotocellState {
  readonly lux: number | null;
  readonly atMono: MonoMs;
  /** Since when at or below the lower and at or above the upper threshold; null while not so. */
  readonly belowMono: MonoMs | null;
  readonly aboveMono: MonoMs | null;
  /** What it holds to be so, after dwell and arming; null until it has seen either for long enough. */
  readonly says: 'dark' | 'bright' | null;
}

/** Flow of vehicles in a zone. */
export interface TrafficState {
  /** Vehicles an hour by the last full window, and the one before; null until one is full. */
  readonly flowPerH: number | null;
  /** Place of the step in force; null: the programme, as when a counter has failed. */
  readonly step: number | null;
  readonly sinceMono: MonoMs;
}

/** Whether a rule holds. */
export interface RuleState {
  readonly holds: boolean;
  readonly sinceMono: MonoMs;
}

/** Someone was seen at a pole, by a sensor of ours or by a neighbour cabinet. */
export interface Detection {
  /** Sensor's device, or the neighbour's edge node. */
  readonly source: string;
  readonly pole: string;
  readonly atMono: MonoMs;
  readonly isRelayed: boolean;
  /** Where known from elsewhere; else from successive detections. Units: km/h, towards larger (1) or smaller (-1) distances. */
  readonly speedKmh: number | null;
  readonly direction: 1 | -1 | null;
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
  /** By point. */
  readonly photocells?: ReadonlyMap<PointId, PhotocellState>;
  /** By zone. */
  readonly traffic?: ReadonlyMap<string, TrafficState>;
  /** By rule. */
  readonly rules?: ReadonlyMap<string, RuleState>;
  /** Of the last minutes, oldest first. */
  readonly detections?: readonly Detection[];
  /** By lamp. Units: h. */
  readonly burningH?: ReadonlyMap<string, number>;
}

export interface ZoneState {
  readonly id: string;
  readonly night: boolean;
  /** Units: degrees above the horizon. */
  readonly sunAltitudeDeg: number;
  /** `down`: the hold is over, the drivers are falling; a new detection returns to boost at once. */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  /** What the programme alone asks for; null by day. */
  readonly programmePct: LevelPct | null;
}

export interface LightingResult {
  /** One per lamp, in the order of the cabinet. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
}
