/**
 * The inputs and results of the lighting logic. The same snapshot always gives the same decisions.
 *
 * Types only: nothing here reads a clock, a line or a disk.
 */
import type { Cabinet, DeviceConfig } from '../core/cabinet.ts';
import type { ClockQuality, MonoMs, WallMs } from '../core/clock.ts';
import type { Decision, Intent, LevelPct, PointId, Quality } from '../core/words.ts';

/** The part of the cabinet that light depends on. */
export type LightingStreet = Pick<
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
  /** The pole of each sensor; a sensor without a pole raises its whole zone. */
  readonly lines?: readonly { readonly devices: readonly Pick<DeviceConfig, 'id' | 'pole'>[] }[];
};

/** The state of one presence sensor, after its filters. */
export interface SensorState {
  /** A person is present, after the filters. It may stay true without an answer: see `quality`. */
  readonly present: boolean;
  /** Start of the newest spell that became presence; null before the first. */
  readonly sinceMono: MonoMs | null;
  /** Time of the newest reading during presence at or above the threshold; for a counter, of a detection. Null before the first. */
  readonly lastPresentMono: MonoMs | null;
  readonly quality: Quality;
  /** Start of the running spell of readings at or above the threshold, or of rises of a counter; null without one. */
  readonly rawUpMono?: MonoMs | null;
  /** Since when the value is below the threshold; for a counter its last rise. Null otherwise. */
  readonly rawDownMono?: MonoMs | null;
  /** The spell may have been caused by the agent's own change of light and does not count before this time; null otherwise. */
  readonly deafUntilMono?: MonoMs | null;
  /** Time of the newest reading with a usable value; null before the first. */
  readonly valueMono?: MonoMs | null;
  /** Newest value of a counter; null for others and before its first value. */
  readonly count?: number | null;
  /** The sensor is ignored, because it reports more than people can cause. */
  readonly stuck?: boolean;
  /** Detections by sixths of an hour, newest last. Shape: `sixth`: sixths of an hour since the start of the monotonic clock. */
  readonly activity?: readonly { readonly sixth: number; readonly count: number }[];
  /** It has had more detections in an hour than expected, and still has more than half as many. */
  readonly isBusy?: boolean;
}

/** What is kept of one photocell: its newest value, since when it is beyond each threshold, and the last verdict. */
export interface PhotocellState {
  /** Newest value; null while it gives no usable one. */
  readonly lux: number | null;
  /** Time of the newest reading with a usable value; before the first one, of the first reading. */
  readonly atMono: MonoMs;
  /**
   * Since when the value counts as at or below the lower threshold, and as at or above the upper one; null otherwise. Kept while the cell
   * gives no value.
   */
  readonly belowMono: MonoMs | null;
  readonly aboveMono: MonoMs | null;
  /** Since when the value counts as above the lower threshold, and as below the upper one; null otherwise. */
  readonly notBelowMono?: MonoMs | null;
  readonly notAboveMono?: MonoMs | null;
  /**
   * Whether the verdict may change to `dark`, and to `bright`: before that, the value must be above the lower threshold, or below the
   * upper one, for `dwellS`. Absent: false.
   */
  readonly mayDarken?: boolean;
  readonly mayBrighten?: boolean;
  /** Its last verdict; null until it has changed once. It stays while the cell gives no value: use `photocellVerdict`. */
  readonly says: 'dark' | 'bright' | null;
  /** It contradicts the sun night after night, so it is ignored. */
  readonly isDoubtful?: boolean;
}

/** Flow of vehicles in a zone, and the step of the zone's `traffic` configuration that is in force. Units: flows in vehicles an hour. */
export interface TrafficState {
  /** The flow of the last window; null while it is not known. */
  readonly flowPerH: number | null;
  /** The flow of the running window so far, as if no more vehicles followed. */
  readonly runningPerH?: number;
  /** Index of the step in force. Null for none: the zone then has the light of its design class, 100 %. */
  readonly step: number | null;
  /** Since when this step. */
  readonly sinceMono: MonoMs;
  /** The first counter without a good value for longer than a window; null if there is none. */
  readonly fault?: PointId | null;
}

/** Whether a rule is active (`holds`), and since when it is or is not. */
export interface RuleState {
  readonly holds: boolean;
  /** When the last change was due, which may be before it was evaluated. Before any change: the first evaluation. */
  readonly sinceMono: MonoMs;
  /** Newest value: of its point, or the flow in % of the design flow. Null without a good one, and for presence. */
  readonly value?: number | null;
  /** Since when the value is beyond its threshold, or someone is present; null otherwise. */
  readonly beyondMono?: MonoMs | null;
  /** Since when the value is back at `clearsAt` or past it, or no one is present; null otherwise. Kept while there is no good value. */
  readonly clearMono?: MonoMs | null;
  /** Since when there is no good value; null while there is one, and before the first reading of a point. */
  readonly lostMono?: MonoMs | null;
}

