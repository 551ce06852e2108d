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
  /** A person is present: at or above its threshold for long enough, or just counted. It may stay true without an answer: see `quality`. */
  readonly present: boolean;
  /** Start of the newest spell that became presence; null before the first. */
  readonly sinceMono: MonoMs | null;
  /** Newest reading with presence; null before the first. */
  readonly lastPresentMono: MonoMs | null;
  readonly quality: Quality;
  /**
   * Start of the running spell of readings at or above the threshold, or of rises of a counter; null without one. A pause shorter than
   * `offDelayS` does not end it.
   */
  readonly rawUpMono?: MonoMs | null;
  /** Since when the value is below the threshold; for a counter its last rise. Null otherwise. */
  readonly rawDownMono?: MonoMs | null;
  /** The spell began just after the agent changed the light around the sensor. It counts from this time on, if it still lasts. */
  readonly deafUntilMono?: MonoMs | null;
  /** Newest reading with a value. */
  readonly valueMono?: MonoMs | null;
  /** Newest value of a counter; null for others and before its first value. */
  readonly count?: number | null;
  /** The sensor is ignored: presence without a pause for longer than a person stays, or a counter that counts more than can pass. */
  readonly stuck?: boolean;
  /**
   * Detections by sixths of an hour, newest last; those before the last hour may remain until the next detection. Shape: `sixth`: sixths
   * of an hour since the start of the monotonic clock.
   */
  readonly activity?: readonly { readonly sixth: number; readonly count: number }[];
  /** It had more than `maxPerH` detections in an hour, and not yet at most half as many since. */
  readonly isBusy?: boolean;
}

/** The state of one photocell. */
export interface PhotocellState {
  /** Newest value; null while it gives none. */
  readonly lux: number | null;
  /** Time of the newest reading with a value; before the first value, of the first reading. */
  readonly atMono: MonoMs;
  /**
   * Since when the value is at or below the lower threshold, and at or above the upper one; null otherwise. While the cell is in the light
   * of its own lamps, only `notAboveMono` may be set.
   */
  readonly belowMono: MonoMs | null;
  readonly aboveMono: MonoMs | null;
  /** Since when the value is above the lower threshold, and below the upper one; null otherwise. */
  readonly notBelowMono?: MonoMs | null;
  readonly notAboveMono?: MonoMs | null;
  /** It may change to `dark` only after it was not dark for long enough, and to `bright` only after it was not bright. */
  readonly mayDarken?: boolean;
  readonly mayBrighten?: boolean;
  /** Its verdict after dwell and arming; null until it has changed once. It stays while the cell gives no value: use `photocellVerdict`. */
  readonly says: 'dark' | 'bright' | null;
  /** It contradicts the sun night after night, so it is ignored. */
  readonly isDoubtful?: boolean;
}

/** Flow of vehicles in a zone, and the step of the zone's `traffic` configuration that is in force. Units: flows in vehicles an hour. */
export interface TrafficState {
  /** The flow of the last window; null before the first has ended, if the last one was not full, and while a counter fails. */
  readonly flowPerH: number | null;
  /** The flow of the running window so far, as if no more vehicles followed. */
  readonly runningPerH?: number;
  /** Index of the step in force; null: the light of the design class, above all steps or while one of the last two windows was not full. */
  readonly step: number | null;
  /** Since when this step. */
  readonly sinceMono: MonoMs;
  /** The first counter without a good value for longer than a window; null if there is none. */
  readonly fault?: PointId | null;
}

/** Whether a rule is active (`holds`), and since when it is or is not. */
export interface RuleState {
  readonly holds: boolean;
  readonly sinceMono: MonoMs;
  /** Newest value: of its point, or the flow in % of the design flow; null if there is none, and for a presence rule. */
  readonly value?: number | null;
  /** Since when, without a pause, the value is beyond its threshold, back at `clearsAt` (or lost since), or not good; null otherwise. */
  readonly beyondMono?: MonoMs | null;
  readonly clearMono?: MonoMs | null;
  readonly lostMono?: MonoMs | null;
}

/** A person or vehicle detected at a pole, by a sensor of this cabinet or by a neighbour cabinet. */
export interface Detection {
  /** Sensor's device, or the neighbour's edge node. */
  readonly source: string;
  readonly pole: string;
  readonly atMono: MonoMs;
  readonly isRelayed: boolean;
  /** The reported speed; null if none is reported: then it follows from successive detections. Units: km/h. */
  readonly speedKmh: number | null;
  /** The reported direction: towards larger (1) or smaller (-1) distances of the pole's street; null if none is reported. */
  readonly direction: 1 | -1 | null;
  /** Distance before the pole at the detection; 0 unless relayed. Units: m. */
  readonly beforeM?: number;
}

/** The level that a lamp had when the agent started, and until when it is not dimmed below it at night without an intent. */
export interface LampHold {
  readonly levelPct: LevelPct;
  readonly untilMono: MonoMs;
}

/** A programme that a zone has for a while in place of its own, whatever its calendar says. */
export interface ProgrammeChoice {
  readonly programme: string;
  /** For people, and for the next start of the agent; the real end is the monotonic one. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
}

/** The choice of a programme for a zone, with its source (who chose it) and the reason as text for people. */
export interface ChosenProgramme extends ProgrammeChoice {
  readonly zone: string;
  readonly source: string;
  readonly reason: string;
}

/** All inputs of a decision besides the street. */
export interface LightingSnapshot {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly clockQuality: ClockQuality;
  /** A second time that may be correct: each lamp has the brighter of both decisions. Ignored if the clock is not trusted. */
  readonly otherMs?: WallMs | null;
  /** By the point of presence: two contacts of one device are two sensors. A sensor without a reading is absent. */
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
  /** By lamp. */
  readonly holds?: ReadonlyMap<string, LampHold>;
  /** Zones that presence has raised for too long: their sensors and the wave no longer raise them. */
  readonly overRaised?: ReadonlySet<string>;
  /** The former `LightingResult.lit`; absent if nothing is known about the past, as in a forecast. */
  readonly lit?: LitLamps;
}

/**
 * The lit lamps of zones that may be dark, by id: since when a lamp shows the warning before the dark, or null while something else lights
 * it. A dark lamp is absent.
 */
export type LitLamps = ReadonlyMap<string, MonoMs | null>;

/** The state of one zone at the instant of a decision. */
export interface ZoneState {
  readonly id: string;
  /** True also while neither night nor day is known. */
  readonly night: boolean;
  /** The time is not trusted, or two clocks disagree about night or day: this night is not compared with the former installation. */
  readonly isNightDoubted?: true;
  /** Units: degrees above the horizon. */
  readonly sunAltitudeDeg: number;
  /**
   * `off`: a zone without presence, by day, or while neither night nor day is known. `base`: no person detected, or its sensors are
   * ignored. `boost`: a person is present or was within the hold. `down`: the hold
   * has ended and the drivers are dimming; a new detection returns to boost immediately.
   */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  /** The level of the programme alone; null by day, while the time is not trusted, and while no step is in force. */
  readonly programmePct: LevelPct | null;
}

/** The result of one decision for the whole street. */
export interface LightingResult {
  /** One per lamp, in the order of the cabinet. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
  /** To be passed to the next call as `LightingSnapshot.lit`, which the warning before the dark depends on. */
  readonly lit: LitLamps;
}