/** A person or vehicle detected at a pole, by a sensor of this cabinet or by a neighbour cabinet. */
export interface Detection {
  /** Sensor's device, or the neighbour's edge node. */
  readonly source: string;
  /** The pole of the sensor; if relayed, the pole at which the neighbour's detections enter this street. */
  readonly pole: string;
  readonly atMono: MonoMs;
  /** Reported by a neighbour cabinet. */
  readonly isRelayed: boolean;
  /** The reported speed; null if none is reported. Units: km/h. */
  readonly speedKmh: number | null;
  /**
   * Towards larger (1) or smaller (-1) distances of the pole's street; null if not known. For a relayed detection it is the only
   * direction in which the street has further poles.
   */
  readonly direction: 1 | -1 | null;
  /** How far the person or vehicle still was from the pole at `atMono`. Units: m; 0 if absent. */
  readonly beforeM?: number;
}

/**
 * The first level that was read of a lamp after the start of the agent or of a new configuration, and until when it may keep the lamp
 * brighter at night.
 */
export interface LampHold {
  readonly levelPct: LevelPct;
  readonly untilMono: MonoMs;
}

/** A programme that a zone has for a while in place of its usual one and that of its calendar. */
export interface ProgrammeChoice {
  /** Its id. One that the street does not have is ignored. */
  readonly programme: string;
  /** For people, and for the next start of the agent; the real end is the monotonic one. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
}

/** The choice of a programme for a zone, with its source (who chose it) and the reason as text for people, which may be empty. */
export interface ChosenProgramme extends ProgrammeChoice {
  readonly zone: string;
  readonly source: string;
  readonly reason: string;
}

/**
 * The inputs of a decision besides the street. In a snapshot from the record, values on which its decision does not depend may be absent or
 * differ.
 */
export interface LightingSnapshot {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly clockQuality: ClockQuality;
  /** A second time that may be correct: the brighter of both decisions applies. Ignored if the clock is not trusted. */
  readonly otherMs?: WallMs | null;
  /** By the point of presence. A sensor without a reading is absent. */
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  /** Intents that have begun. Expired ones may be among them and are ignored. */
  readonly intents: readonly Intent[];
  /** By point. */
  readonly photocells?: ReadonlyMap<PointId, PhotocellState>;
  /** By zone. */
  readonly traffic?: ReadonlyMap<string, TrafficState>;
  /** By rule. */
  readonly rules?: ReadonlyMap<string, RuleState>;
  /** Detections of the last minutes, oldest first. */
  readonly detections?: readonly Detection[];
  /** By lamp. Units: h. */
  readonly burningH?: ReadonlyMap<string, number>;
  /** By zone. Expired ones may be among them and are ignored. */
  readonly programmes?: ReadonlyMap<string, ProgrammeChoice>;
  /** By lamp. Expired ones may be among them and are ignored. */
  readonly holds?: ReadonlyMap<string, LampHold>;
  /** Zones that presence has raised for too long: their own sensors no longer raise lamps. Another zone may still raise them. */
  readonly overRaised?: ReadonlySet<string>;
  /** The former `LightingResult.lit`; absent if nothing is known about the past, as in a forecast. */
  readonly lit?: LitLamps;
}

/**
 * The lamps that count as lit for the warning before the dark, by id. In zones with `dark`, at least those with a decided level above 0 %.
 * Value: since when the lamp shows the warning; null if it does not.
 */
export type LitLamps = ReadonlyMap<string, MonoMs | null>;

/** The state of one zone at the instant of a decision. */
export interface ZoneState {
  readonly id: string;
  /** True also while neither night nor day is known. */
  readonly night: boolean;
  /** The time is not trusted, or two clocks disagree about night or day. */
  readonly isNightDoubted?: true;
  /** By the clock, also while its time is not trusted. Units: degrees above the horizon. */
  readonly sunAltitudeDeg: number;
  /**
   * By the sensors of the zone. `boost`: a person is present or was within the hold. `down`: the hold has ended and the light is falling.
   * `off`: the zone has no presence, or it is not known to be night. `base`: otherwise.
   */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  /** The level of the programme alone; null while none is in force. */
  readonly programmePct: LevelPct | null;
}

/** The result of one decision for the whole street. */
export interface LightingResult {
  /** One per lamp, in the order of the cabinet. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
  /** To be passed to the next call as `LightingSnapshot.lit`. */
  readonly lit: LitLamps;
}
